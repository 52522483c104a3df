"""pins.*, bookmarks.* and reactions.*: marks people and apps leave."""

from typing import Any

from .. import messages, shapes
from ..call import Call
from ..errors import SlackError
from ..state import Channel, Message
from . import method

Json = dict[str, Any]
BOOKMARK_LIMIT = 100


def _marked(call: Call, *, member: bool = True) -> tuple[Channel, Message]:
    if not call.maybe("channel") or not call.maybe("timestamp"):
        raise SlackError("no_item_specified")
    stamp = call.text("timestamp")
    if not stamp.replace(".", "", 1).isdigit():
        raise SlackError("bad_timestamp")
    room = call.channel()
    if member and room.kind_in(call.team) != "public" and call.me.id not in room.members:
        raise SlackError("not_in_channel")
    return room, call.message(room, "timestamp")


@method("pins.add")
def pin(call: Call) -> Json:
    room, message = _marked(call)
    if call.me.id not in room.members:
        raise SlackError("not_in_channel")
    if room.is_archived:
        raise SlackError("is_archived")
    messages.pin(call.box, room, message, by=call.me)
    return {}


@method("pins.remove")
def unpin(call: Call) -> Json:
    room, message = _marked(call)
    messages.unpin(call.box, room, message, by=call.me)
    return {}


@method("pins.list")
def pins(call: Call) -> Json:
    room = call.channel()
    return {"items": [messages.pinned_item(call.box, room, pin) for pin in reversed(room.pins)]}


@method("reactions.add")
def react(call: Call) -> Json:
    room, message = _marked(call)
    if room.is_archived:
        raise SlackError("is_archived")
    messages.react(call.box, room, message, call.needed("name"), call.me)
    return {}


@method("reactions.remove")
def unreact(call: Call) -> Json:
    room, message = _marked(call)
    messages.unreact(call.box, room, message, call.needed("name"), call.me)
    return {}


@method("reactions.get")
def reactions(call: Call) -> Json:
    room, message = _marked(call)
    shown = shapes.message(call.box, message, room=room)
    shown["permalink"] = messages.permalink(call.box, room, message.ts)
    return {"type": "message", "channel": room.id, "message": shown}


@method("bookmarks.add")
def add_bookmark(call: Call) -> Json:
    room = _bookmarked(call)
    kind = call.needed("type")
    if kind not in ("link", "folder"):
        raise SlackError("invalid_bookmark_type")
    link = call.text("link")
    if kind == "link" and not _is_link(link):
        raise SlackError("invalid_link")
    if len(room.bookmarks) >= BOOKMARK_LIMIT:
        raise SlackError("too_many_bookmarks")
    now = call.box.now()
    bookmark: Json = {
        "id": call.box.ids.new("Bk"),
        "channel_id": room.id,
        "title": call.needed("title"),
        "link": link,
        "emoji": call.text("emoji"),
        "icon_url": None,
        "type": kind,
        "entity_id": call.maybe("entity_id"),
        "date_created": now,
        "date_updated": 0,
        "rank": f"{len(room.bookmarks):03d}",
        "last_updated_by_user_id": call.me.id,
        "last_updated_by_team_id": call.team,
        "shortcut_id": None,
        "app_id": call.app.id,
    }
    room.bookmarks.append(bookmark)
    call.box.tell_members("channel", room)
    return {"bookmark": bookmark}


@method("bookmarks.edit")
def edit_bookmark(call: Call) -> Json:
    room = _bookmarked(call)
    bookmark = _bookmark(call, room)
    if call.maybe("link") and not _is_link(call.text("link")):
        raise SlackError("invalid_link")
    bookmark |= {key: call.text(key) for key in ("title", "link", "emoji") if key in call.args}
    bookmark |= {"date_updated": call.box.now(), "last_updated_by_user_id": call.me.id}
    call.box.tell_members("channel", room)
    return {"bookmark": bookmark}


@method("bookmarks.remove")
def remove_bookmark(call: Call) -> Json:
    room = _bookmarked(call)
    room.bookmarks.remove(_bookmark(call, room))
    call.box.tell_members("channel", room)
    return {}


@method("bookmarks.list")
def bookmarks(call: Call) -> Json:
    return {"bookmarks": _bookmarked(call, change=False).bookmarks}


def _bookmarked(call: Call, *, change: bool = True) -> Channel:
    room = call.channel("channel_id")
    if call.me.id not in room.members:
        # unverified: Slack documents no not_in_channel for bookmarks; a bot outside the channel cannot see its bar.
        raise SlackError("channel_not_found")
    if change and room.is_archived:
        raise SlackError("permission_denied")
    return room


def _bookmark(call: Call, room: Channel) -> Json:
    wanted = call.needed("bookmark_id")
    for bookmark in room.bookmarks:
        if bookmark["id"] == wanted:
            return bookmark
    raise SlackError("not_found")


def _is_link(link: str) -> bool:
    return link.startswith(("http://", "https://")) and len(link.partition("://")[2]) > 0
