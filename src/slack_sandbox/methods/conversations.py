"""Changing conversations: creating, describing, filling and closing them."""

from typing import Any

from .. import channels, shapes
from ..call import Call
from ..errors import SlackError
from ..state import Channel
from . import method

Json = dict[str, Any]


def _not_direct(room: Channel) -> None:
    if room.kind in ("im", "mpim"):
        raise SlackError("method_not_supported_for_channel_type")


def _may_create(call: Call) -> None:
    if call.me.is_restricted or call.me.is_ultra_restricted:
        raise SlackError("restricted_action")


@method("conversations.create")
def create(call: Call) -> Json:
    private = call.flag("is_private")
    if private:
        call.require("groups:write")
    else:
        call.require("channels:manage", "channels:write")
    _may_create(call)
    room = channels.create(call.box, call.team, call.text("name"), private=private, by=call.me)
    return {"channel": shapes.channel(room, call.me)}


@method("conversations.rename")
def rename(call: Call) -> Json:
    room = call.channel(unarchived=True)
    _not_direct(room)
    name = call.needed("name")
    if call.me.id not in room.members:
        raise SlackError("not_in_channel")
    if room.creator != call.me.id and not call.me.is_admin:
        raise SlackError("not_authorized")
    channels.rename(call.box, room, name, by=call.me)
    return {"channel": shapes.channel(room, call.me)}


@method("conversations.archive")
def archive(call: Call) -> Json:
    room = call.channel()
    _not_direct(room)
    if room.is_general:
        raise SlackError("cant_archive_general")
    if room.is_archived:
        raise SlackError("already_archived")
    if call.is_bot and call.me.id not in room.members:
        raise SlackError("not_in_channel")
    channels.archive(call.box, room, by=call.me)
    return {}


@method("conversations.unarchive")
def unarchive(call: Call) -> Json:
    room = call.channel()
    _not_direct(room)
    if not room.is_archived:
        raise SlackError("not_archived")
    if call.is_bot:
        # Documented defect: bot tokens cannot, because archiving removed the bot from the channel.
        raise SlackError("not_in_channel")
    channels.unarchive(call.box, room, by=call.me)
    return {}


@method("conversations.setTopic")
def set_topic(call: Call) -> Json:
    room = call.channel(member=True, unarchived=True)
    channels.describe(call.box, room, "topic", call.text("topic"), by=call.me)
    return {"channel": shapes.channel(room, call.me)}


@method("conversations.setPurpose")
def set_purpose(call: Call) -> Json:
    room = call.channel(member=True, unarchived=True)
    channels.describe(call.box, room, "purpose", call.text("purpose"), by=call.me)
    return {"purpose": room.purpose.value, "channel": shapes.channel(room, call.me)}


@method("conversations.invite")
def invite(call: Call) -> Json:
    room = call.channel(member=True, unarchived=True)
    _not_direct(room)
    people = call.names("users")
    if not people:
        raise SlackError("no_user")
    errors = channels.invite(call.box, room, people, by=call.me, force=call.flag("force"))
    answer: Json = {"channel": shapes.channel(room, call.me)}
    return answer | ({"errors": errors} if errors else {})


@method("conversations.kick")
def kick(call: Call) -> Json:
    room = call.channel(member=True)
    _not_direct(room)
    person = call.person()
    if person.id == call.me.id:
        raise SlackError("cant_kick_self")
    if room.is_general:
        raise SlackError("cant_kick_from_general")
    if person.id not in room.members:
        raise SlackError("not_in_channel")
    channels.leave(call.box, room, person, kicked_by=call.me)
    return {"errors": {}}


@method("conversations.join")
def join(call: Call) -> Json:
    room = call.box.state.channels.get(call.needed("channel"))
    if room is None or not call.visible(room):
        raise SlackError("channel_not_found")
    if room.kind_in(call.team) != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if room.is_archived:
        raise SlackError("is_archived")
    already = call.me.id in room.members
    channels.join(call.box, room, call.me)
    answer: Json = {"channel": shapes.channel(room, call.me)}
    if already:
        answer |= {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return answer


@method("conversations.leave")
def leave(call: Call) -> Json:
    room = call.channel(unarchived=True)
    _not_direct(room)
    if room.is_general:
        raise SlackError("cant_leave_general")
    if call.me.id not in room.members:
        return {"not_in_channel": True}
    if room.kind == "private" and len(room.members) == 1:
        raise SlackError("last_member")
    channels.leave(call.box, room, call.me)
    return {}


@method("conversations.open")
def open_(call: Call) -> Json:
    if call.maybe("channel"):
        room = call.channel()
        if room.kind not in ("im", "mpim"):
            raise SlackError("method_not_supported_for_channel_type")
        already = room.is_open
    else:
        room, already = _opened(call)
    room.is_open = True
    detail = shapes.channel(room, call.me) if call.flag("return_im") else {"id": room.id}
    answer: Json = {"channel": detail}
    return answer | ({"no_op": True, "already_open": True} if already else {})


def _opened(call: Call) -> tuple[Channel, bool]:
    people = [person for person in call.names("users") if person != call.me.id]
    if not people:
        raise SlackError("users_list_not_supplied")
    if len(people) > 8:
        raise SlackError("too_many_users")
    # unverified: which of several accepted scopes Slack names; the one for the conversation's kind is taken.
    call.require("im:write" if len(people) == 1 else "mpim:write")
    for person in people:
        user = call.box.state.users.get(person)
        if user is None or user.team_id != call.team:
            raise SlackError("user_not_found")
        if user.deleted:
            raise SlackError("user_disabled")
    room = channels.direct(call.box, call.team, [call.me.id, *people])
    return room, room.is_open


@method("conversations.close")
def close(call: Call) -> Json:
    room = call.channel()
    if room.kind not in ("im", "mpim"):
        raise SlackError("method_not_supported_for_channel_type")
    already = not room.is_open
    room.is_open = False
    return {"no_op": True, "already_closed": True} if already else {}


@method("conversations.mark")
def mark(call: Call) -> Json:
    room = call.channel(member=True)
    room.last_read[call.me.id] = call.needed("ts")
    return {}
