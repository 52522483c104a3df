"""Putting jobs into the queue, inside the transaction that makes them necessary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries

from dispatch.kit.jobs.connection import Connection
from dispatch.kit.jobs.driver import TxDriver
from dispatch.kit.jobs.schema import NAMES

_SQL = (QueryBuilderEnvironment(NAMES), QueryQueueBuilder(NAMES), QuerySchedulerBuilder(NAMES))


@dataclass(frozen=True)
class NewJob:
    """A job to be enqueued. `payload` is small: ids, no data (the job tables know no tenant)."""

    kind: str
    payload: bytes
    priority: int = 0
    delay: timedelta | None = None
    dedupe_key: str | None = None


async def enqueue(
    connection: Connection,
    kind: str,
    payload: bytes,
    *,
    priority: int = 0,
    delay: timedelta | None = None,
    dedupe_key: str | None = None,
) -> int | None:
    """Add a job on the caller's connection: it exists, and workers hear of it, when the caller commits.

    Args:
        priority: the higher goes first.
        delay: earliest start, counted from the database's now.
        dedupe_key: None is returned, and the transaction lives on, when a job with this key is queued *or running*.
            So None does not promise a run that sees the caller's data: the running one may have looked already. For
            "look again, something came in" use no key.

    Returns: the job's id, or None.
    """
    [job_id] = await enqueue_many(connection, [NewJob(kind, payload, priority, delay, dedupe_key)])
    return job_id


async def enqueue_many(connection: Connection, jobs: Sequence[NewJob]) -> list[int | None]:
    """As `enqueue`, for several jobs in one statement; the answer has one entry per job, in their order."""
    if not jobs:
        return []
    queries = Queries(TxDriver(connection), *_SQL)
    ids = await queries.enqueue(
        [job.kind for job in jobs],
        [job.payload for job in jobs],
        [job.priority for job in jobs],
        [job.delay for job in jobs],
        [job.dedupe_key for job in jobs],
        on_conflict="skip",
    )
    return list(ids)
