"""The test side, `/sandbox/...`: what people do, what they see, what went over the wire, and what goes wrong on purpose."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from ..errors import Impossible
from ..sandbox import Sandbox
from ..state import App, Channel, Message, User

Json = dict[str, Any]


def _sandbox(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.sandbox
    return box


Box = Annotated[Sandbox, Depends(_sandbox)]


def person(box: Sandbox, user: str) -> User:
    if user not in box.state.users:
        raise Impossible("user_not_found", user, status=404)
    return box.user(user)


def room(box: Sandbox, channel: str) -> Channel:
    if channel not in box.state.channels:
        raise Impossible("channel_not_found", channel, status=404)
    return box.channel(channel)


def installed(box: Sandbox, app: str) -> App:
    """An app by its id, its bot user or its name."""
    for one in box.state.apps.values():
        if app in (one.id, one.bot_user_id, one.name):
            return one
    raise Impossible("app_not_found", app, status=404)


def line(channel: Channel, ts: str) -> Message:
    if ts not in channel.messages:
        raise Impossible("message_not_found", ts, status=404)
    return channel.messages[ts]


def routers() -> list[APIRouter]:
    from . import acting, connect, machinery, reading, rooms, seeding, talking  # noqa: PLC0415 - they import the names above

    return [module.router for module in (seeding, rooms, connect, reading, talking, acting, machinery)]
