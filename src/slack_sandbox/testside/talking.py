"""People write, react, join, leave and upload."""

import base64
import binascii

from fastapi import APIRouter
from pydantic import BaseModel, Field

from .. import channels, files, messages, shapes
from ..errors import Impossible, SlackError
from ..interactivity import able, enter
from ..people_events import home_opened
from ..sandbox import Sandbox
from ..state import Channel, Message, User
from . import Box, Json, installed, line, person, room
from .seeding import channel_row

router = APIRouter(prefix="/sandbox/users/{user}", tags=["people"])


class Say(BaseModel):
    channel: str
    text: str
    thread_ts: str | None = None
    reply_broadcast: bool = False


class Edit(BaseModel):
    channel: str
    ts: str
    text: str


class Delete(BaseModel):
    channel: str
    ts: str


class React(BaseModel):
    channel: str
    ts: str
    name: str
    remove: bool = False


class Pin(BaseModel):
    channel: str
    ts: str
    remove: bool = False


class Where(BaseModel):
    channel: str


class Kick(BaseModel):
    channel: str
    user: str


class Invite(BaseModel):
    channel: str
    users: list[str]


class Attachment(BaseModel):
    name: str = Field("file.txt", min_length=1)
    content: str = ""
    content_base64: str | None = Field(None, description="the bytes of a file that is not text; then without `content`")
    title: str | None = None


class Upload(Attachment):
    channel: str
    comment: str = ""
    thread_ts: str | None = None


class With(BaseModel):
    with_: str | list[str]

    model_config = {"alias_generator": lambda name: name.rstrip("_"), "populate_by_name": True}


class Describe(BaseModel):
    channel: str
    text: str


class Mark(BaseModel):
    channel: str
    ts: str | None = None


class Home(BaseModel):
    app: str
    tab: str = "home"


def _writer(box: Sandbox, user: str, channel: str) -> tuple[User, Channel]:
    found, place = person(box, user), room(box, channel)
    enter(place, found)
    if place.is_archived:
        raise Impossible("is_archived", f"#{place.name}", status=409)
    return found, place


def _own(place: Channel, ts: str, writer: User) -> Message:
    message = line(place, ts)
    if message.user != writer.id:
        raise Impossible("not_your_message", ts, status=403)
    return message


@router.post("/messages")
async def say(user: str, body: Say, box: Box) -> Json:
    """Posts as this person, who must be a member; answers the message."""
    writer, place = _writer(box, user, body.channel)
    if not body.text.strip():
        raise Impossible("no_text")
    if body.thread_ts:
        line(place, body.thread_ts)
    posted = messages.say(box, place, writer, body.text, thread_ts=body.thread_ts, broadcast=body.reply_broadcast)
    return shapes.message(box, posted, room=place) | {"channel": place.id}


@router.post("/edits")
async def edit(user: str, body: Edit, box: Box) -> Json:
    """Changes an own message; answers it."""
    writer, place = _writer(box, user, body.channel)
    message = _own(place, body.ts, writer)
    messages.edit(box, place, message, body.text, by=writer)
    return shapes.message(box, message, room=place)


@router.post("/deletions")
async def delete(user: str, body: Delete, box: Box) -> Json:
    """Deletes an own message (an admin: any), or dismisses an ephemeral one."""
    writer, place = person(box, user), room(box, body.channel)
    ephemeral = next((one for one in place.ephemerals if one.ts == body.ts and one.to == writer.id), None)
    if ephemeral is not None:
        # "Only visible to you - dismiss"
        place.ephemerals.remove(ephemeral)
        box.tell("message", to={writer.id}, channel=place.id)
        return {"ok": True}
    enter(place, writer)
    messages.delete(box, place, line(place, body.ts) if writer.is_admin else _own(place, body.ts, writer))
    return {"ok": True}


@router.post("/reactions")
async def react(user: str, body: React, box: Box) -> Json:
    """Adds an emoji; with `remove`, takes it away."""
    writer, place = _writer(box, user, body.channel)
    message = line(place, body.ts)
    try:
        if body.remove:
            messages.unreact(box, place, message, body.name, writer)
        else:
            messages.react(box, place, message, body.name, writer)
    except SlackError as error:
        raise Impossible(error.error, body.name) from None
    return {"reactions": [one.wire() for one in message.reactions]}


@router.post("/joins")
async def join(user: str, body: Where, box: Box) -> Json:
    """Joins a public channel."""
    who, place = person(box, user), room(box, body.channel)
    able(who)
    if who.team_id not in place.teams or (place.kind_in(who.team_id) != "public" and who.id not in place.members):
        raise Impossible("channel_not_found", place.id, status=404)
    if place.is_archived:
        raise Impossible("is_archived", f"#{place.name}", status=409)
    channels.join(box, place, who)
    return channel_row(box, place, who.id)


@router.post("/leaves")
async def leave(user: str, body: Where, box: Box) -> Json:
    """Leaves the channel; when not in it, nothing happens."""
    who, place = person(box, user), room(box, body.channel)
    channels.leave(box, place, who)
    return channel_row(box, place)


@router.post("/invitations")
async def invite(user: str, body: Invite, box: Box) -> Json:
    """Adds people (or an app's bot) to a channel this person is in."""
    who, place = _writer(box, user, body.channel)
    try:
        channels.invite(box, place, body.users, by=who, force=False)
    except SlackError as error:
        raise Impossible(error.error, str(error.more.get("errors", ""))) from None
    return channel_row(box, place, who.id)


@router.post("/kicks")
async def kick(user: str, body: Kick, box: Box) -> Json:
    """Removes another person, or an app's bot."""
    who, place = _writer(box, user, body.channel)
    channels.leave(box, place, person(box, body.user), kicked_by=who)
    return channel_row(box, place, who.id)


@router.post("/topics")
async def topic(user: str, body: Describe, box: Box) -> Json:
    """Sets the topic: at most 250 characters."""
    return _described(box, user, body, "topic")


@router.post("/purposes")
async def purpose(user: str, body: Describe, box: Box) -> Json:
    """Sets the purpose: at most 250 characters."""
    return _described(box, user, body, "purpose")


def _described(box: Sandbox, user: str, body: Describe, which: str) -> Json:
    who, place = _writer(box, user, body.channel)
    try:
        channels.describe(box, place, which, body.text, by=who)
    except SlackError as error:
        raise Impossible(error.error, body.text) from None
    return channel_row(box, place, who.id)


@router.post("/pins")
async def pin(user: str, body: Pin, box: Box) -> Json:
    """Pins a message; with `remove`, unpins it."""
    who, place = _writer(box, user, body.channel)
    act = messages.unpin if body.remove else messages.pin
    try:
        act(box, place, line(place, body.ts), by=who)
    except SlackError as error:
        raise Impossible(error.error, body.ts) from None
    return channel_row(box, place, who.id)


@router.post("/uploads")
async def upload(user: str, body: Upload, box: Box) -> Json:
    """Shares a file; answers its message."""
    who, place = _writer(box, user, body.channel)
    if body.thread_ts:
        line(place, body.thread_ts)
    stored = files.store(box, who, body.name, _bytes(body), title=body.title)
    posted = files.share(box, stored, place, who, comment=body.comment, thread_ts=body.thread_ts)
    return shapes.message(box, posted, room=place) | {"channel": place.id}


def _bytes(body: Attachment) -> bytes:
    if body.content_base64 is None:
        return body.content.encode(errors="replace")
    try:
        return base64.b64decode(body.content_base64, validate=True)
    except binascii.Error as error:
        raise Impossible("invalid_base64", str(error)) from None


@router.post("/files")
async def attach(user: str, body: Attachment, box: Box) -> Json:
    """Stores a file without sharing it, as choosing one in a modal's file input does; answers the file."""
    who = person(box, user)
    able(who)
    return shapes.file(box, files.store(box, who, body.name, _bytes(body), title=body.title))


@router.post("/dms")
async def open_direct(user: str, body: With, box: Box) -> Json:
    """The direct message with a person or an app (bot user, app id), or a group of people."""
    who = person(box, user)
    able(who)
    others = [body.with_] if isinstance(body.with_, str) else body.with_
    members = [one if one in box.state.users else installed(box, one).bot_user_id for one in others]
    if any(box.user(one).team_id != who.team_id for one in members):
        raise Impossible("user_not_found", ", ".join(others), status=404)
    place = channels.direct(box, who.team_id, [who.id, *members])
    place.is_open = True
    for app in box.state.installed(who.team_id):
        if members == [app.bot_user_id]:
            home_opened(box, app, who, channel=place.id, tab="messages")
    box.tell("channel", to=set(place.members), channel=place.id)
    return channel_row(box, place, who.id)


@router.post("/mark")
async def mark(user: str, body: Mark, box: Box) -> Json:
    """Has read the channel, up to `ts` or its end."""
    who, place = person(box, user), room(box, body.channel)
    place.last_read[who.id] = body.ts or next(reversed(place.messages), "0")
    box.tell("channel", to={who.id}, channel=place.id)
    return {"ok": True}


@router.post("/home")
async def open_home(user: str, body: Home, box: Box) -> Json:
    """Opens an app's home: the app hears of it and may publish. Answers what is published at this moment."""
    who, app = person(box, user), installed(box, body.app)
    able(who)
    place = channels.direct(box, who.team_id, [who.id, app.bot_user_id])
    home_opened(box, app, who, channel=place.id, tab=body.tab)
    published = box.state.homes.get(f"{app.id} {who.id}")
    return {"channel": place.id, "view": shapes.view(box, box.state.views[published]) if published else None}
