"""What happens to messages: posted, changed, deleted, reacted to, pinned."""

import re
from typing import Any

from . import rich_text, shapes, unfurling
from .errors import SlackError
from .events import publish
from .sandbox import Sandbox
from .state import App, Channel, Message, Pin, Reaction, User

Json = dict[str, Any]
PIN_LIMIT = 100
# From memory of Slack's own client, not documented: distinct emoji on a message, and by one person.
EMOJI_LIMIT = 50
PERSON_EMOJI_LIMIT = 23


def announce(box: Sandbox, channel: Channel, by: User, subtype: str, text: str, **extra: Any) -> Message:
    """The system lines of a channel (joined, renamed, ...)."""
    message = Message(box.ts(), channel.id, by.team_id, text, user=by.id, subtype=subtype, extra=extra)
    return _added(box, channel, message)


def say(
    box: Sandbox,
    channel: Channel,
    person: User,
    text: str,
    *,
    thread_ts: str | None = None,
    files: tuple[str, ...] = (),
    broadcast: bool = False,
) -> Message:
    """A person writes."""
    text = rich_text.stored(box, channel.team_id, text)
    message = Message(
        ts=box.ts(),
        channel=channel.id,
        team=person.team_id,
        text=text,
        user=person.id,
        blocks=[rich_text.block(box, text)] if text else None,
        thread_ts=thread_ts,
        client_msg_id=_uuid(box),
        files=list(files),
        subtype="file_share" if files else "thread_broadcast" if broadcast and thread_ts else None,
    )
    posted = _added(box, channel, message)
    channel.last_read[person.id] = posted.ts
    return posted


def _uuid(box: Sandbox) -> str:
    raw = box.ids.secret("client_msg_id")
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}"


def post(box: Sandbox, channel: Channel, message: Message) -> Message:
    """An app writes: `message` is complete but for its place in the channel."""
    return _added(box, channel, message)


def _added(box: Sandbox, channel: Channel, message: Message) -> Message:
    channel.messages[message.ts] = message
    channel.is_open = True
    if message.thread_ts and message.thread_ts != message.ts:
        box.statuses.pop(f"{channel.id} {message.thread_ts}", None)
        parent = channel.messages.get(message.thread_ts)
        if parent is not None:
            # Replying to a reply lands in the same thread.
            if parent.thread_ts and parent.thread_ts in channel.messages:
                message.thread_ts = parent.thread_ts
                parent = channel.messages[parent.thread_ts]
            parent.replies.append(message.ts)
            message.extra.setdefault("parent_user_id", parent.user or parent.bot_id)
    event = shapes.message(box, message) | _place(channel) | {"event_ts": message.ts}
    if channel.connected:
        event |= {"user_team": message.team, "source_team": message.team}
    publish(box, channel.team_id, event, channel=channel)
    _mentions(box, channel, message)
    unfurling.told(box, channel, message)
    box.tell_members("message", channel)
    return message


def _place(channel: Channel) -> Json:
    return {"channel": channel.id, "channel_type": shapes.CHANNEL_TYPE[channel.kind]}


def _mentions(box: Sandbox, channel: Channel, message: Message) -> None:
    if channel.kind == "im" or message.subtype not in (None, "file_share", "thread_broadcast"):
        return
    for app in box.state.around(channel):
        if f"<@{app.bot_user_id}>" in message.text and message.app_id != app.id:
            event = shapes.message(box, message) | {
                "type": "app_mention",
                "channel": channel.id,
                "event_ts": message.ts,
            }
            publish(box, channel.team_id, event, channel=channel, only_app=app.id)


def whisper(box: Sandbox, channel: Channel, message: Message) -> Message:
    """Shows `message` to the one person it is for, and to nobody else."""
    channel.ephemerals.append(message)
    box.whispered.setdefault(message.to or "", []).append(message)
    box.tell("message", to={message.to or ""}, channel=channel.id, user=message.to)
    return message


def changed(box: Sandbox, channel: Channel, message: Message, before: Json) -> None:
    """Tells everyone of the new text; the caller has changed `message` already."""
    now = box.ts()
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": shapes.message(box, message, room=channel),
        "previous_message": before,
        "ts": now,
        "event_ts": now,
    }
    publish(box, channel.team_id, event | _place(channel), channel=channel)
    box.tell_members("message", channel)


def edit(box: Sandbox, channel: Channel, message: Message, text: str, *, by: User) -> None:
    """A person corrects their own message."""
    before = shapes.message(box, message, room=channel)
    message.text = rich_text.stored(box, channel.team_id, text)
    message.blocks = [rich_text.block(box, message.text)]
    message.edited = {"user": by.id, "ts": f"{box.now()}.000000"}
    changed(box, channel, message, before)


def delete(box: Sandbox, channel: Channel, message: Message) -> None:
    before = shapes.message(box, message, room=channel)
    channel.pins = [pin for pin in channel.pins if pin.ts != message.ts]
    if message.replies:
        _bury(message)
        changed(box, channel, message, before)
        return
    del channel.messages[message.ts]
    parent = channel.messages.get(message.thread_ts or "")
    if parent is not None and message.ts in parent.replies:
        parent.replies.remove(message.ts)
    now = box.ts()
    event = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message.ts,
        "previous_message": before,
        "ts": now,
        "event_ts": now,
    }
    publish(box, channel.team_id, event | _place(channel), channel=channel)
    box.tell_members("message", channel)


def _bury(message: Message) -> None:
    """The first message of a thread leaves a stone behind, so that its replies keep their place."""
    message.subtype, message.user, message.text = "tombstone", "USLACKBOT", "This message was deleted."
    message.blocks = message.attachments = message.metadata = message.username = message.icons = None
    message.bot_id = message.app_id = message.client_msg_id = None
    message.files, message.reactions = [], []
    message.extra["hidden"] = True


def react(box: Sandbox, channel: Channel, message: Message, name: str, person: User) -> None:
    name = _emoji_name(name)
    reaction = next((known for known in message.reactions if known.name == name), None)
    if reaction is not None and person.id in reaction.users:
        raise SlackError("already_reacted")
    if reaction is None and len(message.reactions) >= EMOJI_LIMIT:
        raise SlackError("too_many_emoji")
    if sum(person.id in known.users for known in message.reactions) >= PERSON_EMOJI_LIMIT:
        raise SlackError("too_many_reactions")
    if reaction is None:
        reaction = Reaction(name)
        message.reactions.append(reaction)
    reaction.users.append(person.id)
    _reaction_event(box, channel, message, "reaction_added", name, person)


def unreact(box: Sandbox, channel: Channel, message: Message, name: str, person: User) -> None:
    name = _emoji_name(name)
    reaction = next((known for known in message.reactions if known.name == name and person.id in known.users), None)
    if reaction is None:
        raise SlackError("no_reaction")
    reaction.users.remove(person.id)
    message.reactions = [known for known in message.reactions if known.users]
    _reaction_event(box, channel, message, "reaction_removed", name, person)


def _emoji_name(name: str) -> str:
    name = name.strip(":")
    if not re.fullmatch(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    return name


def _reaction_event(box: Sandbox, channel: Channel, message: Message, kind: str, name: str, person: User) -> None:
    event = {
        "type": kind,
        "user": person.id,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user,
    }
    publish(box, channel.team_id, event, channel=channel)
    box.tell_members("message", channel)


def pin(box: Sandbox, channel: Channel, message: Message, *, by: User) -> None:
    if any(known.ts == message.ts for known in channel.pins):
        raise SlackError("already_pinned")
    if len(channel.pins) >= PIN_LIMIT:
        raise SlackError("too_many_pins")
    channel.pins.append(Pin(message.ts, by.id, box.now()))
    item = pinned_item(box, channel, channel.pins[-1])
    event = {"type": "pin_added", "user": by.id, "channel_id": channel.id, "item": item, "item_user": message.user, "pin_count": len(channel.pins), "pinned_info": {"channel": channel.id, "pinned_by": by.id, "pinned_ts": box.now()}}  # fmt: skip
    publish(box, channel.team_id, event, channel=channel)
    announce(box, channel, by, "pinned_item", f"<@{by.id}> pinned a message to this channel.")
    box.tell_members("channel", channel)


def unpin(box: Sandbox, channel: Channel, message: Message, *, by: User) -> None:
    found = next((known for known in channel.pins if known.ts == message.ts), None)
    if found is None:
        raise SlackError("no_pin")
    item = pinned_item(box, channel, found)
    channel.pins.remove(found)
    event = {"type": "pin_removed", "user": by.id, "channel_id": channel.id, "item": item, "item_user": message.user, "pin_count": len(channel.pins), "has_pins": bool(channel.pins)}  # fmt: skip
    publish(box, channel.team_id, event, channel=channel)
    box.tell_members("channel", channel)


def pinned_item(box: Sandbox, channel: Channel, pin: Pin) -> Json:
    message = shapes.message(box, channel.messages[pin.ts], room=channel)
    message["permalink"] = permalink(box, channel, pin.ts)
    return {"type": "message", "channel": channel.id, "message": message, "created": pin.created, "created_by": pin.by}


def permalink(box: Sandbox, channel: Channel, ts: str) -> str:
    thread = channel.messages[ts].thread_ts if ts in channel.messages else None
    link = f"{box.base_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return f"{link}?thread_ts={thread}&cid={channel.id}" if thread and thread != ts else link


def by_app(box: Sandbox, app: App, channel: Channel, **fields: Any) -> Message:
    """A message of the app's bot, not yet in the channel."""
    return Message(
        ts=box.ts(),
        channel=channel.id,
        team=app.team_id,
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.id,
        **fields,
    )


def shared_file(box: Sandbox, channel: Channel, file_id: str, person: User) -> None:
    event = {
        "type": "file_shared",
        "channel_id": channel.id,
        "file_id": file_id,
        "user_id": person.id,
        "file": {"id": file_id},
    }
    publish(box, channel.team_id, event, channel=channel)
