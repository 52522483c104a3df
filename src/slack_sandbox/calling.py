"""People call the apps: slash commands and shortcuts."""

import dataclasses
from typing import Any

from . import shapes, triggers
from .delivery import Ack, ask
from .errors import Impossible, SlackError
from .interactivity import able, channel_fields, common, enter, masked
from .sandbox import Sandbox
from .state import App, Channel, Message, User
from .watching import Watch

Json = dict[str, Any]


async def command(box: Sandbox, user: User, channel: Channel, name: str, text: str, *, wait: float | None) -> Json:
    enter(channel, user)
    if channel.is_archived:
        raise Impossible("is_archived", f"#{channel.name}")
    app, declared = _command(box, user.team_id, name)
    watch = Watch(box, user.id)
    payload = {
        "token": app.verification_token,
        "team_id": user.team_id,
        "team_domain": box.workspace(user.team_id).domain,
        "channel_id": channel.id,
        "channel_name": masked(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": _escaped(box, user.team_id, text) if declared.get("should_escape") else text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
        "response_url": triggers.response_url(box, app, user, channel),
        "trigger_id": triggers.trigger(box, app, user, channel=channel),
    }
    ack = await ask(box, app, "command", payload, name=name, url=declared.get("url"))
    if ack.ok:
        ack = _shown_answer(box, app, channel, user, ack)
    return await watch.result(ack, wait=wait)


def _command(box: Sandbox, team: str, name: str) -> tuple[App, Json]:
    # Of two apps with the same command, the one installed last gets it.
    for app in reversed(box.state.installed(team)):
        for declared in app.commands if _may_act(box, app) else ():
            if declared["command"] == name:
                return app, declared
    raise Impossible("unknown_command", f"{name} is not a valid command", status=404)


def _may_act(box: Sandbox, app: App) -> bool:
    return "commands" in box.state.tokens[app.bot_token].scopes


def _escaped(box: Sandbox, team: str, text: str) -> str:
    words = []
    for word in text.split(" "):
        people = [one for one in box.state.people(team) if word == f"@{one.name}"]
        room = box.state.names.get(f"{team} {word[1:]}") if word.startswith("#") else None
        words.append(f"<@{people[0].id}|{people[0].name}>" if people else f"<#{room}|{word[1:]}>" if room else word)
    return " ".join(words)


def _shown_answer(box: Sandbox, app: App, channel: Channel, user: User, ack: Ack) -> Ack:
    """Plain text is an ephemeral line, JSON a message; an empty answer shows nothing."""
    body = {"text": ack.body} if isinstance(ack.body, str) else ack.body
    if not isinstance(body, dict) or not (body.get("text") or body.get("blocks") or body.get("attachments")):
        return ack
    try:
        triggers.reply(box, app, channel, user, body)
    except SlackError:
        return dataclasses.replace(ack, error="invalid_command_response")
    return ack


async def shortcut(
    box: Sandbox, user: User, callback_id: str, *, channel: Channel | None, message: Message | None, wait: float | None
) -> Json:
    able(user)
    kind = "message" if message else "global"
    app = _shortcut(box, user.team_id, callback_id, kind)
    watch = Watch(box, user.id)
    payload = common(box, app, user, "message_action" if message else "shortcut") | {
        "callback_id": callback_id,
        "action_ts": box.ts(),
        "trigger_id": triggers.trigger(box, app, user, channel=channel),
    }
    if message is not None and channel is not None:
        enter(channel, user)
        payload |= {
            "channel": channel_fields(channel),
            "message_ts": message.ts,
            "message": shapes.message(box, message, room=channel),
            "response_url": triggers.response_url(box, app, user, channel),
        }
    ack = await ask(box, app, "interactive", payload, name=callback_id)
    return await watch.result(ack, wait=wait)


def _shortcut(box: Sandbox, team: str, callback_id: str, kind: str) -> App:
    for app in reversed(box.state.installed(team)):
        for declared in app.shortcuts if _may_act(box, app) else ():
            if declared["callback_id"] == callback_id and declared["type"] == kind:
                return app
    raise Impossible("unknown_shortcut", f"no {kind} shortcut {callback_id}", status=404)
