"""Reading what Slack sends. Every field may be missing or of a wrong type: nothing here may fail for that."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from dispatch.kit.errors import DispatchError

#: Ids of Slack's that we store and compare: workspaces, channels, people, events.
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TS: Final = re.compile(r"(\d{1,11})(?:\.(\d{1,6}))?")
_MESSAGES: Final = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
    "app_home": "message.app_home",
}
#: News about a channel itself; wanted of all channels, since announcement channels are not ours.
_ABOUT_CHANNELS: Final = ("channel_", "group_")


class Malformed(DispatchError):
    """Not what Slack sends."""

    title = "Malformed"


def ident(value: Any) -> str:
    """The value when it can be an id of Slack's, else nothing."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def text(value: Any, longest: int = 40_000) -> str:
    """A text, cut; nothing for any other type. Without NUL, which PostgreSQL does not take, and half characters."""
    if not isinstance(value, str):
        return ""
    return value[:longest].replace("\0", "").encode("utf-8", "replace").decode()


def part(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object inside; an empty one when there is none."""
    found = payload.get(key)
    return found if isinstance(found, dict) else {}


def rows(payload: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects of a list inside."""
    found = payload.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def team_of(payload: Mapping[str, Any]) -> str:
    """The workspace of a command, an interaction or an event."""
    return (
        ident(payload.get("team_id"))
        or ident(part(payload, "team").get("id"))
        or ident(part(payload, "user").get("team_id"))
    )


def app_of(payload: Mapping[str, Any]) -> str:
    return ident(payload.get("api_app_id"))


def user_of(payload: Mapping[str, Any]) -> str:
    return ident(part(payload, "user").get("id")) or ident(payload.get("user_id"))


def is_outsider(user: Mapping[str, Any], team: str) -> bool:
    """Whether somebody belongs to another workspace and is met in a shared channel (Slack Connect).

    This workspace does not vouch for what their profile says. In an Enterprise organization people belong to several.
    """
    home = ident(user.get("team_id"))
    teams = part(user, "enterprise_user").get("teams")
    return bool(team and home) and home != team and not (isinstance(teams, list) and team in teams)


def place_of(payload: Mapping[str, Any]) -> str:
    """The channel a command or an interaction happened in; nothing for modals."""
    return (
        ident(part(payload, "channel").get("id"))
        or ident(payload.get("channel_id"))
        or ident(part(payload, "container").get("channel_id"))
    )


def with_sound_view(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as handlers may rely on it: view, blocks, values, message and actions are objects where Slack has objects."""
    sound = dict(payload)
    for key in ("view", "message", "container", "user", "team", "channel"):
        if key in sound and not isinstance(sound[key], dict):
            del sound[key]
    if "actions" in sound:
        sound["actions"] = rows(payload, "actions")
    if "view" in sound:
        values = part(part(sound["view"], "state"), "values")
        sound["view"] = {
            **sound["view"],
            "id": ident(sound["view"].get("id")),
            "blocks": rows(sound["view"], "blocks"),
            "state": {
                "values": {
                    str(block): {str(name): each for name, each in inside.items() if isinstance(each, dict)}
                    for block, inside in values.items()
                    if isinstance(inside, dict)
                }
            },
        }
    return sound


def event_name(happened: Mapping[str, Any]) -> str:
    """The name Slack's settings have for the event: messages are told apart by the kind of channel."""
    kind = happened.get("type")
    if kind == "message":
        return _MESSAGES.get(str(happened.get("channel_type")), "message")
    return kind if isinstance(kind, str) and re.fullmatch(r"[a-z0-9_.]{1,64}", kind) else ""


def channel_of(happened: Mapping[str, Any]) -> str:
    """The channel an event is about; nothing for those about people or the app."""
    channel = happened.get("channel")
    if isinstance(channel, dict):
        channel = channel.get("id")
    return ident(channel) or ident(part(happened, "item").get("channel")) or ident(happened.get("channel_id"))


def is_about_channels(kind: str) -> bool:
    return kind.startswith(_ABOUT_CHANNELS)


def is_direct(channel: str) -> bool:
    """A conversation with the app itself."""
    return channel.startswith("D")


def bot_of(envelope: Mapping[str, Any]) -> str:
    """The app's own user, as an event's envelope tells it."""
    for each in rows(envelope, "authorizations"):
        if each.get("is_bot") is True:
            return ident(each.get("user_id"))
    return ""


def is_shared(envelope: Mapping[str, Any]) -> bool:
    """Whether people of other workspaces read the channel (Slack Connect)."""
    return envelope.get("is_ext_shared_channel") is True


def micros(happened: Mapping[str, Any], envelope: Mapping[str, Any]) -> int:
    """When it happened, in microseconds since 1970: the order within a channel. Now, when Slack does not say."""
    found = _TS.fullmatch(str(happened.get("event_ts", ""))) or _TS.fullmatch(str(envelope.get("event_time", "")))
    if found is None:
        return int(time.time() * 1_000_000)
    return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))
