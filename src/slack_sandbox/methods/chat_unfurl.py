"""chat.unfurl: an app shows what is behind a link."""

from typing import Any

from .. import blockcheck, messages, rich_text, shapes, unfurling
from ..call import Call
from ..errors import SlackError
from ..state import Channel, Message
from . import method

Json = dict[str, Any]


def _place(call: Call) -> tuple[Channel, Message]:
    """The message, by channel and ts, or by the unfurl_id of the event."""
    channel, ts = call.maybe("channel"), call.maybe("ts")
    if channel is None and ts is None:
        channel, ts = _by_id(call)
    if channel is None:
        raise SlackError("missing_channel")
    if ts is None:
        raise SlackError("missing_ts")
    room = call.box.state.channels.get(channel)
    if room is None or not call.visible(room):
        raise SlackError("cannot_find_channel")
    if ts not in room.messages:
        raise SlackError("cannot_find_message")
    return room, room.messages[ts]


def _by_id(call: Call) -> tuple[str, str]:
    given = call.maybe("unfurl_id")
    if given is None:
        raise SlackError("missing_unfurl_id" if call.maybe("source") else "missing_channel")
    if call.maybe("source") is None:
        raise SlackError("missing_source")
    if call.text("source") not in (unfurling.SOURCE, "composer"):
        raise SlackError("invalid_source")
    channel, _, rest = given.partition(".")
    ts = ".".join(rest.split(".")[:2])
    if channel not in call.box.state.channels or ts not in call.box.channel(channel).messages:
        raise SlackError("invalid_unfurl_id")
    return channel, ts


def _previews(call: Call) -> dict[str, Json]:
    given = call.structure("unfurls", error="invalid_unfurls_format")
    asks = (
        call.flag("user_auth_required")
        or call.maybe("user_auth_url")
        or call.maybe("user_auth_message")
        or call.args.get("user_auth_blocks")
    )
    if given is None and not asks:
        raise SlackError("missing_unfurls")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise SlackError("invalid_unfurls_format")
    if not all(isinstance(row, dict) for row in given.values()):
        raise SlackError("cannot_parse_attachment")
    return {str(url): _checked(call, row) for url, row in given.items()}


def _checked(call: Call, row: Json) -> Json:
    blocks = row.get("blocks")
    if not blocks:
        return row
    try:
        blockcheck.message(blocks)
    except SlackError as error:
        # unverified: which of its errors Slack gives for blocks it does not take.
        raise SlackError("cannot_parse_attachment", messages=error.messages) from None
    return {**row, "blocks": rich_text.with_block_ids(call.box, blocks)}


@method("chat.unfurl")
def unfurl(call: Call) -> Json:
    previews = _previews(call)
    room, message = _place(call)
    if previews:
        before = shapes.message(call.box, message, room=room)
        unfurling.attach(call.app, message, previews)
        messages.changed(call.box, room, message, before)
    elif message.user in room.members:
        asked = unfurling.prompt(call.app, call.args | {"user_auth_blocks": call.structure("user_auth_blocks")})
        if asked["blocks"]:
            blockcheck.message(asked["blocks"])
            asked["blocks"] = rich_text.with_block_ids(call.box, asked["blocks"])
        whispered = messages.by_app(call.box, call.app, room, thread_ts=message.thread_ts, to=message.user, **asked)
        messages.whisper(call.box, room, whispered)
    return {}
