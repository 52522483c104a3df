"""The job worker: serves the queue until told to stop, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.tm import cancel_on_exit
from pgqueuer.domain.types import Channel, QueueManagerId

from dispatch.kit.jobs.connection import becoming, is_lost, libpq
from dispatch.kit.jobs.driver import PoolDriver, TxDriver
from dispatch.kit.jobs.executor import Handler, OnError, Running, executors
from dispatch.kit.jobs.housekeeping import keep_house
from dispatch.kit.jobs.queries import worker_queries
from dispatch.kit.jobs.schema import NAMES, QUEUE

log = logging.getLogger(__name__)

# How long after the last job was cut off the worker still tries to record results in an absent database.
_LAST_WORDS = timedelta(seconds=2)

_UNFINISHED = f"""
SELECT 1 FROM {QUEUE}
WHERE entrypoint = ANY($1) AND id <> ALL($2::bigint[])
  AND (status = 'picked' OR (status = 'queued' AND (execute_after <= now() OR $3)))
LIMIT 1
"""


class JobWorker:
    """Runs the jobs of `handlers`, at most `concurrency` at a time; any number of workers may share a queue.

    A handler that returns has done its job; one that raises has its job held as `failed`, and `on_error` is told. There
    are no retries here, except that an interrupted job (shutdown, lost database, dead worker) goes back to the queue:
    so every handler must bear being run twice, and even, after a network cut, twice at once.

    Args:
        conninfo: libpq URL or SQLAlchemy's; must reach the server directly, since LISTEN does not pass PgBouncer.
        concurrency: at least 2.
        heartbeat_timeout: a job whose worker has not been heard of for so long is taken over.
        poll: how often an idle worker looks for such jobs. New jobs do not wait for it.
        graceful: how long running jobs may go on after `stop()`.
        name: shown as the connections' application_name.
        set_role: role to take on, when the login is the owner.
        on_error: told of each handler's exception, before the job is held.
    """

    def __init__(
        self,
        conninfo: str,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int = 20,
        heartbeat_timeout: timedelta = timedelta(seconds=8),
        poll: timedelta = timedelta(seconds=1),
        graceful: timedelta = timedelta(seconds=10),
        name: str | None = None,
        set_role: str | None = None,
        on_error: OnError | None = None,
    ) -> None:
        if concurrency < 2:
            raise ValueError("concurrency must be at least 2: pgqueuer always fetches the next job while one runs")
        self.last_beat = datetime.now(UTC)
        self._conninfo = libpq(conninfo, application_name=f"dispatch jobs {name}" if name else "dispatch jobs")
        self._handlers = dict(handlers)
        self._concurrency = concurrency
        self._heartbeat_timeout = heartbeat_timeout
        self._poll = poll
        self._graceful = graceful
        self._set_role = set_role
        self._on_error = on_error
        self._stop = asyncio.Event()
        self._running = Running()
        self._driver = PoolDriver(self._conninfo, set_role=set_role)

    async def run(self) -> None:
        """Serve until `stop()`. Cancelling cuts running jobs off at once; they go back to the queue."""
        await self._driver.open()
        try:
            async with (
                cancel_on_exit(asyncio.create_task(keep_house(self._driver), name="jobs: housekeeping")),
                cancel_on_exit(asyncio.create_task(self._cut_off_late(), name="jobs: graceful stop")),
            ):
                await self._serve_until_stopped()
        finally:
            await self._driver.close()

    def stop(self) -> None:
        """Fetch no more jobs; let running ones go on for `graceful`, then send them back to the queue."""
        if not self._stop.is_set():
            self._running.stopping = True
            self._driver.give_up_at = time.monotonic() + (self._graceful + _LAST_WORDS).total_seconds()
            self._stop.set()

    async def idle(self) -> bool:
        """Whether no job of our kinds is due or running, in any worker."""
        return await self._nothing_left(include_delayed=False)

    async def drain(self, *, include_delayed: bool = False, timeout: float = 30.0) -> None:
        """Wait until `idle()`, with `include_delayed` also until no job waits for its time; for tests.

        Raises: TimeoutError after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            # Asked of the database: other workers' jobs count too, and nothing tells us of their end.
            while not await self._nothing_left(include_delayed=include_delayed):
                await asyncio.sleep(0.01)

    async def _serve_until_stopped(self) -> None:
        pause, said = 0.25, ""
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                await self._serve_or_cut_off()
            except Exception as error:
                if time.monotonic() - started > 60:
                    pause = 0.25
                if not is_lost(error):
                    # A missing table, a revoked right. Somebody will repair it, and this worker has to be there then.
                    log.exception("jobs: the worker fell over; it starts again in %.1f s", pause)
                elif str(error) != said:
                    # Only while starting: once it serves, a worker waits outages out.
                    log.warning("jobs: no database to start with, waiting: %s", error)
                said = str(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)
                pause = min(pause * 2, 1.0 if is_lost(error) else 10.0)

    async def _serve_or_cut_off(self) -> None:
        serving = asyncio.create_task(self._serve(), name="jobs: serve")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._graceful = timedelta(0)
            self.stop()
            async with cancel_on_exit(asyncio.create_task(self._cut_off_late())):
                await asyncio.wait({serving})
            raise

    async def _serve(self) -> None:
        await self._driver.probe()
        # One manager for each life: a fresh one has a fresh id, so what the last one left picked is taken over.
        owner = QueueManagerId(uuid.uuid4())
        queries = worker_queries(self._driver, running=self._running, owner=owner, beat=self._beat)
        manager = QueueManager(queries, Channel(NAMES.channel))
        manager.queue_manager_id = owner
        manager.shutdown = self._stop
        for kind, executor in executors(self._handlers, running=self._running, on_error=self._on_error).items():
            manager.register_executor(kind, executor)
        await manager.run(
            dequeue_timeout=self._poll,
            # pgqueuer wants room for two batches.
            batch_size=min(10, self._concurrency // 2),
            max_concurrent_tasks=self._concurrency,
            heartbeat_timeout=self._heartbeat_timeout,
            # Off: it would fold the log into statistics that nobody reads.
            log_aggregation_interval=timedelta(0),
        )

    async def _cut_off_late(self) -> None:
        await self._stop.wait()
        await asyncio.sleep(self._graceful.total_seconds())
        while True:
            # Again and again: a job may have begun just now, or have swallowed its cancellation.
            self._running.cut_off()
            await asyncio.sleep(2)

    def _beat(self) -> None:
        self.last_beat = datetime.now(UTC)

    async def _nothing_left(self, *, include_delayed: bool) -> bool:
        # What ended here counts as gone although its row lives until the next flush (0.1 s): read before the query.
        args = (list(self._handlers), list(self._running.ended), include_delayed)
        if self._driver.is_open:
            return not await self._driver.fetch(_UNFINISHED, *args)
        async with await psycopg.AsyncConnection.connect(self._conninfo) as connection:
            await becoming(self._set_role)(connection)
            return not await TxDriver(connection).fetch(_UNFINISHED, *args)
