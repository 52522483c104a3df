"""Reading conversations: which there are, who is in them, what was said."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .. import shapes
from ..call import Call
from ..errors import SlackError
from ..state import Channel, Kind, Message
from . import method

Json = dict[str, Any]
_TYPES: dict[str, tuple[Kind, str]] = {
    "public_channel": ("public", "channels:read"),
    "private_channel": ("private", "groups:read"),
    "im": ("im", "im:read"),
    "mpim": ("mpim", "mpim:read"),
}


def filtered(call: Call) -> list[Channel]:
    """Conversations of the asked types that the caller can see; each asked type needs its own scope."""
    types = call.names("types") or ["public_channel"]
    if any(kind not in _TYPES for kind in types):
        raise SlackError("invalid_types")
    for kind in types:
        call.require(_TYPES[kind][1])
    kinds = {_TYPES[kind][0] for kind in types}
    hide_archived = call.flag("exclude_archived")
    return [
        room
        for room in call.box.state.rooms(call.team)
        if room.kind_in(call.team) in kinds and call.visible(room) and not (hide_archived and room.is_archived)
    ]


@method("conversations.list")
def list_(call: Call) -> Json:
    page, more = call.page(filtered(call))
    shown = [shapes.channel(room, call.me) for room in page]
    for room, row in zip(page, shown, strict=True):
        if room.kind != "im":
            row["num_members"] = len(room.members)
    return {"channels": shown} | more


@method("conversations.info")
def info(call: Call) -> Json:
    room = call.channel()
    shown = shapes.channel(room, call.me)
    if call.flag("include_num_members"):
        shown["num_members"] = len(room.members)
    if call.me.id in room.members:
        shown["last_read"] = room.last_read.get(call.me.id, "0000000000.000000")
    if room.canvas_id:
        shown["properties"] = {"canvas": {"file_id": room.canvas_id, "is_empty": False}}
    return {"channel": shown}


@method("conversations.members")
def members(call: Call) -> Json:
    page, more = call.page(list(call.channel().members))
    return {"members": page} | more


def _stamp(call: Call, name: str) -> float | None:
    value = call.maybe(name)
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _readable(call: Call) -> Channel:
    room = call.channel()
    if room.kind_in(call.team) != "public" and call.me.id not in room.members:
        raise SlackError("channel_not_found")
    if call.is_bot and call.me.id not in room.members:
        raise SlackError("not_in_channel")
    return room


def _between(call: Call, newest_first: Iterable[str]) -> Iterator[str]:
    """Those of the stamps that the arguments `oldest` and `latest` admit."""
    oldest, latest, inclusive = _stamp(call, "oldest"), _stamp(call, "latest"), call.flag("inclusive")
    for ts in newest_first:
        at = float(ts)
        if latest is not None and (at > latest or (at == latest and not inclusive)):
            continue
        if oldest is not None and (at < oldest or (at == oldest and not inclusive)):
            return
        yield ts


def _metadata(call: Call, shown: Json) -> Json:
    if not call.flag("include_all_metadata") and "metadata" in shown:
        shown["metadata"] = {"event_type": shown["metadata"].get("event_type")}
    return shown


@method("conversations.history")
def history(call: Call) -> Json:
    room = _readable(call)
    cap = 15 if call.box.rates.commercial else 1000
    size = call.number("limit", min(100, cap), high=cap)
    # Only as far back as the page reaches: a channel may hold a hundred thousand messages.
    rows = list(islice((ts for ts in _between(call, _before(call, room)) if _at_top(room.messages[ts])), size + 1))
    page = rows[:size]
    more = {"response_metadata": {"next_cursor": _cursor(page[-1])}} if len(rows) > size else {}
    answer: Json = {
        "messages": [_metadata(call, shapes.message(call.box, room.messages[ts], room=room)) for ts in page],
        "has_more": bool(more),
        "pin_count": len(room.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    return answer | more


def _at_top(message: Message) -> bool:
    """Whether the message stands in the channel itself and not only in a thread."""
    return message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast"


def _cursor(ts: str) -> str:
    """Slack's own look: where the next page starts, in Base64."""
    return base64.b64encode(f"next_ts:{ts.replace('.', '')}".encode()).decode()


def _before(call: Call, room: Channel) -> Iterator[str]:
    """Stamps below the cursor, newest first."""
    cursor = call.maybe("cursor")
    if cursor is None:
        return reversed(room.messages)
    try:
        name, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if name != "next_ts" or not number.isascii() or not number.isdigit():
        raise SlackError("invalid_cursor")
    below = int(number)
    return (ts for ts in reversed(room.messages) if int(ts.replace(".", "")) < below)


@method("conversations.replies")
def replies(call: Call) -> Json:
    room = _readable(call)
    parent = room.messages.get(call.needed("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.thread_ts and parent.thread_ts in room.messages:
        parent = room.messages[parent.thread_ts]
    # The first message of a thread is always part of the answer, whatever the bounds.
    rows = [parent.ts, *reversed(list(_between(call, reversed(parent.replies))))]
    page, more = call.page(rows, default=15 if call.box.rates.commercial else 1000)
    has_more = bool(more["response_metadata"]["next_cursor"])
    shown = [_metadata(call, shapes.message(call.box, room.messages[ts], room=room)) for ts in page]
    return {"messages": shown, "has_more": has_more} | (more if has_more else {})
