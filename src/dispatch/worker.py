"""What runs in a worker: jobs, the inbox, sockets, and looking after what is due."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import SelectBase, select
from sqlalchemy.exc import InterfaceError, OperationalError

from dispatch.desk.slack.home import draw
from dispatch.house import House
from dispatch.kit import backup, clock, embedded
from dispatch.kit.db import APP_ROLE, OrgId, Tx
from dispatch.kit.errors import ProviderError
from dispatch.kit.flows import Runner, StepContext
from dispatch.kit.flows.journal import JOB_KIND, re_enqueue_orphans
from dispatch.kit.jobs import JobWorker
from dispatch.kit.slack.drain import Drain
from dispatch.kit.slack.homes import forget_unopened, redraw_due
from dispatch.kit.slack.inbox import prune
from dispatch.kit.slack.sockets import RENEW, Sockets
from dispatch.kit.web import idempotency
from dispatch.oncall.actions import due_pages, escalate_due_pages
from dispatch.people import queries as people
from dispatch.people.sessions import forget_expired
from dispatch.people.throttle import forget_old
from dispatch.projects.installations import SLUG
from dispatch.projects.plugin_setup import fill_missing_ids
from dispatch.projects.queries import instances
from dispatch.projects.reach import note_reach, slack_down_since
from dispatch.reports.actions import due_updates, remind_updates
from dispatch.schema import metadata
from dispatch.situations.actions import (
    call_engaged_again,
    due_engagements,
    due_hand_offs,
    open_unanswered_commands,
    remind_hand_offs,
    unanswered_commands,
)
from dispatch.situations.actions.activity import forget_counted_messages
from dispatch.tasks.actions import due_tasks, remind_tasks

log = structlog.get_logger()

#: Seconds between looks at rows whose time has come.
DUE_LOOK = 1.0
#: Seconds between looks for App Homes that show something old.
HOMES_LOOK = 2.0
#: Seconds between looks for steps whose job is gone, and at whether Slack answers.
CARE_LOOK = 10.0
#: Seconds between looks whether last night's backup is there.
BACKUP_LOOK = 60.0
#: Twice what may be slow at a time (`kit.flows.bulkhead`).
STEPS_AT_ONCE = 40
#: Seconds between deletions of what is kept long enough.
TIDY_LOOK = 600.0


@asynccontextmanager
async def running_worker(h: House, *, heartbeat: float = 8.0, socket_look: float = RENEW) -> AsyncIterator[JobWorker]:
    """Work jobs, empty the inbox, hold sockets and look after what is due, until the block is left; then what runs gets
    some seconds."""
    runner = Runner(h.db, h.services, checkpoint=_crash_points(h.settings.crash_dir))
    worker = JobWorker(
        h.db.url,
        {JOB_KIND: runner.handle},
        concurrency=STEPS_AT_ONCE,
        heartbeat_timeout=timedelta(seconds=heartbeat),
        name=f"worker {os.getpid()}",
        set_role=APP_ROLE,
    )
    sockets = Sockets(
        h.db, h.dispatcher, open_link=h.installations.socket_link, session=h.http, holder=h.name, every=socket_look
    )
    task = asyncio.create_task(worker.run())
    try:
        async with (
            moved_clock(h),
            background(_every(DUE_LOOK, lambda: _call_due(h)), "due"),
            background(_every(CARE_LOOK, lambda: _care(h)), "care"),
            background(_every(BACKUP_LOOK, lambda: _back_up(h)), "backup"),
            background(_every(TIDY_LOOK, lambda: _tidy(h)), "tidy"),
            background(Drain(h.db, h.inbox, h.installations, h.dispatcher.project_of).run(), "inbox"),
            background(sockets.run(), "sockets"),
            background(_every(HOMES_LOOK, lambda: _redraw_homes(h)), "homes"),
        ):
            yield worker
    finally:
        worker.stop()
        await task


@asynccontextmanager
async def moved_clock(h: House) -> AsyncIterator[None]:
    """In demo and tests, follow the row that moves time for all processes; nothing in production."""
    if h.settings.production:
        yield
        return
    async with background(_every(DUE_LOOK, h.db.sync_clock), "clock"):
        yield


async def _back_up(h: House) -> None:
    if h.backups_of is not None:
        await backup.nightly(embedded.owner_url(h.backups_of), h.backups_of, metadata)


#: What becomes due: which rows of an organization are, and what claims them and records a fact per row.
DUE: tuple[tuple[Callable[[OrgId], SelectBase], Callable[[Tx], Awaitable[int]]], ...] = (
    (due_pages, escalate_due_pages),
    (unanswered_commands, open_unanswered_commands),
    (due_hand_offs, remind_hand_offs),
    (due_engagements, call_engaged_again),
    (due_tasks, remind_tasks),
    (due_updates, remind_updates),
)


async def _call_due(h: House) -> None:
    for org in await _organizations(h):
        # One question for all of them: this is asked every second of every organization.
        async with h.db.read(org) as t:
            is_due = (await t.execute(select(*(rows(org).exists() for rows, _ in DUE)))).one()
        for (_, claim), some in zip(DUE, is_due, strict=True):
            if some:
                async with h.db.tx(org) as t:
                    await claim(t)


async def _redraw_homes(h: House) -> None:
    for org in await _organizations(h):
        await redraw_due(h.db, org, await h.installations.of_org(org), draw)


async def _care(h: House) -> None:
    """Re-enqueue what lost its job, and note whether each Slack answers."""
    for org in await _organizations(h):
        async with h.db.tx(org) as t:
            await re_enqueue_orphans(t, org, older_than=timedelta(minutes=1))
        async with h.db.read(org) as t:
            chats = await instances(t, slug=SLUG)
        for instance in chats:
            async with h.db.read(org) as t:
                known = await slack_down_since(t, instance.project_id)
            chat = await h.providers.conversations(org, instance.project_id)
            if chat is None:
                continue
            try:
                who = await chat.identity()
                down = None
                await fill_missing_ids(h.db, h.providers, instance, who)
            except ProviderError:
                down = known or clock.now()
            if down != known:
                await note_reach(
                    h.db, org, instance.project_id, instance=instance.id, team=chat.team_id, down_since=down
                )


async def _tidy(h: House) -> None:
    """Delete what is kept long enough, and what does not count any more."""
    await prune(h.db)
    await h.budget.prune()
    async with h.db.system() as t:
        await forget_expired(t)
        await forget_old(t)
    for org in await _organizations(h):
        async with h.db.tx(org) as t:
            await forget_counted_messages(t)
            await forget_unopened(t)
            await idempotency.forget_old(t)


async def _organizations(h: House) -> list[OrgId]:
    async with h.db.system() as t:
        return [org.id for org in await people.organizations(t)]


async def _every(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await look()
        except (OperationalError, InterfaceError) as why:
            log.warning("database away", error=type(why).__name__)
        await asyncio.sleep(seconds)


@asynccontextmanager
async def background(work: Any, name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background task ended", task=task.get_name(), exc_info=task.exception())


def _crash_points(folder: str) -> Callable[[StepContext, str], None]:
    """Tests only: die, once, where a file named `<subject>.<step>.<phase>` lies."""
    if not folder:
        return lambda _context, _phase: None

    def check(context: StepContext, phase: str) -> None:
        point = Path(folder) / f"{context.org}-{context.subject.id}.{context.name}.{phase}"
        if point.exists():
            point.unlink()
            os._exit(137)

    return check
