"""What happens to channels: created, renamed, joined, left, archived, described."""

import re
from typing import Any

from .errors import SlackError
from .events import publish
from .messages import announce
from .sandbox import Sandbox
from .state import Channel, Kind, Note, User

Json = dict[str, Any]
NAME_LIMIT = 80
NOTE_LIMIT = 250
# Slack's argument text says 100 while its usage text says 1000: unverified, the stricter one is taken.
INVITE_LIMIT = 100
_EVENT_FAMILY = {"public": "channel", "private": "group"}


def check_name(name: str) -> str:
    if not name:
        raise SlackError("invalid_name_required", detail="Value passed for `name` was empty.")
    if len(name) > NAME_LIMIT:
        raise SlackError(
            "invalid_name_maxlength", detail=f"Value passed for `name` exceeded max length of {NAME_LIMIT}."
        )
    if re.fullmatch(r"[\W_]+", name, re.ASCII):
        raise SlackError("invalid_name_punctuation", detail="Value passed for `name` contained only punctuation.")
    if not re.fullmatch(r"[^\W_][\w-]*|[\w-]+", name) or name != name.lower() or re.search(r"[^\w-]", name):
        raise SlackError(
            "invalid_name_specials",
            detail="Value passed for `name` contained unallowed special characters or upper case characters.",
        )
    return name


def create(box: Sandbox, team: str, name: str, *, private: bool, by: User, general: bool = False) -> Channel:
    check_name(name)
    key = f"{team} {name}"
    if key in box.state.names:
        raise SlackError("name_taken")
    channel = Channel(
        id=box.new_id("C"),
        team_id=team,
        name=name,
        kind="private" if private else "public",
        creator=by.id,
        created=box.now(),
        members=[by.id],
        is_general=general,
        updated=box.now(),
    )
    box.state.channels[channel.id] = channel
    box.state.names[key] = channel.id
    _seen_by(box, channel, by.id)
    if not private:
        detail = {"id": channel.id, "name": name, "created": channel.created, "creator": by.id, "context_team_id": team}
        publish(box, team, {"type": "channel_created", "channel": detail}, channel=channel, everyone=True)
    announce(box, channel, by, "channel_join", f"<@{by.id}> has joined the channel")
    _membership_event(box, channel, "member_joined_channel", by.id)
    box.tell_members("channel", channel)
    return channel


def direct(box: Sandbox, team: str, people: list[str]) -> Channel:
    """The one conversation between exactly these people (two: a direct message, more: a group one)."""
    members = sorted(set(people))
    key = " ".join([team, *members])
    if key in box.state.directs:
        return box.channel(box.state.directs[key])
    kind: Kind = "im" if len(members) <= 2 else "mpim"
    names = "--".join(box.user(member).name for member in members)
    channel = Channel(
        id=box.new_id("D" if kind == "im" else "C"),
        team_id=team,
        name="" if kind == "im" else f"mpdm-{names}-1",
        kind=kind,
        creator=people[0],
        created=box.now(),
        members=members,
        is_open=False,
        updated=box.now(),
    )
    box.state.channels[channel.id] = channel
    box.state.directs[key] = channel.id
    if kind == "im":
        opened = {"type": "im_created", "user": people[0], "channel": {"id": channel.id, "is_im": True}}
        publish(box, team, opened, channel=channel)
    return channel


def join(box: Sandbox, channel: Channel, person: User, *, inviter: User | None = None) -> None:
    if person.id in channel.members:
        return
    channel.members.append(person.id)
    _seen_by(box, channel, person.id)
    by = {"inviter": inviter.id} if inviter else {}
    announce(box, channel, person, "channel_join", f"<@{person.id}> has joined the channel", **by)
    _membership_event(box, channel, "member_joined_channel", person.id, inviter=inviter)
    box.tell_members("channel", channel)


def leave(box: Sandbox, channel: Channel, person: User, *, kicked_by: User | None = None) -> None:
    if person.id not in channel.members:
        return
    channel.members.remove(person.id)
    if kicked_by is None:
        announce(box, channel, person, "channel_leave", f"<@{person.id}> has left the channel")
    _membership_event(box, channel, "member_left_channel", person.id, also=(person.id,))
    family = _EVENT_FAMILY.get(channel.kind)
    for app in box.state.around(channel):
        if family and app.bot_user_id == person.id:
            left = {"type": f"{family}_left", "channel": channel.id, "actor_id": (kicked_by or person).id}
            publish(box, channel.team_id, left, channel=channel, also=(person.id,), only_app=app.id)
    box.tell_members("channel", channel)
    box.tell("channel", to={person.id}, channel=channel.id)


def invite(box: Sandbox, channel: Channel, people: list[str], *, by: User, force: bool) -> list[Json]:
    """Adds everybody or nobody; with `force` whoever can be added. Answers what is wrong with the others."""
    if len(people) > INVITE_LIMIT:
        # unverified: Slack does not say how it rejects more.
        raise SlackError(
            "too_many_users", messages=[f"no more than {INVITE_LIMIT} items allowed [json-pointer:/users]"]
        )
    problems = [(person, problem) for person in people if (problem := _cannot_invite(box, channel, person, by))]
    errors: list[Json] = [{"user": person, "ok": False, "error": problem} for person, problem in problems]
    wrong = {person for person, _ in problems}
    if problems and (not force or len(problems) == len(people)):
        raise SlackError(problems[0][1], errors=errors)
    for person in people:
        # Slack passes over deactivated people without a word.
        if person not in wrong and not box.user(person).deleted:
            join(box, channel, box.user(person), inviter=by)
    return errors


def _cannot_invite(box: Sandbox, channel: Channel, person: str, by: User) -> str | None:
    user = box.state.users.get(person)
    if user is None or user.team_id not in channel.teams:
        return "user_not_found"
    if person == by.id:
        return "cant_invite_self"
    if person in channel.members:
        return "already_in_channel"
    if user.is_ultra_restricted and any(user.id in room.members for room in box.state.rooms(channel.team_id) if room.kind in ("public", "private")):  # fmt: skip
        return "ura_max_channels"
    return None


def rename(box: Sandbox, channel: Channel, name: str, *, by: User) -> None:
    check_name(name)
    key = f"{channel.team_id} {name}"
    if box.state.names.get(key, channel.id) != channel.id:
        raise SlackError("name_taken")
    old = channel.name
    del box.state.names[f"{channel.team_id} {old}"]
    box.state.names[key] = channel.id
    channel.name = name
    channel.previous_names = [old, *channel.previous_names][:10]
    channel.updated = box.now()
    text = f'has renamed the channel from "{old}" to "{name}"'
    announce(box, channel, by, "channel_name", text, old_name=old, name=name)
    detail = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created}
    _family_event(box, channel, "rename", {"channel": detail})


def archive(box: Sandbox, channel: Channel, *, by: User) -> None:
    announce(box, channel, by, "channel_archive", f"<@{by.id}> archived the channel")
    channel.is_archived = True
    channel.updated = box.now()
    _family_event(box, channel, "archive", {"channel": channel.id, "user": by.id})


def unarchive(box: Sandbox, channel: Channel, *, by: User) -> None:
    channel.is_archived = False
    channel.updated = box.now()
    if by.id not in channel.members:
        channel.members.append(by.id)
    announce(box, channel, by, "channel_unarchive", f"<@{by.id}> un-archived the channel")
    _family_event(box, channel, "unarchive", {"channel": channel.id, "user": by.id})


def delete(box: Sandbox, channel: Channel, *, by: User) -> None:
    del box.state.channels[channel.id]
    box.state.names = {key: value for key, value in box.state.names.items() if value != channel.id}
    _family_event(box, channel, "deleted", {"channel": channel.id, "actor_id": by.id})


def describe(box: Sandbox, channel: Channel, which: str, value: str, *, by: User) -> None:
    """Sets the `topic` or the `purpose`. Slack stays silent when nothing changes."""
    if len(value) > NOTE_LIMIT:
        raise SlackError("too_long")
    if getattr(channel, which).value == value:
        return
    setattr(channel, which, Note(value, by.id, box.now()))
    channel.updated = box.now()
    text = (
        f"set the channel {'topic' if which == 'topic' else 'description'}: {value}"
        if value
        else f"cleared the channel {which}"
    )
    announce(box, channel, by, f"channel_{which}", text, **{which: value})
    box.tell_members("channel", channel)


def _family_event(box: Sandbox, channel: Channel, what: str, detail: Json) -> None:
    family = _EVENT_FAMILY.get(channel.kind)
    if family:
        event = {"type": f"{family}_{what}", **detail}
        publish(box, channel.team_id, event, channel=channel, everyone=channel.kind == "public")
    box.tell_members("channel", channel)


def _membership_event(
    box: Sandbox, channel: Channel, kind: str, person: str, *, also: tuple[str, ...] = (), inviter: User | None = None
) -> None:
    event: Json = {
        "type": kind,
        "user": person,
        "channel": channel.id,
        "channel_type": "G" if channel.kind == "private" else "C",
        "team": box.user(person).team_id,
    }
    if inviter is not None:
        event["inviter"] = inviter.id
    publish(box, channel.team_id, event, channel=channel, also=also)


def _seen_by(box: Sandbox, channel: Channel, person: str) -> None:
    channel.last_read[person] = box.ts()
