"""The two pgqueuer drivers: over the caller's own transaction, over a worker's pool."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

import psycopg
from pgqueuer.core.tm import TaskManager, cancel_and_wait
from pgqueuer.domain.models import TableChangedEvent, utc_now
from pgqueuer.ports.driver import Driver, NotifyCallback
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from dispatch.kit.jobs.connection import Connection, becoming
from dispatch.kit.jobs.schema import NAMES

# The pool repeats each second of an outage what the worker says once, at its beginning and its end.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

T = TypeVar("T")
Row = dict[str, object]


async def run(connection: Connection, query: str, args: tuple[object, ...]) -> psycopg.AsyncRawCursor[Row]:
    """Execute `query`, written with `$1, $2` as pgqueuer does."""
    cursor: psycopg.AsyncRawCursor[Row] = psycopg.AsyncRawCursor(connection, row_factory=dict_row)
    # The text is pgqueuer's or ours, never a caller's; values travel as parameters.
    await cursor.execute(query.encode(), args or None)
    return cursor


class _Base(Driver):
    """The parts of the protocol that both drivers share: none of them is a statement."""

    def __init__(self) -> None:
        self._shutdown = asyncio.Event()
        self._tm = TaskManager()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tm

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class TxDriver(_Base):
    """Statements on the caller's connection, inside the caller's transaction; commits nothing, listens to nothing."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> list[Row]:
        return await (await run(self._connection, query, args)).fetchall()

    async def execute(self, query: str, *args: object) -> str:
        return (await run(self._connection, query, args)).statusmessage or ""


class PoolDriver(_Base):
    """Up to four connections for statements and one of its own for LISTEN; all of them come back after an outage.

    `fetch` fails at once when the database is away, so the worker's loop stays able to notice a stop; `execute`,
    which carries results that must not be lost, tries until it succeeds or `give_up_at` (monotonic) has passed.
    """

    def __init__(self, conninfo: str, *, set_role: str | None) -> None:
        super().__init__()
        self.give_up_at: float | None = None
        self._gave_up: psycopg.OperationalError | None = None
        self._conninfo = conninfo
        self._configure = becoming(set_role)
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._callbacks: dict[str, list[NotifyCallback]] = {}
        self._listener: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._pool is not None

    async def open(self) -> None:
        kwargs: dict[str, Any] = {"autocommit": True}
        self._pool = AsyncConnectionPool(
            self._conninfo,
            kwargs=kwargs,
            min_size=1,
            max_size=4,
            name="jobs",
            timeout=1.0,
            # Short, because the pool doubles its pause without limit: after a long outage it would sleep for minutes.
            # Having given up it starts afresh at our next request.
            reconnect_timeout=1.0,
            configure=self._configure,
            open=False,
        )
        await self._pool.open()

    async def probe(self) -> None:
        """Raise what keeps us from connecting; the pool would only say that it has no connection to give."""
        await (await self._connect()).close()

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def __aexit__(self, *_: object) -> None:
        # Stops listening, and must not close the pool: pgqueuer writes the last results after leaving its driver.
        if self._listener is not None:
            await cancel_and_wait(self._listener)
            self._listener = None
        self._callbacks.clear()

    async def fetch(self, query: str, *args: object) -> list[Row]:
        async with self._ready().connection() as connection:
            return await (await run(connection, query, args)).fetchall()

    async def fetch_patiently(self, query: str, *args: object) -> list[Row]:
        return await self._patiently(lambda: self.fetch(query, *args))

    async def execute(self, query: str, *args: object) -> str:
        async def once() -> str:
            async with self._ready().connection() as connection:
                return (await run(connection, query, args)).statusmessage or ""

        return await self._patiently(once)

    def _ready(self) -> AsyncConnectionPool[Connection]:
        if self._pool is None:
            raise RuntimeError("the job worker's driver is not open")
        return self._pool

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        # The first retries are quick: after a restart each pooled connection fails once before it is replaced.
        pause = 0.02
        while True:
            if self._gave_up is not None:
                # pgqueuer tries each last write five times; none of them may wait for a database that is away.
                raise psycopg.OperationalError("gave up on the database") from self._gave_up
            try:
                return await attempt()
            except psycopg.OperationalError as error:
                # Also deadlocks, full disks, too many connections: they pass, and each statement may be repeated.
                if self.give_up_at is not None and time.monotonic() + pause > self.give_up_at:
                    self._gave_up = error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._callbacks.setdefault(channel, []).append(callback)
        if self._listener is not None:
            await cancel_and_wait(self._listener)
        # Not waited for: once listening it wakes everybody anyway, and the database may be away just now.
        self._listener = asyncio.create_task(self._listen(), name="jobs: listen")

    async def _connect(self) -> Connection:
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            await self._configure(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _listen(self) -> None:
        pause = 0.1
        while True:
            with suppress(psycopg.Error):
                async with await self._connect() as connection:
                    for channel in self._callbacks:
                        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                        # Whatever was sent while nobody listened is gone: one made-up event makes pgqueuer look.
                        self._deliver(channel, _something_changed())
                    pause = 0.1
                    async for note in connection.notifies():
                        self._deliver(note.channel, note.payload)
            # Lost. No need to tell anybody: jobs are found by polling meanwhile, and the statements report the outage.
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _deliver(self, channel: str, payload: str) -> None:
        for callback in self._callbacks.get(channel, ()):
            callback(payload)


def _something_changed() -> str:
    return TableChangedEvent(
        channel=NAMES.channel,
        sent_at=utc_now(),
        type="table_changed_event",
        operation="insert",
        table=NAMES.queue_table,
    ).model_dump_json()
