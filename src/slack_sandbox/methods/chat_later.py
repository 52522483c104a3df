"""Messages at another pace: scheduled, streamed, and an assistant's status."""

from typing import Any

from .. import messages, shapes
from ..call import Call
from ..errors import SlackError
from ..sandbox import Sandbox
from ..state import Channel, Message, Scheduled
from . import method
from .chat import content, drafted, own, target

Json = dict[str, Any]
LATEST = 120 * 24 * 3600


@method("chat.scheduleMessage")
def schedule(call: Call) -> Json:
    room = target(call)
    at = call.number("post_at", 0, high=10**11)
    if at <= call.box.now():
        raise SlackError("time_in_past")
    if at > call.box.now() + LATEST:
        raise SlackError("time_too_far")
    message, _ = drafted(call, room, content(call))
    planned = Scheduled(
        call.box.ids.new("Q"), call.team, call.app.id, room.id, at, dict(call.args), call.token.value, call.box.now()
    )
    call.box.state.scheduled[planned.id] = planned
    call.box.spawn(send_later(call.box, planned))
    shown = shapes.message(call.box, message) | {"type": "delayed_message"}
    del shown["ts"]
    return {"channel": room.id, "scheduled_message_id": planned.id, "post_at": at, "message": shown}


async def send_later(box: Sandbox, planned: Scheduled) -> None:
    await box.clock.sleep(planned.post_at - box.clock.now())
    if box.state.scheduled.pop(planned.id, None) is None:
        return
    call = Call(box, "chat.postMessage", planned.arguments, box.state.tokens.get(planned.token))
    try:
        room = target(call)
        message, _ = drafted(call, room, content(call))
    except SlackError:
        return  # Slack drops a scheduled message whose channel is gone by then.
    messages.post(box, room, message)


@method("chat.deleteScheduledMessage")
def unschedule(call: Call) -> Json:
    planned = call.box.state.scheduled.get(call.needed("scheduled_message_id"))
    if planned is None or planned.app_id != call.app.id or planned.channel != call.needed("channel"):
        raise SlackError("invalid_scheduled_message_id")
    del call.box.state.scheduled[planned.id]
    return {}


@method("chat.scheduledMessages.list")
def scheduled(call: Call) -> Json:
    rows = [
        {
            "id": one.id,
            "channel_id": one.channel,
            "post_at": one.post_at,
            "date_created": one.date_created,
            "text": str(one.arguments.get("text") or ""),
        }
        for one in call.box.state.scheduled.values()
        if one.app_id == call.app.id and call.maybe("channel") in (None, one.channel)
    ]
    page, more = call.page(rows)
    return {"scheduled_messages": page} | more


# -- streams -------------------------------------------------------------------------------------------------------


def _chunk_text(call: Call) -> str:
    chunks = call.structure("chunks") or []
    if not isinstance(chunks, list):
        raise call.bad("must provide an array [json-pointer:/chunks]")
    spoken = [
        str(one.get("text", "")) for one in chunks if isinstance(one, dict) and one.get("type") == "markdown_text"
    ]
    return call.text("markdown_text") + "".join(spoken)


@method("chat.startStream")
def start_stream(call: Call) -> Json:
    room = target(call)
    thread = call.needed("thread_ts")
    if thread not in room.messages:
        raise SlackError("invalid_thread_ts")
    if room.kind in ("public", "private") and not (call.maybe("recipient_user_id") and call.maybe("recipient_team_id")):
        raise SlackError(
            "missing_recipient_user_id" if not call.maybe("recipient_user_id") else "missing_recipient_team_id"
        )
    message = messages.by_app(call.box, call.app, room, text=_chunk_text(call), thread_ts=thread)
    message.extra["streaming_state"] = "in_progress"
    messages.post(call.box, room, message)
    return {"channel": room.id, "ts": message.ts}


def _stream(call: Call) -> tuple[Channel, Message]:
    room, message = own(call, refusal="message_not_owned_by_app")
    if message.extra.get("streaming_state") != "in_progress":
        raise SlackError("message_not_in_streaming_state")
    return room, message


def _extended(call: Call, room: Channel, message: Message, text: str) -> None:
    before = shapes.message(call.box, message, room=room)
    message.text += text
    messages.changed(call.box, room, message, before)


@method("chat.appendStream")
def append_stream(call: Call) -> Json:
    room, message = _stream(call)
    _extended(call, room, message, _chunk_text(call))
    return {"channel": room.id, "ts": message.ts}


@method("chat.stopStream")
def stop_stream(call: Call) -> Json:
    room, message = _stream(call)
    given = content(
        Call(
            call.box,
            call.method,
            {key: call.args[key] for key in ("blocks", "metadata") if key in call.args},
            call.token,
        )
    )
    message.blocks = given["blocks"] or message.blocks
    message.metadata = given["metadata"] or message.metadata
    message.extra["streaming_state"] = "completed"
    _extended(call, room, message, _chunk_text(call))
    return {"channel": room.id, "ts": message.ts, "message": shapes.message(call.box, message, room=room)}


# -- assistant -----------------------------------------------------------------------------------------------------


def _thread(call: Call) -> Channel:
    room = call.box.state.channels.get(call.needed("channel_id"))
    if room is None or not call.visible(room):
        raise SlackError("channel_not_found")
    if call.needed("thread_ts") not in room.messages:
        raise SlackError("invalid_thread_ts")
    return room


@method("assistant.threads.setStatus")
def set_status(call: Call) -> Json:
    room = _thread(call)
    call.box.statuses[f"{room.id} {call.needed('thread_ts')}"] = call.text("status")
    call.box.tell_members("message", room)
    return {}


@method("assistant.threads.setTitle")
def set_title(call: Call) -> Json:
    room = _thread(call)
    room.messages[call.needed("thread_ts")].extra["assistant_title"] = call.needed("title")
    call.box.tell_members("message", room)
    return {}


@method("assistant.threads.setSuggestedPrompts")
def set_prompts(call: Call) -> Json:
    room = _thread(call)
    prompts = call.structure("prompts")
    if not isinstance(prompts, list) or not prompts or len(prompts) > 4:
        raise call.bad("must provide between 1 and 4 prompts [json-pointer:/prompts]")
    room.messages[call.needed("thread_ts")].extra["assistant_prompts"] = prompts
    call.box.tell_members("message", room)
    return {}
