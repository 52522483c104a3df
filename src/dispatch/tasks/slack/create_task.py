"""/dispatch-create-task and the message shortcut "Create task": what has to be done, by whom, until when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, from_modal, long_text, moment, person, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, shortcut, submission
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.people import chosen_people
from dispatch.situations.slack.place import Here, carried, carrying, here, permalink
from dispatch.situations.slack.transcript import quoted
from dispatch.tasks.actions import create_task

CALLBACK = "create_task"
TITLE = "Create task"


class CreateTask(Form):
    """What is asked for."""

    description: str = long_text("Task Description", max_length=40_000, placeholder="Roll back the checkout release")
    assignees: list[str] = person(
        "Assignees",
        default=[],
        required=False,
        help="They become participants and are told. Leave it empty for anybody.",
    )
    due_at: datetime | None = moment(
        "Due", default=None, help="In your own time zone. Reminders come 15 minutes ahead and when it is due."
    )


@command(
    "create_task",
    name="/dispatch-create-task",
    description="Opens a modal to create an incident task.",
    needs="create_task",
)
async def typed(asked: Request) -> Answer:
    """What was typed after the command is the beginning of the description."""
    await _open(asked, {"description": b.cut(asked.text.strip(), 3000)}, source="command")
    return None


@shortcut("create_task", name="Create task", kind="message", description="Make a task of this message")
async def from_message(asked: Request) -> Answer:
    """The message becomes the description."""
    message = asked.payload.get("message") or {}
    values: dict[str, Any] = {}

    async def read() -> None:
        values["description"] = b.cut(await quoted(asked), 3000)

    await _open(asked, values, source="shortcut", message=str(message.get("ts", "")), before=read)
    return None


async def _open(
    asked: Request, values: dict[str, Any], *, source: str, message: str = "",
    before: Callable[[], Awaitable[None]] | None = None,
) -> None:  # fmt: skip
    async def draw(_t: Read, place: Here) -> b.View:
        return to_modal(
            CreateTask,
            title=TITLE,
            submit="Create",
            callback_id=CALLBACK,
            values=values,
            private_metadata=carried(place.situation.id, source=source, message=message, channel=asked.channel_id),
            intro=[b.context(f"For *{place.situation.name}* {b.escape(b.cut(place.situation.title, 100))}")],
        )

    await open_here(asked, TITLE, draw, action="create_task", before=before)


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """One transaction; the same form sent twice is one task."""
    form = from_modal(CreateTask, asked.view)
    came = carrying(asked.view)
    by = await actor(asked)
    assignees = await chosen_people(asked, form.assignees, field="assignees")
    url = await permalink(asked, str(came.get("channel") or ""), str(came.get("message") or ""))
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(came["id"]))
        place.require("create_task")
        await create_task(
            t,
            place.situation,
            form.description,
            by=by,
            assignees=assignees,
            due_at=form.due_at,
            source=str(came.get("source") or "command"),
            source_key=f"slack:{asked.installation.team_id}:{asked.view.get('id')}",
            url=url,
        )
    return None
