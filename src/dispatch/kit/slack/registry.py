"""What of Slack is handled where: commands, shortcuts, buttons, submissions, option loads and events.

A file in a slice's `slack` folder registers its handlers when it is imported; nothing is listed by hand.
Command *names* are configuration; code knows commands by their key, such as `report_incident`.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dispatch.kit.db import Database, OrgId
from dispatch.kit.errors import DispatchError, Invalid, ProviderError
from dispatch.kit.forms import FormErrors
from dispatch.kit.slack import blocks
from dispatch.kit.slack.scopes import REGISTERED


class SlackCalls(Protocol):
    """The installation's Web API, as `kit.slack.client` offers it."""

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Installation:
    """One app in one workspace, serving one project. Immutable; carried along with each request.

    `team_id`, `app_id` and `bot_user_id` are empty while nobody configured them; what a request tells is filled in.
    """

    org: OrgId
    org_slug: str
    org_name: str
    project_id: int
    instance_id: int
    team_id: str
    app_id: str
    bot_user_id: str
    signing_secret: str = field(repr=False)
    commands: Mapping[str, str]
    """Command name as typed -> key."""
    client: SlackCalls
    app_token: str = field(default="", repr=False)
    is_default: bool = False
    """Whether its project is the organization's default one."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The plugin's settings that are no secrets, such as `timeline_event_reaction` and `ban_threads`."""
    forget_user: Callable[[str, str], None] = field(default=lambda _user, _email: None, repr=False, compare=False)
    """Call with user id and e-mail address when somebody changed: what was asked about them lately is asked anew."""

    def same_app(self, other: Installation) -> bool:
        """Whether both belong to one Slack app in one workspace: they hold the same secret."""
        if self.team_id and other.team_id and self.team_id != other.team_id:
            return False
        return (bool(self.signing_secret) and self.signing_secret == other.signing_secret) or (
            bool(self.app_token) and self.app_token == other.app_token
        )


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
    towards: Callable[[str], Awaitable[Request | None]]
    """The same request, made to another organization: None when there is none of that slug, when it has no Slack app in
    this workspace, or when the person is not known there. The three are not to be told apart."""

    @property
    def org(self) -> OrgId:
        return self.installation.org

    def reply(self, text: str) -> None:
        """Tell the person something, after the answer, where they are; only they read it. Perhaps not seen."""

        async def tell() -> None:
            await self.installation.client.call(
                "chat.postEphemeral", channel=self.channel_id, user=self.user_id, text=text
            )

        self.later(tell())

    @property
    def view(self) -> Mapping[str, Any]:
        """The view a submission, action or option load belongs to; empty when there is none."""
        view: Mapping[str, Any] = self.payload.get("view") or {}
        return view


Answer = dict[str, Any] | None
Handler = Callable[[Request], Awaitable[Answer]]
EventHandler = Callable[[Installation, Database, Mapping[str, Any]], Awaitable[None]]
BatchHandler = Callable[[Installation, Database, Sequence[Mapping[str, Any]]], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """A slash command: its handler and what the app manifest says about it."""

    key: str
    handler: Handler
    description: str
    usage_hint: str
    default_name: str
    #: What the person has to be allowed where they type it; a key of the slices' own tables. Empty: nothing special.
    needs: str = ""
    #: Works in every channel; else in the channel of a subject only.
    anywhere: bool = False


@dataclass(frozen=True)
class Shortcut:
    """A global or message shortcut."""

    callback_id: str
    name: str
    kind: str
    description: str
    handler: Handler


@dataclass(frozen=True)
class Listening:
    """A handler of events of one kind: of one at a time, or of all that wait in one channel at once."""

    one: EventHandler | None = None
    many: BatchHandler | None = None
    anywhere: bool = False


commands: dict[str, Command] = {}
#: What may follow `/dispatch` and is no slash command of its own, by word.
words: dict[str, Command] = {}
shortcuts: dict[str, Shortcut] = {}
actions: dict[str, Handler] = {}
submissions: dict[str, Handler] = {}
options: dict[str, Handler] = {}
#: By the name Slack's settings have for the event, such as `message.groups`.
events: dict[str, list[Listening]] = {}
#: Bot scopes needed beyond those the Web API calls need.
scopes = REGISTERED


def command(
    key: str, *, name: str, description: str, usage_hint: str = "", needs: str = "", anywhere: bool = False
) -> Callable[[Handler], Handler]:
    """Handle a slash command; `name` is its default name. `needs` and `anywhere` are what help says; handlers check."""

    def register(handler: Handler) -> Handler:
        _once(commands, key, Command(key, handler, description, usage_hint, name, needs, anywhere))
        return handler

    return register


def word(name: str, *, description: str, needs: str = "") -> Callable[[Handler], Handler]:
    """Handle what is typed after `/dispatch` and has no slash command of its own. Works where a subject's command does."""

    def register(handler: Handler) -> Handler:
        _once(words, name, Command(name, handler, description, "", "", needs))
        return handler

    return register


def shortcut(callback_id: str, *, name: str, kind: str, description: str) -> Callable[[Handler], Handler]:
    """Handle a `global` or `message` shortcut."""

    def register(handler: Handler) -> Handler:
        _once(shortcuts, callback_id, Shortcut(callback_id, name, kind, description, handler))
        return handler

    return register


def action(action_id: str) -> Callable[[Handler], Handler]:
    """Handle a button or another element with this action id.

    Begin the value of a button that may stand outside our channels with `{organization slug}/`: where several
    organizations share an app, that tells whose it is.
    """

    def register(handler: Handler) -> Handler:
        _once(actions, action_id, handler)
        return handler

    return register


def submission(callback_id: str) -> Callable[[Handler], Handler]:
    """Handle a submitted modal; the answer may hold `response_action`.

    Expected errors become what the person reads: at the field they belong to, or in place of the form.
    """

    def register(handler: Handler) -> Handler:
        _once(submissions, callback_id, _saying_why(handler))
        return handler

    return register


def option_load(action_id: str) -> Callable[[Handler], Handler]:
    """Answer what an external select offers."""

    def register(handler: Handler) -> Handler:
        _once(options, action_id, handler)
        return handler

    return register


def event(kind: str, *, needs: tuple[str, ...], anywhere: bool = False) -> Callable[[EventHandler], EventHandler]:
    """Handle an event, given one at a time, per channel in the order of `event_ts`.

    With it come its `event_id`, and `is_ext_shared_channel`: whether people of other workspaces read the channel.

    The same event may come several times, late, and out of order: handle it so that this changes nothing.
    `Unavailable` brings it again later. `Refused` and `DispatchError` set it aside with their sentence, for an admin.

    Args:
        kind: the name in Slack's settings; messages are `message.channels`, `message.groups`, `message.im`, ...
        needs: the bot scopes Slack asks for to deliver it.
        anywhere: also from channels that are not ours. Otherwise those are dropped, except news about channels.
    """

    def register(handler: EventHandler) -> EventHandler:
        events.setdefault(kind, []).append(Listening(one=handler, anywhere=anywhere))
        scopes.update(needs)
        return handler

    return register


def events_at_once(
    kind: str, *, needs: tuple[str, ...], anywhere: bool = False
) -> Callable[[BatchHandler], BatchHandler]:
    """As `event`, for a handler that takes all waiting events of a channel in one transaction.

    When it fails, it is called again with each of them alone, so that only the culprit waits.
    """

    def register(handler: BatchHandler) -> BatchHandler:
        events.setdefault(kind, []).append(Listening(many=handler, anywhere=anywhere))
        scopes.update(needs)
        return handler

    return register


def _once(registry: dict[str, Any], key: str, value: Any) -> None:
    if key in registry:
        raise RuntimeError(f"{key!r} is handled twice")
    registry[key] = value


def _saying_why(handler: Handler) -> Handler:
    @functools.wraps(handler)
    async def run(asked: Request) -> Answer:
        try:
            return await handler(asked)
        except FormErrors as wrong:
            return _beside_the_form(asked, wrong)
        except Invalid as wrong:
            return _beside_the_form(asked, FormErrors({wrong.field or "": str(wrong)}))
        except (DispatchError, ProviderError) as why:
            return _beside_the_form(asked, FormErrors({"": f"{why} {getattr(why, 'hint', '')}".strip()}))

    return run


def _beside_the_form(asked: Request, wrong: FormErrors) -> Answer:
    """At the fields, so that nothing typed is lost; a form without fields gives way to the sentence."""
    if shown := wrong.for_modal(asked.view):
        return {"response_action": "errors", "errors": shown}
    title = (asked.view.get("title") or {}).get("text") or "Dispatch"
    return {"response_action": "update", "view": blocks.notice(str(title), str(wrong))}
