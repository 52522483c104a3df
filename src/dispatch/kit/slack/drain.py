"""Empties the inbox: per channel one after the other, in the order in which things happened.

Who works on a channel holds an advisory lock for it, on a connection of its own: a worker that dies lets go at once.
No event is left behind: whoever lets go of a channel looks once more, since those it kept out have left by then; and
what no announcement reached is found by looking each second. Decision record 10 has the reasons.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import psycopg
import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import select, text, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dispatch.kit import clock
from dispatch.kit.db import Database, OrgId, libpq_url
from dispatch.kit.errors import DispatchError, ProviderError, Refused, Unavailable
from dispatch.kit.events import Subject
from dispatch.kit.slack import channel_names, registry
from dispatch.kit.slack.inbox import CHANNEL, Inbox, Lane, SlackDelivery
from dispatch.kit.slack.lane_locks import LaneLocks
from dispatch.kit.slack.routing import Installations, fitting, of_project

log = structlog.get_logger()

#: Deliveries of a channel taken at once, and channels worked on at the same time.
BATCH: Final = 250
LANES: Final = 8
#: Seconds between looks for what no announcement reached.
LOOK: Final = 1.0
#: Failures for which the channel waits (about 7 minutes); then the delivery is set aside and tried alone.
HOLDS_UP: Final = 12
LONGEST_PAUSE: Final = 60.0
PAUSE_ASIDE: Final = 300.0
#: Attempts at what fails for a mistake of ours, and deaths of the worker, after which it is given up. By then a batch
#: has been halved down to one: what is given up is what killed.
MISTAKES: Final = 3
DEATHS: Final = 8

HANDLED = Counter("dispatch_slack_events_total", "Events from Slack by outcome", ["kind", "outcome"])
LAG = Histogram(
    "dispatch_slack_event_lag_seconds", "From receiving an event until it was handled",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600),
)  # fmt: skip

_AWAY = (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError)

_DUE_LANES = text("""
select distinct org_id, team_id, channel_id from slack_inbox where state = 'waiting' and next_at <= :now limit 500
""")

ProjectOf = Callable[[OrgId, Subject], Awaitable[int | None]]


class Drain:
    """Handles deliveries until stopped; any number of processes may do so.

    Args:
        project_of: the project a channel's subject belongs to; None when it is gone.
    """

    def __init__(self, db: Database, inbox: Inbox, installations: Installations, project_of: ProjectOf) -> None:
        self._db = db
        self._inbox = inbox
        self._installations = installations
        self._project_of = project_of
        self._locks = LaneLocks(libpq_url(db.url))
        self._working: dict[Lane, asyncio.Task[None]] = {}
        self._again: set[Lane] = set()
        self._room = asyncio.Semaphore(LANES)
        self._stopping = False

    async def run(self) -> None:
        """Until cancelled; then running deliveries get eight seconds."""
        listening = asyncio.create_task(self._listen(), name="inbox: listen")
        try:
            while True:
                try:
                    await self._look()
                except _AWAY as why:
                    log.warning("inbox_waits_for_database", error=type(why).__name__)
                except Exception as why:
                    # Whatever it is: without this loop nothing is handled any more.
                    log.error("inbox_look_failed", exc_info=why)
                await asyncio.sleep(LOOK)
        finally:
            listening.cancel()
            await self._stop()

    async def _stop(self) -> None:
        self._stopping = True
        if working := list(self._working.values()):
            await asyncio.wait(working, timeout=8)
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        await self._locks.close()

    async def _listen(self) -> None:
        pause = 0.1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    libpq_url(self._db.url), autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    pause = 0.1
                    await self._look()
                    async for note in connection.notifies():
                        self.wake(Lane.parsed(note.payload))
            except _AWAY:
                # Said by the look each second; what comes in meanwhile is found by it.
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _look(self) -> None:
        async with self._db.system() as t:
            rows = (await t.execute(_DUE_LANES, {"now": clock.now()})).all()
        for row in rows:
            self.wake(Lane(*row))

    def wake(self, lane: Lane) -> None:
        """Look into this channel; if somebody here does already, once more after that."""
        if self._stopping:
            return
        if lane in self._working:
            self._again.add(lane)
            return
        task = asyncio.create_task(self._work(lane), name=f"inbox {lane}")
        self._working[lane] = task
        task.add_done_callback(lambda ended: self._ended(lane, ended))

    def _ended(self, lane: Lane, task: asyncio.Task[None]) -> None:
        del self._working[lane]
        if not task.cancelled() and (why := task.exception()) is not None and not isinstance(why, _AWAY):
            log.error("inbox_lane_crashed", exc_info=why)
        if lane in self._again:
            self._again.discard(lane)
            self.wake(lane)

    async def _work(self, lane: Lane) -> None:
        async with self._room:
            while not self._stopping:
                self._again.discard(lane)
                if not await self._locks.take(lane):
                    return  # Another process has it, and looks once more when it lets go.
                try:
                    await self._empty(lane)
                finally:
                    await self._locks.give(lane)
                if not await self._anything_due(lane):
                    return

    async def _anything_due(self, lane: Lane) -> bool:
        async with self._db.system() as t:
            return bool(_due(await _waiting(t, lane, limit=1), now=clock.now()))

    async def _empty(self, lane: Lane) -> None:
        while not self._stopping:
            async with self._db.system() as t:
                rows = _due(await _waiting(t, lane, limit=BATCH), now=clock.now())
                rows = _carefully(rows)
                if not rows:
                    return
                # Written before the attempt: what kills the worker must not do so for ever.
                await t.execute(
                    update(SlackDelivery)
                    .where(SlackDelivery.id.in_([row.id for row in rows]))
                    .values(begun=SlackDelivery.begun + 1)
                )
            await self._handle(lane, rows)

    async def _handle(self, lane: Lane, rows: Sequence[SlackDelivery]) -> None:
        """Each row's outcome is recorded before this returns; rows behind a failed one stay as they were."""
        done: list[SlackDelivery] = []
        untouched: list[SlackDelivery] = []
        held_up = False
        owner = await self._owner(lane)
        for (kind, aside), group in groupby(rows, key=lambda row: (row.kind, row.aside)):
            some = list(group)
            if held_up and not aside:
                untouched += some
                continue
            if some[0].begun > DEATHS:
                for row in some:
                    await self._fail(row, _Deadly())
                continue
            well, failed = await self._run(kind, some, owner)
            done += well
            if failed is not None:
                row, why = failed
                await self._fail(row, why)
                untouched += some[len(well) + 1 :]
                # Those behind it: next time, when it waits, was set aside, or given up.
                held_up = held_up or not aside
        await self._record(done, untouched)

    async def _run(
        self, kind: str, rows: list[SlackDelivery], owner: tuple[OrgId, int | None] | None
    ) -> tuple[list[SlackDelivery], tuple[SlackDelivery, Exception] | None]:
        """(those handled, the first that was not with its reason)."""
        handlers = registry.events.get(kind, [])
        if len(rows) > 1 and any(each.many for each in handlers):
            try:
                installation, said = await self._opened(rows, owner)
                for each in handlers:
                    await _call(each, installation, self._db, said)
                return rows, None
            except _AWAY:
                raise
            except Exception as why:
                log.info("inbox_one_by_one", kind=kind, error=type(why).__name__)
        for place, row in enumerate(rows):
            try:
                installation, said = await self._opened([row], owner)
                for each in handlers:
                    await _call(each, installation, self._db, said)
            except _AWAY:
                raise
            except Exception as why:
                return rows[:place], (row, why)
        return rows, None

    async def _opened(
        self, rows: Sequence[SlackDelivery], owner: tuple[OrgId, int | None] | None
    ) -> tuple[registry.Installation, list[dict[str, Any]]]:
        first = rows[0]
        found = fitting(await self._installations.of_org(first.org_id), team=first.team_id, app=first.app_id)
        if not found:
            raise Refused(
                "No enabled Slack plugin serves the app and workspace this came from.",
                hint="Enable the plugin in the settings of a project, then try again.",
            )
        installation = (of_project(found, owner[1]) if owner is not None else None) or found[0]
        bodies = [self._inbox.opened(row) for row in rows]
        if not installation.bot_user_id:
            installation = replace(installation, bot_user_id=str(bodies[0].get("bot") or ""))
        events = [
            {**body["event"], "event_id": row.event_id, "is_ext_shared_channel": bool(body.get("shared"))}
            for body, row in zip(bodies, rows, strict=True)
        ]
        return installation, events

    async def _owner(self, lane: Lane) -> tuple[OrgId, int | None] | None:
        if not lane.channel:
            return None
        async with self._db.system() as t:
            place = await channel_names.owner(t, team=lane.team, channel=lane.channel)
        if place is None or place.org_id != lane.org:
            return None
        return place.org_id, await self._project_of(place.org_id, Subject(place.subject_kind, place.subject_id))

    async def _record(self, done: Sequence[SlackDelivery], untouched: Sequence[SlackDelivery]) -> None:
        now = clock.now()
        async with self._db.system() as t:
            if done:
                await t.execute(
                    update(SlackDelivery)
                    .where(SlackDelivery.id.in_([row.id for row in done]), SlackDelivery.state == "waiting")
                    .values(state="done", begun=0, handled_at=now, trouble=None)
                )
            if untouched:
                await t.execute(
                    update(SlackDelivery)
                    .where(SlackDelivery.id.in_([row.id for row in untouched]), SlackDelivery.begun > 0)
                    .values(begun=SlackDelivery.begun - 1)
                )
        for row in done:
            HANDLED.labels(row.kind, "ok").inc()
            LAG.observe(max(0.0, (now - row.received_at).total_seconds()))

    async def _fail(self, row: SlackDelivery, why: Exception) -> None:
        """Record the failure: again later, set aside, or given up."""
        attempts = row.attempts + 1
        now = clock.now()
        reason, hint, final = _sentence(why)
        mistake = not isinstance(why, DispatchError | ProviderError)
        if mistake:
            log.error("inbox_event_failed", kind=row.kind, delivery=row.id, exc_info=why)
            final = final or attempts >= MISTAKES
        final = final or now >= row.deadline_at
        aside = row.aside or attempts >= HOLDS_UP
        pause = PAUSE_ASIDE if aside and not final else min(2.0 ** (attempts - 1), LONGEST_PAUSE)
        if isinstance(why, Unavailable) and why.retry_after:
            pause = max(pause, min(why.retry_after, PAUSE_ASIDE))
        values: dict[str, Any] = {"attempts": attempts, "begun": 0, "trouble": self._inbox.trouble(row, reason, hint)}
        if final:
            values |= {"state": "dead", "handled_at": now}
        else:
            values |= {"aside": aside, "next_at": now + timedelta(seconds=pause * random.uniform(1.0, 1.2))}
        async with self._db.system() as t:
            await t.execute(
                update(SlackDelivery)
                .where(SlackDelivery.id == row.id, SlackDelivery.state == "waiting")
                .values(**values)
            )
        HANDLED.labels(row.kind, "dead" if final else "again").inc()
        log.info("inbox_event_postponed", kind=row.kind, delivery=row.id, attempts=attempts, dead=final)


class _Deadly(Refused):
    def __init__(self) -> None:
        super().__init__(
            f"The worker ended {DEATHS} times while it handled this.",
            hint="The log tells why. Please report it.",
        )


async def _waiting(t: Any, lane: Lane, *, limit: int) -> list[SlackDelivery]:
    rows = await t.scalars(
        select(SlackDelivery)
        .where(
            SlackDelivery.org_id == lane.org,
            SlackDelivery.team_id == lane.team,
            SlackDelivery.channel_id == lane.channel,
            SlackDelivery.state == "waiting",
        )
        .order_by(SlackDelivery.aside, SlackDelivery.happened_us, SlackDelivery.id)
        .limit(limit)
    )
    return list(rows)


def _due(rows: Iterable[SlackDelivery], *, now: Any) -> list[SlackDelivery]:
    """Those to handle now: in order up to the first that has to wait, and what was set aside and is due."""
    found: list[SlackDelivery] = []
    held_up = False
    for row in rows:
        if row.aside:
            if row.next_at <= now:
                found.append(row)
        elif not held_up:
            held_up = row.next_at > now
            if not held_up:
                found.append(row)
    return found


def _carefully(rows: list[SlackDelivery]) -> list[SlackDelivery]:
    """Half as many for each worker that died over one of these: soon what kills stands alone, and takes no other along.

    A worker that died for another reason (a deployment, the end of its memory) slows the channel down this way, too, but
    only until the first of its deliveries are recorded.
    """
    deaths = max((row.begun for row in rows), default=0)
    return rows[: max(1, BATCH >> deaths)]


async def _call(
    handler: registry.Listening, installation: registry.Installation, db: Database, said: Sequence[dict[str, Any]]
) -> None:
    if handler.many is not None:
        await handler.many(installation, db, said)
    if handler.one is not None:
        for each in said:
            await handler.one(installation, db, each)


def _sentence(why: Exception) -> tuple[str, str, bool]:
    """(reason, what to do, whether trying again is in vain)."""
    if isinstance(why, Unavailable):
        return str(why), "", False
    if isinstance(why, DispatchError | ProviderError):
        return str(why), str(getattr(why, "hint", "")), True
    return f"Dispatch itself failed ({type(why).__name__}).", "The log tells where. Please report it.", False
