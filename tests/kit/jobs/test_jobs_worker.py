"""A worker and its jobs while every process lives."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dispatch.kit.embedded.testing import database_url
from dispatch.kit.jobs import Job, JobWorker
from dispatch.kit.jobs.connection import libpq
from dispatch.kit.jobs.driver import PoolDriver
from dispatch.kit.jobs.housekeeping import sweep

LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


async def nothing(job: Job) -> None:
    return None


async def test_no_single_job_waits_for_the_poll(database: Any, serve: Any) -> None:
    late: list[float] = []
    clock = asyncio.get_running_loop().time

    async def note(job: Job) -> None:
        late.append(clock() - float(job.payload))

    worker = serve({"note": note}, poll=timedelta(seconds=5))
    await asyncio.sleep(0.3)
    for _ in range(100):
        await database.enqueue("note", str(clock()).encode())
        await asyncio.sleep(0.01)
    await worker.drain(timeout=10)
    assert len(late) == 100
    assert max(late) < 1.0


async def test_wake_ups_survive_the_loss_of_the_listening_connection(database: Any, serve: Any) -> None:
    worker = serve({"nothing": nothing}, poll=timedelta(seconds=30), name="deaf")
    await database.until(f"SELECT 1 {LISTENING}")
    assert await database.rows(f"SELECT pg_terminate_backend(pid) {LISTENING}") == [(True,)]
    # The first wakes it after the pause before reconnecting, at the latest; the second on the new connection.
    for _ in range(2):
        await database.enqueue("nothing")
        await worker.drain(timeout=3)


async def test_an_unfinished_job_is_not_idle_wherever_it_runs(database: Any, serve: Any) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(job: Job) -> None:
        begun.set()
        await may_end.wait()

    here, there = serve({"wait": wait}), JobWorker(database.url, {"wait": wait})
    assert await here.idle()
    await database.enqueue("wait")
    await asyncio.wait_for(begun.wait(), 5)
    assert not await here.idle()
    assert not await there.idle()
    with pytest.raises(TimeoutError):
        await here.drain(timeout=0.1)
    may_end.set()
    await there.drain(timeout=5)


async def test_a_job_that_raises_is_held_and_reported(database: Any, serve: Any) -> None:
    told: list[tuple[int, str]] = []

    async def fail(job: Job) -> None:
        raise ValueError("no such channel")

    async def tell(job: Job, error: BaseException) -> None:
        told.append((job.id, str(error)))

    worker = serve({"fail": fail}, on_error=tell)
    job_id = await database.enqueue("fail")
    await worker.drain()
    assert told == [(job_id, "no such channel")]
    [(status, owner)] = await database.until(
        "SELECT status::text, queue_manager_id FROM jobs.pgqueuer WHERE status = 'failed'"
    )
    assert (status, owner) == ("failed", None)
    why = "SELECT traceback->>'exception_message' FROM jobs.pgqueuer_log WHERE job_id = %s AND status = 'failed'"
    assert await database.rows(why, job_id) == [("no such channel",)]


async def test_a_job_that_lost_the_database_goes_back_to_the_queue(database: Any, serve: Any) -> None:
    attempts: list[int] = []

    async def lose(job: Job) -> None:
        attempts.append(job.attempts)
        if len(attempts) == 1:
            try:
                raise psycopg.OperationalError("server closed the connection unexpectedly")
            except psycopg.OperationalError as lost:
                raise RuntimeError("as SQLAlchemy wraps it") from lost

    async def tell(job: Job, error: BaseException) -> None:
        raise AssertionError("an outage is not the handler's error")

    worker = serve({"lose": lose}, on_error=tell)
    await database.enqueue("lose")
    await worker.drain(include_delayed=True)
    assert attempts == [0, 1]


async def test_a_job_cancelled_from_within_goes_back_to_the_queue(database: Any, serve: Any) -> None:
    attempts: list[int] = []

    async def cancel_first(job: Job) -> None:
        attempts.append(job.attempts)
        if len(attempts) == 1:
            raise asyncio.CancelledError

    worker = serve({"cancel": cancel_first})
    await database.enqueue("cancel")
    await worker.drain(include_delayed=True)
    assert attempts == [0, 1]


async def test_a_live_long_job_is_not_taken_over(database: Any, serve: Any) -> None:
    starts: list[int] = []

    async def long(job: Job) -> None:
        starts.append(job.id)
        await asyncio.sleep(2.5)

    workers = [serve({"long": long}) for _ in range(2)]
    ids = [await database.enqueue("long") for _ in range(3)]
    await workers[0].drain()
    assert sorted(starts) == ids


async def test_stopping_lets_a_short_job_end_and_sends_a_long_one_back(database: Any) -> None:
    ended: list[bytes] = []

    async def sleep(job: Job) -> None:
        await asyncio.sleep(float(job.payload))
        ended.append(job.payload)

    worker = JobWorker(database.url, {"sleep": sleep}, graceful=timedelta(seconds=0.8))
    serving = asyncio.create_task(worker.run())
    await database.enqueue("sleep", b"0.5")
    await database.enqueue("sleep", b"60")
    await database.until("SELECT 1 FROM jobs.pgqueuer HAVING count(*) FILTER (WHERE status = 'picked') = 2")
    worker.stop()
    await asyncio.wait_for(serving, 3)
    assert ended == [b"0.5"]
    left = "SELECT payload, status::text, attempts, execute_after <= now() FROM jobs.pgqueuer"
    assert await database.rows(left) == [(b"60", "queued", 1, True)]


async def test_cancelling_the_worker_sends_its_jobs_back_at_once(database: Any) -> None:
    async def sleep(job: Job) -> None:
        await asyncio.sleep(60)

    serving = asyncio.create_task(JobWorker(database.url, {"sleep": sleep}).run())
    await database.enqueue("sleep")
    await database.until("SELECT 1 FROM jobs.pgqueuer WHERE status = 'picked'")
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(serving, 3)
    assert await database.states() == ["queued"]


async def test_a_worker_stopped_before_it_ran_returns(database: Any) -> None:
    worker = JobWorker(database.url, {"nothing": nothing})
    worker.stop()
    await asyncio.wait_for(worker.run(), 3)


async def test_a_worker_waits_for_tables_that_are_not_there_yet(database: Any, serve: Any, cluster: Any) -> None:
    rename = "ALTER SCHEMA {} RENAME TO {}"
    as_owner = database_url(cluster.owner_url, database.name)
    async with await psycopg.AsyncConnection.connect(as_owner, autocommit=True) as owner:
        await owner.execute(rename.format("jobs", "later").encode())
        worker = serve({"nothing": nothing})
        await asyncio.sleep(0.5)
        await owner.execute(rename.format("later", "jobs").encode())
    await database.enqueue("nothing")
    await worker.drain(timeout=5)


async def test_a_working_worker_says_so(database: Any, serve: Any) -> None:
    worker = serve({"nothing": nothing})
    await asyncio.sleep(1.0)
    assert datetime.now(UTC) - worker.last_beat < timedelta(seconds=0.8)


async def test_the_owner_can_serve_as_the_application_role(database: Any, cluster: Any) -> None:
    owner_url = database_url(cluster.owner_url, database.name).replace("postgresql:", "postgresql+psycopg:")
    worker = JobWorker(owner_url, {"nothing": nothing}, set_role="dispatch_app", name="by role")
    serving = asyncio.create_task(worker.run())
    await database.enqueue("nothing")
    await worker.drain()
    sessions = "SELECT usename FROM pg_stat_activity WHERE application_name = 'dispatch jobs by role' LIMIT 1"
    assert await database.rows(sessions) == [("dispatch_owner",)]
    worker.stop()
    await serving


async def test_a_worker_that_may_not_connect_says_why(database: Any, serve: Any, caplog: Any) -> None:
    serve({"nothing": nothing}, set_role="postgres")
    await asyncio.sleep(0.2)
    assert 'permission denied to set role "postgres"' in caplog.text


async def test_the_log_is_swept_and_failures_are_kept(database: Any) -> None:
    async with await database.connect() as connection:
        await connection.execute(
            "INSERT INTO jobs.pgqueuer_log (created, job_id, status, priority, entrypoint) VALUES"
            " (now() - interval '1 hour', 1, 'picked', 0, 'a'), (now() - interval '1 hour', 2, 'failed', 0, 'a'),"
            " (now(), 3, 'picked', 0, 'a'), (now() - interval '31 days', 4, 'failed', 0, 'a')"
        )
    driver = PoolDriver(libpq(database.url, application_name="sweep"), set_role=None)
    await driver.open()
    await sweep(driver)
    await driver.close()
    assert await database.rows("SELECT job_id FROM jobs.pgqueuer_log ORDER BY job_id") == [(2,), (3,)]
