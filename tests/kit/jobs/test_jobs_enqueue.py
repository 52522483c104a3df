"""Enqueueing: a job belongs to the caller's transaction."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from dispatch.kit.jobs import Job, NewJob, enqueue, enqueue_many


async def test_a_job_of_a_rolled_back_transaction_does_not_exist(database: Any) -> None:
    async with await database.connect() as connection:
        await enqueue(connection, "greet", b"1")
        await connection.rollback()
    assert await database.states() == []


async def test_a_job_exists_when_the_caller_commits_and_not_before(database: Any) -> None:
    async with await database.connect() as connection:
        assert await enqueue(connection, "greet", b"1") is not None
        assert await database.states() == []
        await connection.commit()
        assert await database.states() == ["queued"]


async def test_a_second_job_with_the_key_is_skipped_and_the_transaction_lives_on(database: Any) -> None:
    await database.enqueue("greet", dedupe_key="k")
    async with await database.connect() as connection:
        assert await enqueue(connection, "greet", b"", dedupe_key="k") is None
        assert await enqueue(connection, "greet", b"", dedupe_key="other") is not None
        await connection.commit()
    assert await database.states() == ["queued", "queued"]


async def test_the_key_is_taken_while_the_job_runs_and_free_afterwards(database: Any, serve: Any) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(job: Job) -> None:
        begun.set()
        await may_end.wait()

    serve({"wait": wait})
    await database.enqueue("wait", dedupe_key="k")
    await asyncio.wait_for(begun.wait(), 5)
    async with await database.connect() as connection:
        assert await enqueue(connection, "wait", b"", dedupe_key="k") is None
        may_end.set()
        await database.until("SELECT 1 WHERE NOT EXISTS (SELECT FROM jobs.pgqueuer)")
        assert await enqueue(connection, "wait", b"", dedupe_key="k") is not None


async def test_many_jobs_answer_in_their_order_with_none_for_the_skipped(database: Any) -> None:
    new = [NewJob("greet", b"a", dedupe_key="k"), NewJob("greet", b"b", dedupe_key="k"), NewJob("greet", b"c")]
    async with await database.connect() as connection:
        first, second, third = await enqueue_many(connection, new)
        assert await enqueue_many(connection, []) == []
    assert second is None
    assert await database.rows("SELECT id, payload FROM jobs.pgqueuer ORDER BY id") == [(first, b"a"), (third, b"c")]


async def test_the_higher_priority_goes_first_and_equals_in_their_order(database: Any, serve: Any) -> None:
    order: list[bytes] = []

    async def note(job: Job) -> None:
        order.append(job.payload)

    await enqueue_all(database, [(b"low", 0), (b"low too", 0), (b"high", 10)])
    await serve({"note": note}, concurrency=2).drain()
    assert order == [b"high", b"low", b"low too"]


async def enqueue_all(database: Any, jobs: list[tuple[bytes, int]]) -> None:
    async with await database.connect() as connection:
        await enqueue_many(connection, [NewJob("note", payload, priority=priority) for payload, priority in jobs])


async def test_a_delayed_job_starts_on_time(database: Any, serve: Any) -> None:
    started: list[float] = []
    clock = asyncio.get_running_loop().time

    async def note(job: Job) -> None:
        started.append(clock())

    # The poll is long: what wakes the worker is the job's time.
    worker = serve({"note": note}, poll=timedelta(seconds=5))
    await asyncio.sleep(0.3)
    due = clock() + 0.7
    await database.enqueue("note", delay=timedelta(seconds=0.7))
    assert await worker.idle()
    await worker.drain(include_delayed=True)
    assert 0 <= started[0] - due < 0.5
