"""Live pages: what PostgreSQL announces on commit, handed to the browsers that look at it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
import structlog

from dispatch.kit.db import OrgId, libpq_url
from dispatch.kit.events import LIVE_CHANNEL, Subject

log = structlog.get_logger()

#: Changes of different things that wait for one browser; one that falls further behind re-reads all it shows. Much more than
#: one incident can make: whoever may not see it would learn from the re-reading that something happens.
MOST = 10_000

#: Seconds for which changes are kept for pages that are drawn already and do not listen yet.
KEPT = 60.0
#: Seconds by which the clocks of two web processes may differ: one draws the page, the other one tells it. Not more than needed:
#: what changed so shortly before the drawing is read again for nothing, under the hands of whoever looks.
SKEW = 0.25


@dataclass(frozen=True)
class Change:
    """A part of a subject changed, such as `timeline`. `of` is what that tells of besides."""

    subject: Subject
    part: str
    of: Subject | None = None

    @property
    def tells_of(self) -> tuple[Subject, ...]:
        """Only who may see all of these is told."""
        return (self.subject,) if self.of is None else (self.subject, self.of)


#: None: anything may have changed.
Changes = set[Change | None]


@dataclass
class Waiting:
    """What changed since a browser was told last, each once, however often."""

    _found: Changes = field(default_factory=set)
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, change: Change | None) -> None:
        if len(self._found) >= MOST:
            self._found, change = set(), None
        self._found.add(change)
        self._some.set()

    async def some(self) -> None:
        """Until there is something."""
        await self._some.wait()

    def take(self) -> Changes:
        """All there is; none of it is there any more."""
        found, self._found = self._found, set()
        self._some.clear()
        return found


class Live:
    """One listening connection per process; it reconnects, and then tells every page to read again."""

    def __init__(self, url: str) -> None:
        self.url = libpq_url(url)
        #: By organization: each browser with the subjects it looks at, None for all.
        self._watching: dict[OrgId, dict[int, tuple[Waiting, frozenset[Subject] | None]]] = {}
        #: What was heard last, oldest first, with the moment; `_whole_from` is the moment after which nothing is missing in it.
        self._heard: deque[tuple[float, OrgId, Change]] = deque()
        self._whole_from = math.inf

    @contextmanager
    def watch(self, org: OrgId, *subjects: Subject, since: float | None = None) -> Iterator[Waiting]:
        """What changes of these subjects; without any, whatever changes in the organization.

        Whoever watches has to ask who may see what a change tells of (`Change.tells_of`) before telling anybody.

        Args:
            since: seconds since 1970: what changed after it is waiting at once, too. When that is no longer known, or not
                yet, anything may have changed.
        """
        waiting = Waiting()
        for change in self._since(since, org, subjects) if since is not None else ():
            waiting.add(change)
        self._watching.setdefault(org, {})[id(waiting)] = waiting, frozenset(subjects) or None
        try:
            yield waiting
        finally:
            watching = self._watching[org]
            del watching[id(waiting)]
            if not watching:
                del self._watching[org]

    def listeners(self, org: OrgId) -> int:
        """How many browsers look at something of the organization."""
        return len(self._watching.get(org, {}))

    async def run(self) -> None:
        """Listen until cancelled."""
        pause = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True, connect_timeout=5) as c:
                    await c.execute(f"listen {LIVE_CHANNEL}")
                    pause = 0.2
                    self._heard.clear()
                    self._whole_from = time.time()
                    for watching in self._watching.values():
                        for waiting, _ in watching.values():
                            waiting.add(None)
                    async for notice in c.notifies():
                        self._received(notice.payload)
            except psycopg.OperationalError as why:
                self._whole_from = math.inf
                log.warning("live_reconnects", error=type(why).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _received(self, payload: str) -> None:
        told: dict[str, Any] = orjson.loads(payload)
        of = Subject(told["of_kind"], told["of_id"]) if "of_kind" in told else None
        change = Change(Subject(told["kind"], told["id"]), told["part"], of)
        org = OrgId(told["org"])
        self._keep(org, change)
        for waiting, subjects in self._watching.get(org, {}).values():
            if subjects is None or change.subject in subjects:
                waiting.add(change)

    def _keep(self, org: OrgId, change: Change) -> None:
        now = time.time()
        self._heard.append((now, org, change))
        while len(self._heard) > MOST or self._heard[0][0] < now - KEPT:
            self._whole_from, _, _ = self._heard.popleft()

    def _since(self, moment: float, org: OrgId, subjects: Collection[Subject]) -> Changes:
        if moment <= self._whole_from:
            return {None}
        moment -= SKEW
        return {
            change
            for at, where, change in self._heard
            if at >= moment and where == org and (not subjects or change.subject in subjects)
        }
