"""Who works on which channel's deliveries: advisory locks on one connection, which PostgreSQL frees with the process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import psycopg

from dispatch.kit.slack.inbox import Lane

#: The first half of the lock's key; the second is a hash of the channel. Two that collide wait for each other, no more.
_CLASS: Final = 0x51AC


class LaneLocks:
    """Locks of this process. A lost connection loses them all: handling must bear an overlap, and does."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    async def take(self, lane: Lane) -> bool:
        """Whether it is ours now; False when another process has it.

        Raises:
            psycopg.OperationalError: the database is away.
        """
        return bool(await self._ask("select pg_try_advisory_lock(%s, hashtext(%s))", lane))

    async def give(self, lane: Lane) -> None:
        """Let go. Without a connection there is nothing to let go of."""
        with suppress(psycopg.OperationalError):
            await self._ask("select pg_advisory_unlock(%s, hashtext(%s))", lane)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _ask(self, query: str, lane: Lane) -> Any:
        async with self._turn:
            if self._connection is None or self._connection.closed or self._connection.broken:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, connect_timeout=5, keepalives_idle=10, keepalives_interval=5,
                    keepalives_count=3,
                )  # fmt: skip
            row = await (await self._connection.execute(query, (_CLASS, str(lane)))).fetchone()
            return row[0] if row else None
