"""What an app may do in return for a person's action: open a modal once within 3 s, answer five times within 30 minutes."""

from typing import Any

from . import blockcheck, channels, messages, rich_text, shapes
from .errors import SlackError
from .sandbox import ResponseUrl, Sandbox, Trigger
from .state import App, Channel, Message, User, View

Json = dict[str, Any]
TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 1800.0
RESPONSE_USES = 5


def trigger(box: Sandbox, app: App, person: User, *, channel: Channel | None = None, view: View | None = None) -> str:
    number = box.ids.digest("trigger")
    value = f"{number % 10**13}.{app.team_id[1:]}.{box.ids.secret('trigger')[:32]}"
    expires = box.clock.now() + TRIGGER_SECONDS * box.patience
    modal = view if view is not None and view.view.get("type") == "modal" else None
    box.triggers[value] = Trigger(
        app.id, app.team_id, person.id, expires, channel.id if channel else None, modal.id if modal else None
    )
    if len(box.triggers) > 10_000:
        _forget(box.triggers)
    return value


def _forget(rows: dict[str, Any]) -> None:
    for key in list(rows)[:5_000]:
        del rows[key]


def response_url(box: Sandbox, app: App, person: User, channel: Channel, message: Message | None = None) -> str:
    key = box.ids.secret("response")[:24]
    box.response_urls[key] = ResponseUrl(
        app.id,
        person.id,
        channel.id,
        box.clock.now() + RESPONSE_SECONDS,
        RESPONSE_USES,
        message.ts if message else None,
        bool(message and message.to),
        message.thread_ts if message else None,
    )
    if len(box.response_urls) > 20_000:
        _forget(box.response_urls)
    return f"{box.base_url}/actions/{app.team_id}/{box.ids.digest('number') % 10**12}/{key}"


def respond(box: Sandbox, key: str, body: Any) -> tuple[int, Json]:
    """An app uses a response URL."""
    known = box.response_urls.get(key)
    if known is None or known.expires < box.clock.now() or known.channel_id not in box.state.channels:
        # unverified: the body; several programs look for these words in it.
        return 404, {"ok": False, "error": "Expired url"}
    if known.uses <= 0:
        # unverified: how Slack words this one.
        return 404, {"ok": False, "error": "used_url"}
    if not isinstance(body, dict):
        return 400, {"ok": False, "error": "invalid_payload"}
    app, channel = box.app(known.app_id), box.channel(known.channel_id)
    try:
        _answer(box, app, channel, known, body)
    except SlackError as error:
        return 400, error.answer()
    known.uses -= 1
    return 200, {"ok": True}


def _answer(box: Sandbox, app: App, channel: Channel, known: ResponseUrl, body: Json) -> None:
    if body.get("delete_original"):
        _remove(box, channel, known)
        return
    if body.get("replace_original") and known.message_ts:
        _replace(box, channel, known, body)
        return
    reply(box, app, channel, box.user(known.user_id), body, thread_ts=body.get("thread_ts"))


def _fields(box: Sandbox, body: Json) -> Json:
    blocks, attachments = body.get("blocks"), body.get("attachments")
    if blocks or attachments:
        blockcheck.message(blocks or [], attachments)
    if not (blocks or attachments or body.get("text")):
        raise SlackError("no_text")
    return {
        "text": str(body.get("text") or ""),
        "blocks": rich_text.with_block_ids(box, blocks) if blocks else None,
        "attachments": attachments,
    }


def reply(
    box: Sandbox, app: App, channel: Channel, person: User, body: Json, *, thread_ts: str | None = None
) -> Message:
    """An app's answer to a command or an action: for this person, unless it says `in_channel`."""
    message = messages.by_app(box, app, channel, thread_ts=thread_ts, **_fields(box, body))
    if body.get("response_type") == "in_channel":
        return messages.post(box, channel, message)
    message.to = person.id
    return messages.whisper(box, channel, message)


def original(channel: Channel, known: ResponseUrl) -> Message | None:
    if known.ephemeral:
        return next((one for one in channel.ephemerals if one.ts == known.message_ts), None)
    return channel.messages.get(known.message_ts or "")


def _remove(box: Sandbox, channel: Channel, known: ResponseUrl) -> None:
    message = original(channel, known)
    if message is None:
        raise SlackError("message_not_found")
    if known.ephemeral:
        channel.ephemerals.remove(message)
        box.tell("message", to={known.user_id}, channel=channel.id)
    else:
        messages.delete(box, channel, message)


def _replace(box: Sandbox, channel: Channel, known: ResponseUrl, body: Json) -> None:
    message = original(channel, known)
    if message is None:
        raise SlackError("message_not_found")
    before = shapes.message(box, message)
    for key, value in _fields(box, body).items():
        setattr(message, key, value)
    if known.ephemeral:
        box.whispered.setdefault(known.user_id, []).append(message)
        box.tell("message", to={known.user_id}, channel=channel.id)
    else:
        messages.changed(box, channel, message, before)


def direct_with(box: Sandbox, app: App, person: User) -> Channel:
    return channels.direct(box, app.team_id, [app.bot_user_id, person.id])
