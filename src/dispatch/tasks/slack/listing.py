"""The list of tasks as a modal: of one incident, or of one person; paged, and redrawn as the same list after a click."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import redraw
from dispatch.kit.slack.registry import Answer, Request, action
from dispatch.people.queries import Viewer, viewer_of_person
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import carried, carrying
from dispatch.tasks.models import OPEN
from dispatch.tasks.queries import TaskList, tasks_for, tasks_of
from dispatch.tasks.slack.messages import line

CALLBACK = "task_list"
PAGE = "task_list_page"
#: Tasks on one page: one block each, of Slack's 100 blocks.
SIZE = 20


async def listed(t: Read, viewer: Viewer, *, situation_id: int, page: int = 1) -> b.View:
    """The view. `situation_id` 0 lists what the viewer created or has to do, everywhere."""
    mine = situation_id == 0
    if mine:
        found = await tasks_for(t, viewer, viewer.person_id or 0, page=page, size=SIZE)
    else:
        found = await tasks_of(t, viewer, situation_id, page=page, size=SIZE)
    return b.modal(
        "My tasks" if mine else "Incident tasks",
        [*_body(viewer.org_slug, found, mine=mine), *_pages(found)],
        callback_id=CALLBACK,
        private_metadata=carried(situation_id, page=page),
    )


def _body(org_slug: str, found: TaskList, *, mine: bool) -> list[b.Block]:
    blocks: list[b.Block] = []
    for heading, wanted, count, none in (
        ("Open", True, found.open, "No open tasks."),
        ("Resolved", False, found.resolved, "No resolved tasks."),
    ):
        shown = [task for task in found.items if (task.state == OPEN) is wanted]
        if shown or not count:
            blocks.append(b.header(f"{heading} ({count})"))
            blocks += [line(org_slug, task, incident=mine) for task in shown] or [b.section(none)]
    return blocks


def _pages(found: TaskList) -> list[b.Block]:
    last = -(-found.total // found.size)
    if last < 2:
        return []
    turn = []
    if found.page > 1:
        turn.append(b.button("Previous", action_id=f"{PAGE}_back", value=str(found.page - 1)))
    if found.page < last:
        turn.append(b.button("Next", action_id=PAGE, value=str(found.page + 1)))
    return [b.context(f"Page {found.page} of {last}"), b.actions(*turn)]


async def _turn(asked: Request) -> Answer:
    pressed = str((asked.payload.get("actions") or [{}])[0].get("value", ""))
    await redraw_list(asked, page=int(pressed) if pressed.isdigit() else 1)
    return None


@action(PAGE)
async def next_page(asked: Request) -> Answer:
    """Forward."""
    return await _turn(asked)


@action(f"{PAGE}_back")
async def previous_page(asked: Request) -> Answer:
    """Back."""
    return await _turn(asked)


async def redraw_list(asked: Request, *, page: int | None = None) -> None:
    """The same list again, as it is now: whose tasks and which page is carried by the modal."""
    came = carrying(asked.view)
    person = await actor(asked)

    async def fill() -> b.View:
        async with asked.db.read(asked.org) as t:
            return await listed(
                t, await viewer_of_person(t, person), situation_id=int(came["id"]), page=page or int(came.get("page", 1))
            )

    redraw(asked, "Tasks", fill)
