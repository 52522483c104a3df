"""Channels are made, renamed, archived and deleted."""

from fastapi import APIRouter
from pydantic import BaseModel

from .. import channels, connecting
from ..errors import Impossible, SlackError
from ..interactivity import able
from ..sandbox import Sandbox
from ..state import Channel, User
from . import Box, Json, person, room
from .seeding import channel_row

router = APIRouter(prefix="/sandbox/channels", tags=["channels"])


class NewChannel(BaseModel):
    team: str
    name: str
    is_private: bool = False
    creator: str


class By(BaseModel):
    by: str


class Rename(By):
    name: str


class Connection(By):
    team: str
    new_id: bool = False


def _keeper(box: Sandbox, channel: str, by: str) -> tuple[Channel, User]:
    """The channel and somebody who may look after it: anybody of the workspace who can see it."""
    place, who = room(box, channel), person(box, by)
    able(who)
    if who.team_id not in place.teams or (place.kind_in(who.team_id) != "public" and who.id not in place.members):
        raise Impossible("channel_not_found", channel, status=404)
    if place.kind in ("im", "mpim"):
        raise Impossible("method_not_supported_for_channel_type", "direct messages stay as they are", status=409)
    return place, who


@router.post("")
async def make(new: NewChannel, box: Box) -> Json:
    """A person makes a channel. 409 when the name is taken or no name."""
    who = person(box, new.creator)
    if new.team not in box.state.workspaces or who.team_id != new.team:
        raise Impossible("team_not_found", f"{new.creator} is not of {new.team}", status=404)
    able(who)
    try:
        made = channels.create(box, new.team, new.name, private=new.is_private, by=who)
    except SlackError as error:
        raise Impossible(error.error, new.name, status=409) from None
    return channel_row(box, made, new.creator)


@router.post("/{channel}/rename")
async def rename(channel: str, body: Rename, box: Box) -> Json:
    """Renames it; the old name is kept in `previous_names`."""
    place, who = _keeper(box, channel, body.by)
    try:
        channels.rename(box, place, body.name, by=who)
    except SlackError as error:
        raise Impossible(error.error, body.name, status=409) from None
    return channel_row(box, place, body.by)


@router.post("/{channel}/archive")
async def archive(channel: str, body: By, box: Box) -> Json:
    """Archives it, unless it is `#general`. Of an archived channel nothing happens."""
    place, who = _keeper(box, channel, body.by)
    if place.is_general:
        raise Impossible("cant_archive_general", f"#{place.name}", status=409)
    if not place.is_archived:
        channels.archive(box, place, by=who)
    return channel_row(box, place, body.by)


@router.post("/{channel}/unarchive")
async def unarchive(channel: str, body: By, box: Box) -> Json:
    """Brings an archived channel back; the person is a member afterwards."""
    place, who = _keeper(box, channel, body.by)
    if place.is_archived:
        channels.unarchive(box, place, by=who)
    return channel_row(box, place, body.by)


@router.delete("/{channel}")
async def delete(channel: str, box: Box, by: str) -> Json:
    """Deletes the channel for good, as only an admin can."""
    place, who = _keeper(box, channel, by)
    if not who.is_admin or place.is_general:
        raise Impossible("restricted_action", f"{who.name} cannot delete #{place.name}", status=403)
    channels.delete(box, place, by=who)
    return {"ok": True}


@router.post("/{channel}/connections")
async def connect(channel: str, body: Connection, box: Box) -> Json:
    """Slack Connect: shares the channel with another workspace. With `new_id` it gets a new id, as may happen in Slack."""
    place, _ = _keeper(box, channel, body.by)
    if body.team not in box.state.workspaces:
        raise Impossible("team_not_found", body.team, status=404)
    try:
        connecting.share(box, place, body.team, renumbered=body.new_id)
    except SlackError as error:
        raise Impossible(error.error, body.team, status=409) from None
    return channel_row(box, place, body.by)


@router.delete("/{channel}/connections/{team}")
async def disconnect(channel: str, team: str, box: Box, by: str) -> Json:
    """Slack Connect: ends the sharing; the other workspace's people leave."""
    place, who = _keeper(box, channel, by)
    try:
        connecting.unshare(box, place, team, by=who)
    except SlackError as error:
        raise Impossible(error.error, team, status=409) from None
    return channel_row(box, place, by)
