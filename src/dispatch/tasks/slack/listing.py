"""The list of tasks as a modal: of one incident, or of one person; paged, and redrawn as the same list after a click."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import redraw
from dispatch.kit.slack.pages import on_turn, page_row, page_there
from dispatch.kit.slack.registry import Request
from dispatch.people.queries import Viewer, viewer_of_person
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import carried, carrying
from dispatch.tasks.models import OPEN
from dispatch.tasks.queries import TaskList, tasks_for, tasks_of
from dispatch.tasks.slack.messages import line

CALLBACK = "task_list"
KEY = "task_list"
#: Tasks on one page: one block each, of Slack's 100 blocks.
SIZE = 20


async def listed(t: Read, viewer: Viewer, *, situation_id: int, page: int = 1) -> b.View:
    """The view. `situation_id` 0 lists what the viewer created or has to do, everywhere."""
    mine = situation_id == 0

    async def read(page: int) -> TaskList:
        if mine:
            return await tasks_for(t, viewer, viewer.person_id or 0, page=page, size=SIZE)
        return await tasks_of(t, viewer, situation_id, page=page, size=SIZE)

    found = await read(page)
    if page != (there := page_there(page, size=SIZE, total=found.total)):
        found = await read(there)
    return b.modal(
        "My tasks" if mine else "Incident tasks",
        [
            *_body(viewer.org_slug, found, mine=mine),
            *page_row(KEY, page=found.page, size=found.size, total=found.total),
        ],
        callback_id=CALLBACK,
        private_metadata=carried(situation_id, page=found.page),
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


@on_turn(KEY)
async def turned(asked: Request, page: int) -> None:
    """Another page of the same list."""
    await redraw_list(asked, page=page)


async def redraw_list(asked: Request, *, page: int | None = None) -> None:
    """The same list again, as it is now: whose tasks and which page is carried by the modal."""
    came = carrying(asked.view)
    person = await actor(asked)

    async def fill() -> b.View:
        async with asked.db.read(asked.org) as t:
            return await listed(
                t,
                await viewer_of_person(t, person),
                situation_id=int(came["id"]),
                page=page or int(came.get("page", 1)),
            )

    redraw(asked, "Tasks", fill)
