"""What of Slack is handled where: commands, shortcuts, buttons, submissions, option loads and events.

A file in a slice's `slack` folder registers its handlers when it is imported; nothing is listed by hand.
Command *names* are configuration; code knows commands by their key, such as `report_incident`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.kit.db import Database, OrgId


class SlackCalls(Protocol):
    """The installation's Web API, as `kit.slack.client` offers it."""

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Installation:
    """One app in one workspace, serving one project. Immutable; carried along with each request."""

    org: OrgId
    org_slug: str
    org_name: str
    project_id: int
    instance_id: int
    team_id: str
    app_id: str
    bot_user_id: str
    signing_secret: str
    commands: Mapping[str, str]
    """Command name as typed -> key."""
    client: SlackCalls


@dataclass(frozen=True)
class Request:
    """Something a person did in Slack, with everything needed to answer it."""

    installation: Installation
    db: Database
    services: Mapping[type, Any]
    user_id: str
    channel_id: str
    text: str
    trigger_id: str
    response_url: str
    payload: Mapping[str, Any]
    later: Callable[[Awaitable[None]], None]
    """Runs after the answer was given; for filling views, never for what must not be lost."""

    @property
    def org(self) -> OrgId:
        return self.installation.org

    @property
    def view(self) -> Mapping[str, Any]:
        """The view a submission, action or option load belongs to; empty when there is none."""
        view: Mapping[str, Any] = self.payload.get("view") or {}
        return view


Answer = dict[str, Any] | None
Handler = Callable[[Request], Awaitable[Answer]]
EventHandler = Callable[[Installation, Database, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """A slash command: its handler and what the app manifest says about it."""

    key: str
    handler: Handler
    description: str
    usage_hint: str
    default_name: str


@dataclass(frozen=True)
class Shortcut:
    """A global or message shortcut."""

    callback_id: str
    name: str
    kind: str
    description: str
    handler: Handler


commands: dict[str, Command] = {}
shortcuts: dict[str, Shortcut] = {}
actions: dict[str, Handler] = {}
submissions: dict[str, Handler] = {}
options: dict[str, Handler] = {}
events: dict[str, list[EventHandler]] = {}
#: Bot scopes needed beyond those the Web API calls need. `chat:write.public`: announcements go to channels we are not in.
scopes: set[str] = {"commands", "chat:write.public"}


def command(
    key: str, *, name: str, description: str, usage_hint: str = ""
) -> Callable[[Handler], Handler]:
    """Handle a slash command; `name` is its default name."""

    def register(handler: Handler) -> Handler:
        _once(commands, key, Command(key, handler, description, usage_hint, name))
        return handler

    return register


def shortcut(callback_id: str, *, name: str, kind: str, description: str) -> Callable[[Handler], Handler]:
    """Handle a `global` or `message` shortcut."""

    def register(handler: Handler) -> Handler:
        _once(shortcuts, callback_id, Shortcut(callback_id, name, kind, description, handler))
        return handler

    return register


def action(action_id: str) -> Callable[[Handler], Handler]:
    """Handle a button or another element with this action id."""

    def register(handler: Handler) -> Handler:
        _once(actions, action_id, handler)
        return handler

    return register


def submission(callback_id: str) -> Callable[[Handler], Handler]:
    """Handle a submitted modal; the answer may hold `response_action`."""

    def register(handler: Handler) -> Handler:
        _once(submissions, callback_id, handler)
        return handler

    return register


def option_load(action_id: str) -> Callable[[Handler], Handler]:
    """Answer what an external select offers."""

    def register(handler: Handler) -> Handler:
        _once(options, action_id, handler)
        return handler

    return register


def event(kind: str, *, needs: tuple[str, ...]) -> Callable[[EventHandler], EventHandler]:
    """Handle an event; `needs` are the bot scopes Slack asks for to deliver it."""

    def register(handler: EventHandler) -> EventHandler:
        events.setdefault(kind, []).append(handler)
        scopes.update(needs)
        return handler

    return register


def _once(registry: dict[str, Any], key: str, value: Any) -> None:
    if key in registry:
        raise RuntimeError(f"{key!r} is handled twice")
    registry[key] = value
