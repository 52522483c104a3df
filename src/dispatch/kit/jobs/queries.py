"""The statements a worker sends; the five of pgqueuer's that could lose, steal or double a job are replaced here."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from pgqueuer.adapters.persistence.composer import ComposedQuery
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain import models, types
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import Driver
from pgqueuer.ports.repository import EntrypointExecutionParameter

from dispatch.kit.jobs.driver import PoolDriver
from dispatch.kit.jobs.executor import Running
from dispatch.kit.jobs.schema import LOG, NAMES, QUEUE, STATUS

log = logging.getLogger(__name__)

# Every statement below carries this fence: a worker that was paused or cut off from the database may find its job taken
# over, and must neither remove, hold, requeue nor beat for the row its successor is running. `attempts` tells a second
# pick by the same worker from the first.
_OURS = "q.status = 'picked' AND q.queue_manager_id = $1"

_END = f"""
WITH done AS (
    SELECT * FROM unnest($2::bigint[], $3::int[], $4::text[], $5::jsonb[]) AS d(id, attempts, status, traceback)
), removed AS (
    DELETE FROM {QUEUE} q USING done d
    WHERE q.id = d.id AND q.attempts = d.attempts AND {_OURS} AND d.status = 'successful'
), returned AS (
    -- pgqueuer deletes these; we never cancel a job for good, so it was interrupted
    UPDATE {QUEUE} q SET status = 'queued', queue_manager_id = NULL, attempts = q.attempts + 1, updated = now()
    FROM done d
    WHERE q.id = d.id AND q.attempts = d.attempts AND {_OURS} AND d.status IN ('canceled', 'deleted')
), held AS (
    UPDATE {QUEUE} q SET status = 'failed', queue_manager_id = NULL, updated = now()
    FROM done d
    WHERE q.id = d.id AND q.attempts = d.attempts AND {_OURS} AND d.status IN ('failed', 'exception')
    RETURNING q.id, q.entrypoint, q.priority, d.traceback
)
INSERT INTO {LOG} (job_id, status, entrypoint, priority, traceback)
SELECT id, 'failed'::{STATUS}, entrypoint, priority, traceback FROM held
"""

_RETURN = f"""
UPDATE {QUEUE} q
SET status = 'queued', queue_manager_id = NULL, attempts = q.attempts + 1, updated = now(),
    execute_after = now() + $4::interval
WHERE q.id = $2 AND q.attempts = $3 AND {_OURS}
"""

_BEAT = f"UPDATE {QUEUE} q SET heartbeat = now() WHERE q.id = ANY($2::bigint[]) AND {_OURS} RETURNING q.id"

# After a restart of the database every heartbeat is old, also those of live workers: let everybody beat first.
_STALE = "AND stale.heartbeat < NOW() - $4::interval"
_GUARD = f"{_STALE}\n          AND pg_postmaster_start_time() < NOW() - $4::interval"

_NO_TAKEOVER = timedelta(days=36500)


class GuardedBuilder(QueryQueueBuilder):
    """pgqueuer's dequeue with one condition more."""

    def build_dequeue_query(
        self,
        *,
        batch_size: int,
        entrypoints: list[QueueEntrypoint],
        concurrency_limits: list[int],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> ComposedQuery:
        query = super().build_dequeue_query(
            batch_size=batch_size,
            entrypoints=entrypoints,
            concurrency_limits=concurrency_limits,
            queue_manager_id=queue_manager_id,
            global_concurrency_limit=global_concurrency_limit,
            heartbeat_timeout=heartbeat_timeout,
        )
        if query.sql.count(_STALE) != 1:
            raise RuntimeError("pgqueuer's dequeue statement has changed: the restart guard must be fitted anew")
        return ComposedQuery(sql=query.sql.replace(_STALE, _GUARD), args=query.args)


@dataclass
class WorkerQueries(Queries):
    """pgqueuer's queries for one worker, which is `owner` of the jobs it picked."""

    pool: PoolDriver = field(kw_only=True)
    running: Running = field(kw_only=True)
    owner: uuid.UUID = field(kw_only=True)
    # Called after each answered look into the queue: the worker is alive and so is its database.
    beat: Callable[[], None] = field(kw_only=True)
    out_since: float | None = field(default=None, init=False)
    back_since: float | None = field(default=None, init=False)

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[models.Job]:
        """An outage looks like an empty queue, so that the loop goes on and still notices a stop."""
        try:
            jobs = await super().dequeue(
                batch_size,
                entrypoints,
                queue_manager_id,
                global_concurrency_limit,
                self._takeover_after(heartbeat_timeout),
            )
        except psycopg.OperationalError as error:
            self._away(error)
            return []
        if self.out_since is not None:
            self.back_since = time.monotonic()
            log.warning("jobs: the database is back after %.1f s", self.back_since - self.out_since)
            self.out_since = None
        self.beat()
        return jobs

    def _takeover_after(self, heartbeat_timeout: timedelta) -> timedelta:
        # As the restart guard, for what a restart does not explain: failover to a standby, a network cut. Others were
        # probably away as well, so their jobs look dead; take nothing over until they had time to beat.
        recent = self.back_since is not None and time.monotonic() < self.back_since + heartbeat_timeout.total_seconds()
        return _NO_TAKEOVER if self.out_since is not None or recent else heartbeat_timeout

    def _away(self, error: psycopg.OperationalError) -> None:
        if self.out_since is None:
            self.out_since = time.monotonic()
            log.warning("jobs: the database is away, waiting: %s", error)

    # The three looks that decide how long to sleep after an empty dequeue: during an outage, until the next poll.

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        if self.out_since is None:
            try:
                return await super().eligible_queued_work(entrypoints)
            except psycopg.OperationalError as error:
                self._away(error)
        return 0

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        if self.out_since is None:
            try:
                return await super().queued_work(entrypoints)
            except psycopg.OperationalError as error:
                self._away(error)
        return 0

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        if self.out_since is None:
            try:
                return await super().next_deferred_eta(entrypoints)
            except psycopg.OperationalError as error:
                self._away(error)
        return None

    async def log_jobs(
        self, job_status: list[tuple[models.Job, types.JOB_STATUS, models.TracebackRecord | None]]
    ) -> None:
        await self.pool.execute(
            _END,
            self.owner,
            [job.id for job, _, _ in job_status],
            [job.attempts for job, _, _ in job_status],
            [status for _, status, _ in job_status],
            [trace.model_dump_json() if trace else None for _, _, trace in job_status],
        )
        self.running.ended.difference_update(job.id for job, _, _ in job_status)

    async def retry_job(
        self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None
    ) -> None:
        try:
            await self.pool.execute(_RETURN, self.owner, job.id, job.attempts, delay)
        except psycopg.OperationalError as error:
            # Only when stopping without a database. Raising would record the job as failed; left as it is, another
            # worker takes it over.
            log.warning("jobs: job %s could not be given back, it will be taken over: %s", job.id, error)

    async def update_heartbeat(self, job_ids: list[types.JobId]) -> None:
        alive = {job_id: task for job_id in job_ids if (task := self.running.tasks.get(job_id)) is not None}
        if not alive:
            return
        rows = await self.pool.fetch_patiently(_BEAT, self.owner, list(alive))
        for job_id in alive.keys() - {row["id"] for row in rows}:
            if not alive[job_id].done():
                log.warning("jobs: job %s was taken over, stopping the run here", job_id)
                alive[job_id].cancel("the job was taken over")


def worker_queries(pool: PoolDriver, *, running: Running, owner: uuid.UUID, beat: Callable[[], None]) -> WorkerQueries:
    driver: Driver = pool
    return WorkerQueries(
        driver,
        qbe=QueryBuilderEnvironment(NAMES),
        qbq=GuardedBuilder(NAMES),
        qbs=QuerySchedulerBuilder(NAMES),
        pool=pool,
        running=running,
        owner=owner,
        beat=beat,
    )
