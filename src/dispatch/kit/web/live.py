"""Live pages: what PostgreSQL announces on commit, handed to the browsers that look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import structlog

from dispatch.kit.db import OrgId, libpq_url
from dispatch.kit.events import LIVE_CHANNEL, Subject

log = structlog.get_logger()

#: Names waiting per browser; a browser that falls behind re-reads everything it shows.
QUEUE = 64


@dataclass(frozen=True)
class _Key:
    org: OrgId
    subject: Subject


class Live:
    """One listening connection per process; it reconnects, and then tells every page to read again."""

    def __init__(self, url: str) -> None:
        self.url = libpq_url(url)
        self._watching: dict[_Key, set[asyncio.Queue[str]]] = {}
        self._watching_all: dict[OrgId, set[asyncio.Queue[Subject | None]]] = {}

    @asynccontextmanager
    async def watch_organization(self, org: OrgId) -> AsyncIterator[asyncio.Queue[Subject | None]]:
        """A queue of the subjects that changed, whatever they are; None means any of them may have.

        Whoever watches has to ask who may see a subject before telling anybody that it changed.
        """
        queue: asyncio.Queue[Subject | None] = asyncio.Queue(QUEUE)
        self._watching_all.setdefault(org, set()).add(queue)
        try:
            yield queue
        finally:
            watching = self._watching_all[org]
            watching.discard(queue)
            if not watching:
                del self._watching_all[org]

    @asynccontextmanager
    async def watch(self, org: OrgId, subject: Subject) -> AsyncIterator[asyncio.Queue[str]]:
        """A queue of the names of parts that changed, such as `timeline`; `*` means everything."""
        key = _Key(org, subject)
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        self._watching.setdefault(key, set()).add(queue)
        try:
            yield queue
        finally:
            watching = self._watching[key]
            watching.discard(queue)
            if not watching:
                del self._watching[key]

    async def run(self) -> None:
        """Listen until cancelled."""
        pause = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True, connect_timeout=5) as c:
                    await c.execute(f"listen {LIVE_CHANNEL}")
                    pause = 0.2
                    for key in list(self._watching):
                        self._tell(key, "*")
                    for org in list(self._watching_all):
                        self._tell_all(org, None)
                    async for notice in c.notifies():
                        self._received(notice.payload)
            except psycopg.OperationalError as why:
                log.warning("live_reconnects", error=type(why).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _received(self, payload: str) -> None:
        told: dict[str, Any] = orjson.loads(payload)
        org, subject = OrgId(told["org"]), Subject(told["kind"], told["id"])
        self._tell(_Key(org, subject), told["part"])
        self._tell_all(org, subject)

    def _tell_all(self, org: OrgId, subject: Subject | None) -> None:
        for queue in self._watching_all.get(org, ()):
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                subject = None
            queue.put_nowait(subject)

    def _tell(self, key: _Key, part: str) -> None:
        for queue in self._watching.get(key, ()):
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                part = "*"
            queue.put_nowait(part)
