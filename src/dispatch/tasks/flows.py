"""What follows when a task is made, given to somebody, changed, or due: the channel and the people read it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.ports.conversations import Conversations, Posted
from dispatch.situations.access import sees
from dispatch.situations.flows.common import channel_of, chat_of, still_open, tell_each
from dispatch.situations.flows.show_state import archived_is_fine
from dispatch.situations.queries import Brief
from dispatch.tasks.actions import remember_post
from dispatch.tasks.events import TaskAssigned, TaskCreated, TaskDue, TaskEdited, TaskReopened, TaskResolved
from dispatch.tasks.models import OPEN, Task
from dispatch.tasks.queries import TaskRow, task_row
from dispatch.tasks.slack import messages

HOUR = timedelta(hours=1)


async def post_task(c: StepContext) -> None:
    """A message in the channel, which follows the task from now on."""
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        written = await _message(t, c, brief, chat)
    posted = await chat.post(channel_of(brief), written, key=c.key, look_first=c.repeat)
    if c.repeat:
        await chat.update(posted, written, key=c.key)
    async with c.done() as t:
        await remember_post(t, int(c.data["task_id"]), channel=posted.channel, ts=posted.ts, key=c.key)
        # Who changes it from now on finds the post; who did so before now has to be seen here.
        if await _message(t, c, brief, chat) != written:
            raise Unavailable("The task changed while it was posted.", retry_after=0.1)


async def tell_assignees(c: StepContext) -> None:
    """A direct message to each who is new to it, unless they gave it to themselves."""
    brief, chat = await chat_of(c)
    task = await _task(c)
    wanted = [p for p in c.data["people"] if p != c.actor]
    if not wanted:
        raise Skip("Nobody else has to be told.")
    async with c.db.read(c.org) as t:
        by = (await people.person(t, c.actor)).name if c.actor is not None else "Dispatch"
    await tell_each(c, chat, dict.fromkeys(map(int, wanted), messages.told(task, by=by, url=brief.url)))


async def bring_up_to_date(c: StepContext) -> None:
    async with c.db.read(c.org) as t:
        post = await t.scalar(select(Task.post).where(Task.org_id == t.org, Task.id == int(c.data["task_id"])))
    if not post:
        raise Skip("It is not posted yet; the post will say how things are then.")
    brief, chat = await chat_of(c)
    while True:
        async with c.db.read(c.org) as t:
            written = await _message(t, c, brief, chat)
        with archived_is_fine():
            try:
                await chat.update(Posted(post["channel"], post["ts"]), written, key=post["key"])
            except Refused as why:
                if why.code == "message_not_found":
                    raise Skip("Somebody deleted the post.") from None
                raise
        # What changed while we wrote may have written before us.
        async with c.db.read(c.org) as t:
            if await _message(t, c, brief, chat) == written:
                return


async def remind(c: StepContext) -> None:
    """Those who have to do it; when nobody has to, who created it. An admin who only looked may not see it any more."""
    task = await _task(c)
    if task.state != OPEN:
        raise Skip("It was resolved meanwhile.")
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        creator = (
            await t.execute(select(Task.creator_id).where(Task.org_id == t.org, Task.id == task.id))
        ).scalar_one()
        wanted = (await people.people(t, [p.id for p in task.assignees] or [creator])).values()
        told = [who.id for who in wanted if await sees(t, who, c.subject.id)]
    if not told:
        raise Skip("Who made the task does not see it any more.")
    words = messages.reminder(brief.org_slug, task, when=str(c.data["when"]), url=brief.url)
    await tell_each(c, chat, dict.fromkeys(told, words))


async def _task(c: StepContext) -> TaskRow:
    async with c.db.read(c.org) as t:
        return await task_row(t, int(c.data["task_id"]))


async def _message(t: Read, c: StepContext, brief: Brief, chat: Conversations) -> messages.Message:
    task = await task_row(t, int(c.data["task_id"]))
    ids = await people.chat_ids(t, (p.id for p in task.assignees), team=chat.team_id)
    return messages.post(brief.org_slug, task, ids)


created = flow("task.created", version=1)(
    step("post", post_task, title="Post the task", when=still_open, delivery="once"),
    step("tell", tell_assignees, title="Tell the assignees", when=still_open, delivery="once", lane="people"),
)
assigned = flow("task.assigned", version=1)(
    step("tell", tell_assignees, title="Tell the assignees", when=still_open, delivery="once", lane="people"),
    step("post", bring_up_to_date, title="Bring the task's message up to date", lane="decoration"),
)
changed = flow("task.changed", version=1)(
    step("post", bring_up_to_date, title="Bring the task's message up to date", lane="decoration"),
)
due = flow("task.due", version=1)(
    step("remind", remind, title="Remind of the task", when=still_open, deadline=HOUR, delivery="once", lane="people"),
)

on(TaskCreated, created)
on(TaskAssigned, assigned)
for fact in (TaskEdited, TaskResolved, TaskReopened):
    on(fact, changed)
on(TaskDue, due)
