"""Resolve, Reopen and Remind again: in the channel, in a reminder, in a list. Checked at the click."""

from __future__ import annotations

from dispatch.kit.slack.registry import Answer, Request, action
from dispatch.people.queries import viewer_of_person
from dispatch.situations.access import standing
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import pressed_value
from dispatch.tasks.access import require_change
from dispatch.tasks.actions import remind_again, reopen_task, resolve_task
from dispatch.tasks.queries import task_for
from dispatch.tasks.slack.listing import redraw_list
from dispatch.tasks.slack.messages import AGAIN_MINUTES, REMIND_AGAIN, REOPEN, RESOLVE


@action(RESOLVE)
async def resolved(asked: Request) -> Answer:
    """It is done."""
    await _turn(asked, resolve=True)
    return None


@action(REOPEN)
async def reopened(asked: Request) -> Answer:
    """It is not."""
    await _turn(asked, resolve=False)
    return None


async def _turn(asked: Request, *, resolve: bool) -> None:
    _, task_id = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        viewer = await viewer_of_person(t, person)
        task, situation, assignees = await task_for(t, viewer, task_id)
        require_change(await standing(t, viewer, situation), task, assignees)
        fresh = await (resolve_task if resolve else reopen_task)(t, task_id, by=person)
    if asked.view:
        await redraw_list(asked)
    else:
        word = "resolved" if resolve else "open"
        asked.reply(f"Task {task.number} is {word} now." if fresh else f"Task {task.number} was {word} already.")


@action(REMIND_AGAIN)
async def again(asked: Request) -> Answer:
    """Not now, but soon."""
    _, task_id = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        viewer = await viewer_of_person(t, person)
        task, situation, assignees = await task_for(t, viewer, task_id)
        require_change(await standing(t, viewer, situation), task, assignees)
        waits = await remind_again(t, task_id, minutes=AGAIN_MINUTES)
    asked.reply(
        f"You are reminded of task {task.number} again in {AGAIN_MINUTES} minutes."
        if waits
        else f"Task {task.number} is resolved; there is nothing to remind you of."
    )
    return None
