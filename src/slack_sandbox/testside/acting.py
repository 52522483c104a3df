"""People use the apps: commands, shortcuts, buttons, modals."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from .. import calling, interactivity, submissions
from ..errors import Impossible
from ..interactivity import Spot
from ..sandbox import Sandbox
from . import Box, Json, line, person, room

router = APIRouter(prefix="/sandbox/users/{user}", tags=["interactivity"])


class Command(BaseModel):
    channel: str
    command: str
    text: str = ""
    thread_ts: str | None = None


class MessageRef(BaseModel):
    channel: str
    ts: str


class Shortcut(BaseModel):
    callback_id: str
    message: MessageRef | None = None
    channel: str | None = None
    message_ts: str | None = None


class Target(BaseModel):
    """An element of a message (`channel` and `message_ts`) or of a view (`view_id`)."""

    action_id: str
    block_id: str | None = None
    view_id: str | None = None
    channel: str | None = None
    message_ts: str | None = None


class Action(Target):
    value: Any = None


class Options(Target):
    query: str = ""


class Submit(BaseModel):
    values: dict[str, Any] = {}


class Close(BaseModel):
    clear: bool = False


def _spot(box: Sandbox, user: str, target: Target) -> Spot:
    who = person(box, user)
    if target.view_id:
        return interactivity.in_view(box, who, target.view_id, target.action_id, target.block_id)
    if target.channel and target.message_ts:
        place = room(box, target.channel)
        return interactivity.in_message(box, who, place, target.message_ts, target.action_id, target.block_id)
    raise Impossible("no_place", "name view_id, or channel and message_ts")


@router.post("/commands")
async def command(user: str, body: Command, box: Box, wait: float | None = None) -> Json:
    """Types a slash command that the manifest names. `wait`: seconds (0.25) for something to show up after the answer."""
    if body.thread_ts:
        raise Impossible("not_in_threads", f"{body.command} is not supported in threads. Sorry!")
    name = body.command if body.command.startswith("/") else f"/{body.command}"
    return await calling.command(box, person(box, user), room(box, body.channel), name, body.text, wait=wait)


@router.post("/shortcuts")
async def shortcut(user: str, body: Shortcut, box: Box, wait: float | None = None) -> Json:
    """A global shortcut, or one on a message."""
    ref = body.message
    if ref is None and body.channel and body.message_ts:
        ref = MessageRef(channel=body.channel, ts=body.message_ts)
    place = room(box, ref.channel) if ref else None
    message = line(place, ref.ts) if ref and place else None
    return await calling.shortcut(box, person(box, user), body.callback_id, channel=place, message=message, wait=wait)


@router.post("/actions")
async def action(user: str, body: Action, box: Box, wait: float | None = None) -> Json:
    """Presses a button, by its action_id or by what it says, or chooses `value` in an element."""
    return await interactivity.action(box, person(box, user), _spot(box, user, body), body.value, wait=wait)


@router.post("/options")
async def options(user: str, body: Options, box: Box) -> Json:
    """What a select offers for these letters; an external one asks its app."""
    return await interactivity.options(box, person(box, user), _spot(box, user, body), body.query)


@router.post("/views/{view_id}/submit")
async def submit(user: str, view_id: str, body: Submit, box: Box) -> Json:
    """Fills in the modal on top and submits it. `values`: label, block_id or action_id of an input -> value."""
    return await submissions.submit(box, person(box, user), view_id, body.values)


@router.post("/views/{view_id}/close")
async def close(user: str, view_id: str, box: Box, body: Close | None = None) -> Json:
    """The close button; with `clear`, the cross that closes every stacked view."""
    return await submissions.close(box, person(box, user), view_id, everything=bool(body and body.clear))
