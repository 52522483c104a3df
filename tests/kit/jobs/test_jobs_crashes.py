"""What happens to jobs when a process dies, sleeps, or is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

import pytest

from dispatch.kit import embedded
from dispatch.kit.jobs import Job, JobWorker

BEGUN = "SELECT worker FROM seen WHERE what = 'begin'"


async def two_workers(database: Any, spawn: Any) -> dict[str, Any]:
    workers = {name: spawn(name) for name in ("one", "other")}
    await database.until("SELECT 1 FROM seen WHERE what = 'up' HAVING count(*) = 2")
    return workers


@pytest.mark.process
async def test_a_killed_workers_job_is_taken_over(database: Any, spawn: Any) -> None:
    workers = await two_workers(database, spawn)
    await database.enqueue("sleep", b"2")
    [(dead,)] = await database.until(BEGUN)
    workers.pop(dead).kill()
    [heir] = workers
    await database.until(f"{BEGUN} AND worker = %s", heir, seconds=5)
    await database.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM jobs.pgqueuer)")
    assert await database.rows("SELECT worker FROM seen WHERE what = 'end'") == [(heir,)]


@pytest.mark.process
async def test_a_paused_worker_leaves_its_successors_job_alone(database: Any, spawn: Any) -> None:
    workers = await two_workers(database, spawn)
    await database.enqueue("sleep", b"3")
    [(paused,)] = await database.until(BEGUN)
    workers[paused].send_signal(signal.SIGSTOP)
    [successor] = workers.keys() - {paused}
    await database.until(f"{BEGUN} AND worker = %s", successor)
    # Let the paused run's time pass: when it wakes it ends, or is stopped because the job is no longer its own.
    await asyncio.sleep(1)
    workers[paused].send_signal(signal.SIGCONT)
    for _ in range(4):
        await asyncio.sleep(0.2)
        assert await database.states() == ["picked"]
    await database.until("SELECT 1 FROM seen WHERE what = 'end' AND worker = %s", successor)
    await database.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM jobs.pgqueuer)")


TAKE_OVER = "UPDATE jobs.pgqueuer SET queue_manager_id = gen_random_uuid() RETURNING 1"


async def test_a_run_whose_job_was_taken_over_is_stopped(database: Any, serve: Any) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def wait(job: Job) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise

    serve({"wait": wait})
    await database.enqueue("wait")
    await asyncio.wait_for(begun.wait(), 5)
    await database.rows(TAKE_OVER)
    await asyncio.wait_for(stopped.wait(), 3)
    assert await database.states() == ["picked"]


@pytest.mark.parametrize("outcome", [None, ValueError(), asyncio.CancelledError()], ids=["ends", "fails", "is cut off"])
async def test_a_late_outcome_does_not_touch_the_successors_job(database: Any, serve: Any, outcome: Any) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(job: Job) -> None:
        begun.set()
        await may_end.wait()
        ended.set()
        if outcome is not None:
            raise outcome

    # Its heartbeat is too rare to notice the takeover.
    serve({"wait": wait}, heartbeat_timeout=timedelta(seconds=60))
    await database.enqueue("wait")
    await asyncio.wait_for(begun.wait(), 5)
    await database.rows(TAKE_OVER)
    may_end.set()
    await asyncio.wait_for(ended.wait(), 5)
    await asyncio.sleep(0.3)  # Outcomes are written every 0.1 s.
    assert await database.states() == ["picked"]


@pytest.mark.process
async def test_sigterm_sends_a_long_job_back_to_the_queue(database: Any, spawn: Any) -> None:
    worker = spawn("polite", graceful=0.3)
    await database.enqueue("sleep", b"60")
    await database.until(BEGUN)
    worker.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await asyncio.to_thread(worker.wait) == 0
    assert await database.rows("SELECT status::text, attempts FROM jobs.pgqueuer") == [("queued", 1)]


@pytest.mark.process
async def test_a_killed_database_costs_no_job_and_lets_nobody_steal_one(killable: Any, serve: Any, begun: Any) -> None:
    cluster, database = killable
    starts: list[str] = []
    ends: list[str] = []
    all_begun, late_one_ended = asyncio.Event(), asyncio.Event()

    async def sleep(job: Job) -> None:
        starts.append(job.payload.decode())
        if len(starts) == 2:
            all_begun.set()
        await asyncio.sleep(float(job.payload))
        ends.append(job.payload.decode())
        if job.payload == b"0.1":
            late_one_ended.set()

    workers = [serve({"sleep": sleep}, on=database, name=name) for name in ("a", "b")]
    for worker in workers:
        await begun(worker)
    for seconds in (b"5", b"1"):
        await database.enqueue("sleep", seconds)
    await asyncio.wait_for(all_begun.wait(), 5)
    os.kill(embedded.status(cluster.data_dir).pid or 0, signal.SIGKILL)
    # Longer than the heartbeat time-out: when it is back, every heartbeat is old.
    await asyncio.sleep(2)
    await asyncio.to_thread(cluster.ensure)
    await database.enqueue("sleep", b"0.1")
    await asyncio.wait_for(late_one_ended.wait(), 5)
    await workers[0].drain()
    assert sorted(starts) == ["0.1", "1", "5"]
    assert sorted(ends) == ["0.1", "1", "5"]
    assert await database.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM jobs.pgqueuer)")


@pytest.mark.process
async def test_a_worker_can_be_stopped_while_the_database_is_away(killable: Any) -> None:
    cluster, database = killable

    async def wait(job: Job) -> None:
        await asyncio.sleep(60)

    worker = JobWorker(database.url, {"wait": wait}, graceful=timedelta(seconds=0.5))
    serving = asyncio.create_task(worker.run())
    await database.enqueue("wait")
    await database.until("SELECT 1 FROM jobs.pgqueuer WHERE status = 'picked'")
    await asyncio.to_thread(embedded.stop, cluster.data_dir, force=True)
    await asyncio.sleep(0.5)
    worker.stop()
    await asyncio.wait_for(serving, 8)
    await asyncio.to_thread(cluster.ensure)
    # It could not be given back; another worker will find it.
    assert await database.states() == ["picked"]
