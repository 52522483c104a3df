"""chat.*: an app's messages."""

from typing import Any

from .. import blockcheck, channels, messages, rich_text, shapes
from ..call import Call
from ..errors import SlackError
from ..state import Channel, Message
from . import method

Json = dict[str, Any]
# Longer texts are cut by chat.postMessage (with a warning) and refused by chat.update.
POST_LIMIT = 40_000
UPDATE_LIMIT = 4_000
MARKDOWN_LIMIT = 12_000


def content(call: Call) -> Json:
    """text, blocks, attachments and metadata as the message will keep them; absent arguments are None."""
    blocks = call.structure("blocks", error="invalid_blocks_format")
    attachments = call.structure("attachments", error="invalid_attachments")
    metadata = call.structure("metadata", error="invalid_metadata_format")
    text = call.text("text") if "text" in call.args else None
    if call.maybe("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        text = call.text("markdown_text")
        if len(text) > MARKDOWN_LIMIT:
            raise SlackError("msg_too_long")
        blocks = [{"type": "markdown", "text": text}]
    if blocks is not None and not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if attachments is not None and not (
        isinstance(attachments, list) and all(isinstance(row, dict) for row in attachments)
    ):
        raise SlackError("invalid_attachments")
    if attachments is not None and len(attachments) > 100:
        raise SlackError("too_many_attachments")
    if metadata is not None and not (isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)):  # fmt: skip
        raise SlackError("invalid_metadata_format")
    if blocks or attachments:
        blockcheck.message(blocks or [], attachments)
    return {
        "text": text,
        "blocks": None if blocks is None else rich_text.with_block_ids(call.box, blocks),
        "attachments": None
        if attachments is None
        else [{"id": place, **row} for place, row in enumerate(attachments, 1)],
        "metadata": metadata,
    }


def drafted(call: Call, room: Channel, given: Json, *, to: str | None = None) -> tuple[Message, Json]:
    """The message an app wants to write, and the warnings Slack adds to its answer."""
    if not given["text"] and not given["blocks"] and not given["attachments"]:
        raise SlackError("no_text")
    more: Json = {}
    text = given["text"] or ""
    if len(text) > POST_LIMIT:
        text = text[:POST_LIMIT]
        more = {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    thread = call.maybe("thread_ts")
    if thread and thread not in room.messages:
        # unverified: Slack may accept a reply to a message that is not there; refusing shows the mistake.
        raise SlackError("thread_not_found")
    message = Message(
        ts=call.box.ts(),
        channel=room.id,
        team=call.team,
        text=text,
        user=call.me.id,
        bot_id=call.app.bot_id if call.is_bot else None,
        app_id=call.app.id,
        blocks=given["blocks"] or None,
        attachments=given["attachments"],
        metadata=given["metadata"],
        thread_ts=thread,
        to=to,
    )
    # Without chat:write.customize Slack ignores name and icon rather than refusing them.
    if call.is_bot and call.has("chat:write.customize"):
        message.username = call.maybe("username")
        if icon := call.maybe("icon_emoji"):
            message.icons = {"emoji": icon}
        elif icon := call.maybe("icon_url"):
            message.icons = {"image_48": icon}
        if message.username or message.icons:
            message.subtype = "bot_message"
            message.user = None
    return message, more


def target(call: Call) -> Channel:
    """Where to post: a channel id, `#name`, or a person (their direct message with the app)."""
    wanted = call.needed("channel")
    state = call.box.state
    if wanted in state.users and state.users[wanted].team_id == call.team:
        if state.users[wanted].deleted:
            raise SlackError("channel_not_found")
        return channels.direct(call.box, call.team, [call.me.id, wanted])
    channel_id = wanted
    if wanted not in state.channels:
        channel_id = state.names.get(f"{call.team} {wanted.removeprefix('#')}", "")
    room = state.channels.get(channel_id)
    if room is None or not call.visible(room):
        raise SlackError("channel_not_found")
    if call.me.id not in room.members and not (room.kind_in(call.team) == "public" and call.has("chat:write.public")):
        raise SlackError("not_in_channel")
    if room.is_archived:
        raise SlackError("is_archived")
    return room


@method("chat.postMessage")
def post_message(call: Call) -> Json:
    room = target(call)
    given = content(call)
    message, more = drafted(call, room, given)
    if call.flag("reply_broadcast") and message.thread_ts:
        message.subtype = "thread_broadcast"
    messages.post(call.box, room, message)
    return {"channel": room.id, "ts": message.ts, "message": shapes.message(call.box, message)} | more


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> Json:
    room = target(call)
    person = call.box.state.users.get(call.needed("user"))
    if person is None or person.id not in room.members:
        raise SlackError("user_not_in_channel")
    message, more = drafted(call, room, content(call), to=person.id)
    messages.whisper(call.box, room, message)
    return {"message_ts": message.ts} | more


@method("chat.meMessage")
def me_message(call: Call) -> Json:
    room = target(call)
    message, more = drafted(call, room, content(call))
    message.subtype = "me_message"
    messages.post(call.box, room, message)
    return {"channel": room.id, "ts": message.ts} | more


def own(call: Call, *, refusal: str) -> tuple[Channel, Message]:
    room = call.box.state.channels.get(call.needed("channel"))
    if room is None or not call.visible(room):
        raise SlackError("channel_not_found")
    message = call.message(room)
    mine = message.app_id == call.app.id and message.bot_id if call.is_bot else message.user == call.me.id
    if not mine or message.subtype not in (None, "bot_message", "thread_broadcast", "me_message", "file_share"):
        raise SlackError(refusal)
    return room, message


@method("chat.update")
def update(call: Call) -> Json:
    room, message = own(call, refusal="cant_update_message")
    if room.is_archived:
        raise SlackError("is_archived")
    given = content(call)
    if len(given["text"] or "") > UPDATE_LIMIT:
        raise SlackError("msg_too_long")
    if given["text"] is None and given["blocks"] is None and given["attachments"] is None and given["metadata"] is None:
        raise SlackError("no_text")
    before = shapes.message(call.box, message, room=room)
    # Text alone replaces the blocks; blocks alone keep the text; attachments stay until named.
    if given["blocks"] is not None or given["text"]:
        message.blocks = given["blocks"] or None
    if given["text"] is not None:
        message.text = given["text"]
    if given["attachments"] is not None:
        message.attachments = given["attachments"]
    if given["metadata"] is not None:
        message.metadata = given["metadata"]
    if not message.text and not message.blocks and not message.attachments:
        raise SlackError("no_text")
    if not message.blocks:
        # Slack marks only updates by text as edited.
        message.edited = {"user": message.bot_id or call.me.id, "ts": f"{call.box.now()}.000000"}
    messages.changed(call.box, room, message, before)
    shown = shapes.message(call.box, message, room=room)
    return {"channel": room.id, "ts": message.ts, "text": message.text, "message": shown}


@method("chat.delete")
def delete(call: Call) -> Json:
    room, message = own(call, refusal="cant_delete_message")
    messages.delete(call.box, room, message)
    return {"channel": room.id, "ts": message.ts}


@method("chat.getPermalink")
def permalink(call: Call) -> Json:
    room = call.channel()
    message = call.message(room, "message_ts")
    return {"channel": room.id, "permalink": messages.permalink(call.box, room, message.ts)}
