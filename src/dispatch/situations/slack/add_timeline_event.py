"""/dispatch-add-timeline-event and the message shortcut "Add to timeline": what happened, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.forms import Form, from_modal, long_text, moment, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.accepted import first_time
from dispatch.kit.slack.registry import Answer, Request, command, shortcut, submission
from dispatch.situations.actions import add_note
from dispatch.situations.slack.actor import actor, somebody
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here, permalink
from dispatch.situations.slack.transcript import quoted

CALLBACK = "add_timeline_event"
TITLE = "Add timeline event"


class AddTimelineEvent(Form):
    """What is asked for. Slack asks for the moment in the person's own zone, so no zone has to be chosen."""

    text: str = long_text("Description", max_length=40_000, placeholder="The last good deployment was rolled out")
    at: datetime | None = moment("When it happened", default=None, help="In your own time zone. Leave it for now.")


@command(
    "add_timeline_event",
    name="/dispatch-add-timeline-event",
    description="Opens a modal to add an event to the incident timeline.",
    needs="add_event",
)
async def typed(asked: Request) -> Answer:
    """What was typed after the command is the description, every word of it (W-80)."""
    await _open(asked, {"text": b.cut(asked.text.strip(), 3000), "at": clock.now()}, {})
    return None


@shortcut(
    "add_timeline_event",
    name="Add to timeline",
    kind="message",
    description="Add this message to the incident's timeline",
)
async def from_message(asked: Request) -> Answer:
    """The message as it was said, by whom it was said, when it was said."""
    message = asked.payload.get("message") or {}
    ts = str(message.get("ts", ""))
    at = datetime.fromtimestamp(int(ts.split(".", 1)[0]), UTC) if ts.split(".", 1)[0].isdigit() else clock.now()
    more = {"channel": asked.channel_id, "ts": ts, "user": str(message.get("user", ""))}
    values: dict[str, Any] = {"at": at}

    async def read() -> None:
        values["text"] = b.cut(await quoted(asked, entry=True), 3000)

    await _open(asked, values, more, before=read)
    return None


async def _open(
    asked: Request, values: dict[str, Any], more: dict[str, Any], *, before: Callable[[], Awaitable[None]] | None = None
) -> None:
    async def draw(_t: Read, place: Here) -> b.View:
        return to_modal(
            AddTimelineEvent,
            title=TITLE,
            submit="Add",
            callback_id=CALLBACK,
            values=values,
            private_metadata=carried(place.situation.id, **more),
            intro=[
                b.context(
                    f"For *{place.situation.name}* {b.escape(b.cut(place.situation.title, 100))} · your time zone is "
                    f"{b.escape(place.person.tz)}"
                )
            ],
        )

    await open_here(asked, TITLE, draw, action="add_event", before=before)


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """One entry, however often the form is sent; the same message twice is one entry."""
    form = from_modal(AddTimelineEvent, asked.view)
    came = carrying(asked.view)
    by = await actor(asked)
    channel, ts = str(came.get("channel") or ""), str(came.get("ts") or "")
    author = await somebody(asked.installation, asked.db, str(came["user"])) if came.get("user") else None
    url = await permalink(asked, channel, ts)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(came["id"]))
        place.require("add_event")
        if await first_time(t, asked):
            await add_note(
                t,
                place.situation,
                form.text,
                author=author or by,
                by=by,
                at=form.at,
                source="shortcut" if ts else "modal",
                message=f"{asked.installation.team_id}/{channel}/{ts}" if ts else "",
                url=url,
            )
    return None
