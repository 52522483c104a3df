"""Whoever leaves the channel with open tasks is brought back, until the tasks are done or somebody else's."""

from __future__ import annotations

from dispatch.kit.db import Tx
from dispatch.kit.events import Recorded, on
from dispatch.kit.flows import StepContext
from dispatch.situations.events import LeftChannel
from dispatch.situations.flows.leave_guard import guard
from dispatch.situations.queries import Brief
from dispatch.tasks.queries import open_tasks_of
from dispatch.tasks.slack import messages


async def nothing_left_to_do(c: StepContext, _brief: Brief) -> str | None:
    async with c.db.read(c.org) as t:
        left = await open_tasks_of(t, c.subject.id, int(c.data["person_id"]))
    return None if left else "They have no open task any more."


async def what_is_left(c: StepContext, brief: Brief, channel: str) -> messages.Message:
    async with c.db.read(c.org) as t:
        left = await open_tasks_of(t, c.subject.id, int(c.data["person_id"]))
    return messages.finish_or_give_away(left, incident=brief.name, channel=channel, url=brief.url)


task_leave_guard = guard(
    "incident.task_leave_guard",
    who="the owner of open tasks",
    not_needed=nothing_left_to_do,
    why="tasks of theirs are open",
    words=what_is_left,
)


class OnlyWithOpenTasks:
    """Starts the guard for those who have something to do; most who leave have nothing, and no flow."""

    name = task_leave_guard.name

    async def start(self, t: Tx, recorded: Recorded) -> int:
        fact = recorded.fact
        assert isinstance(fact, LeftChannel)
        if not await open_tasks_of(t, recorded.subject.id, fact.person_id):
            return 0
        return await task_leave_guard.start(t, recorded)


# Whoever leads is brought back for that already.
on(LeftChannel, OnlyWithOpenTasks(), when=lambda happened: not happened.leads)
