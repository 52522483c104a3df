"""Which app hears of what: events go out by manifest, scope and membership."""

from typing import Any

from . import facts
from .delivery import admitted, deliver_event
from .sandbox import Sandbox
from .state import App, Channel

Json = dict[str, Any]
_SCOPE_FAMILY = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
_MESSAGES = {"public": ["message.channels"], "private": ["message.groups"], "im": ["message.im", "message.app_home"], "mpim": ["message.mpim"]}  # fmt: skip


def admitting(scopes: tuple[str, ...], channel: Channel | None, team: str) -> set[str]:
    """Of several scopes for one thing, those for this channel's kind in the workspace (`channels:` public, `groups:` private, ...)."""
    if channel is None:
        return set(scopes)
    families = {scope.partition(":")[0] for scope in scopes}
    if not families & set(_SCOPE_FAMILY.values()):
        return set(scopes)
    return {scope for scope in scopes if scope.partition(":")[0] == _SCOPE_FAMILY[channel.kind_in(team)]}


def publish(
    box: Sandbox,
    team: str,
    event: Json,
    *,
    channel: Channel | None = None,
    everyone: bool = False,
    also: tuple[str, ...] = (),
    only_app: str | None = None,
) -> None:
    """Sends `event` to every app of the workspace that subscribed to it, has the scope, and is there to see it.

    `everyone` lifts the membership rule (news about public channels), `also` names people it reaches besides members.
    """
    event.setdefault("event_ts", box.ts())
    for app in box.state.installed(team) if channel is None else box.state.around(channel):
        if only_app is not None and app.id != only_app:
            continue
        names = _MESSAGES[channel.kind_in(app.team_id)] if event["type"] == "message" and channel else [event["type"]]
        listener = _listener(box, app, names, channel, everyone, also)
        if listener is not None and admitted(box, app):
            deliver_event(box, app, _envelope(box, app, event, listener, shared=bool(channel and channel.connected)))


def _listener(
    box: Sandbox, app: App, names: list[str], channel: Channel | None, everyone: bool, also: tuple[str, ...]
) -> str | None:
    """The user on whose behalf the app hears it: its bot, else the installing person; None when it does not."""
    for kind, person, token in (("bot", app.bot_user_id, app.bot_token), ("user", app.installer, app.user_token)):
        there = channel is None or everyone or person in channel.members or person in also
        if there and any(_subscribed(box, app, name, channel, kind, token) for name in names):
            return person
    return None


def _subscribed(box: Sandbox, app: App, name: str, channel: Channel | None, kind: str, token: str) -> bool:
    if name not in app.subscriptions(kind):
        return False
    scopes = facts.events().get(name, ())
    return not scopes or bool(admitting(scopes, channel, app.team_id) & set(box.state.tokens[token].scopes))


def _envelope(box: Sandbox, app: App, event: Json, listener: str, *, shared: bool) -> Json:
    return {
        "token": app.verification_token,
        "team_id": app.team_id,
        "context_team_id": app.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": box.ids.new("Ev"),
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": app.team_id,
                "user_id": listener,
                "is_bot": listener == app.bot_user_id,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{box.ids.secret('context')}",
    }
