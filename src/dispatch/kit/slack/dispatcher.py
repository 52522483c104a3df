"""The one dispatcher both transports feed: chooses the installation and the handler, and makes the answer.

What comes in here is verified: by its signature (`endpoints`), or by the socket it came through (`socket_mode`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dispatch.kit.db import Database, OrgId
from dispatch.kit.errors import Conflict, DispatchError, ProviderError
from dispatch.kit.slack import blocks, payloads, registry
from dispatch.kit.slack.drain import ProjectOf
from dispatch.kit.slack.inbox import Arrived, Inbox
from dispatch.kit.slack.payloads import Malformed
from dispatch.kit.slack.registry import Answer, Handler, Installation
from dispatch.kit.slack.routing import (
    Installations,
    Look,
    StampedCalls,
    Stamps,
    fitting,
    of_command,
    of_project,
    value_slugs,
)

log = structlog.get_logger()

DELIVERIES = Counter("dispatch_slack_deliveries_total", "Requests from Slack", ["kind", "outcome"])
ANSWER_SECONDS = Histogram("dispatch_slack_answer_seconds", "Time until Slack was answered", ["kind"])

UNKNOWN_COMMAND = "This command is not known to Dispatch. Its name may have changed in the settings."
#: Seconds between two notes that the same kind of request came in: one of many is enough.
NOTE_EVERY = 10.0
NO_DATABASE = "The database of Dispatch does not answer. Nothing was stored; please try again in a minute."


@dataclass(frozen=True)
class Came:
    """How a request came in: what was configured then, and the installations it is verified for (at least one)."""

    look: Look
    verified: Sequence[Installation]


class Dispatcher:
    """Commands, clicks and submissions are answered at once; events are stored, and handled by the drain.

    Args:
        services: what handlers may use, by type.
        key: secret; marks forms, so that they come back to the installation that opened them.
        project_of: the project a channel's subject belongs to.
        heard: told that a verified request came in for an installation, and of which kind: event, command or action.
    """

    def __init__(
        self,
        db: Database,
        installations: Installations,
        inbox: Inbox,
        services: Mapping[type, Any],
        *,
        key: bytes,
        project_of: ProjectOf,
        heard: Callable[[Installation, str], Awaitable[None]] | None = None,
    ) -> None:
        self.db = db
        self.installations = installations
        self.inbox = inbox
        self.services = services
        self._stamps = Stamps(key)
        self.project_of = project_of
        self._heard = heard
        self._noted: dict[tuple[OrgId, int, str], float] = {}
        self._background: set[asyncio.Task[None]] = set()

    # -- events ------------------------------------------------------------------------------------------------------

    async def event(self, came: Came, envelope: Mapping[str, Any]) -> None:
        """Store an event for whom it concerns; returns when it is durable, or nobody wants it.

        Raises:
            Malformed: it is none.
        """
        self._note(came, "event")
        if envelope.get("type") == "app_rate_limited":
            log.error("slack_drops_events_of_this_app")
            DELIVERIES.labels("event", "rate_limited").inc()
            return
        happened = envelope.get("event")
        if envelope.get("type") != "event_callback" or not isinstance(happened, dict):
            raise Malformed("not an event")
        event_id, kind = payloads.ident(envelope.get("event_id")), payloads.event_name(happened)
        if not event_id or not kind:
            raise Malformed("an event without id or type")
        if kind not in registry.events:
            DELIVERIES.labels("event", "unheard").inc()
            return
        team = payloads.team_of(envelope) or came.verified[0].team_id
        orgs = await self._concerned(came, kind, payloads.channel_of(happened))
        body = {"event": happened, "bot": payloads.bot_of(envelope), "shared": payloads.is_shared(envelope)}
        await self.inbox.put(
            [
                Arrived(
                    org=org,
                    team=team,
                    app=payloads.app_of(envelope),
                    event_id=event_id,
                    channel=payloads.channel_of(happened),
                    kind=kind,
                    happened_us=payloads.micros(happened, envelope),
                    body=body,
                )
                for org in orgs
            ]
        )
        DELIVERIES.labels("event", "stored" if orgs else "elsewhere").inc()

    def _note(self, came: Came, kind: str) -> None:
        """Slack reaches us: written down beside the request, never in its way."""
        if self._heard is None:
            return
        now = time.monotonic()
        for each in came.verified:
            key = (each.org, each.instance_id, kind)
            if now - self._noted.get(key, -NOTE_EVERY) >= NOTE_EVERY:
                self._noted[key] = now
                self._later(self._heard(each, kind))

    async def _concerned(self, came: Came, kind: str, channel: str) -> list[OrgId]:
        """Whose event it is: the channel's organization, or, with no channel of ours, all that share the app."""
        ours = came.verified[0]
        if came.look.owner is not None:
            owner = came.look.owner
            shares = owner.org == ours.org or any(ours.same_app(each) for each in owner.installations)
            return [owner.org] if shares else []
        anywhere = any(each.anywhere for each in registry.events[kind])
        if channel and not (anywhere or payloads.is_direct(channel) or payloads.is_about_channels(kind)):
            return []
        found = [ours.org]
        for org in came.look.sharing:
            if org != ours.org and any(ours.same_app(each) for each in await self.installations.of_org(org)):
                found.append(org)
        return found

    # -- commands, clicks, submissions, options ----------------------------------------------------------------------

    async def command(self, came: Came, form: Mapping[str, Any]) -> Answer:
        """A slash command, by the name this installation is configured with."""
        self._note(came, "command")
        name = payloads.text(form.get("command"), 100)
        installation = await self._route(came, form, command=name)
        found = registry.commands.get(installation.commands.get(name, ""))
        if found is None:
            DELIVERIES.labels("command", "unknown").inc()
            return _ephemeral(UNKNOWN_COMMAND)
        return await self._handle("command", found.handler, installation, form, text=payloads.text(form.get("text")))

    async def interactive(self, came: Came, payload: Mapping[str, Any]) -> Answer:
        """Buttons, submissions, shortcuts; also options, which Socket Mode sends in the same kind of envelope."""
        kind = payload.get("type")
        if not isinstance(kind, str):
            raise Malformed("an interaction without type")
        self._note(came, "action")
        if kind == "block_suggestion":
            return await self.options(came, payload)
        plain, stamp = self._unstamped(payload)
        handler = _handler_of(kind, plain)
        if handler is None:
            # A link button, a view closed: nothing to do, and Slack wants an answer.
            DELIVERIES.labels("action", "ignored").inc()
            return None
        try:
            installation = await self._route(came, plain, stamp=stamp)
        except DispatchError as why:
            return _at_first_input(plain, str(why)) if kind == "view_submission" else None
        return await self._handle(kind, handler, installation, plain)

    async def options(self, came: Came, payload: Mapping[str, Any]) -> Answer:
        """What an external select offers."""
        plain, stamp = self._unstamped(payload)
        handler = registry.options.get(payloads.text(plain.get("action_id"), 255))
        if handler is None:
            return {"options": []}
        try:
            installation = await self._route(came, plain, stamp=stamp)
        except DispatchError:
            return {"options": []}
        answer = await self._handle("options", handler, installation, plain, text=payloads.text(plain.get("value")))
        return answer if answer is not None else {"options": []}

    def _unstamped(self, payload: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[OrgId, int] | None]:
        sound = payloads.with_sound_view(payload)
        return self._stamps.off(sound, team=payloads.team_of(sound), user=payloads.user_of(sound))

    async def _route(
        self, came: Came, payload: Mapping[str, Any], *, command: str = "", stamp: tuple[OrgId, int] | None = None
    ) -> Installation:
        """Whose request it is; see `routing`.

        Raises:
            Conflict: a form of an installation that is gone.
        """
        arrived = came.verified[0]
        user = payloads.user_of(payload)
        if stamp is not None:
            return await self._opened_by(came, stamp, user)
        owner = came.look.owner
        if owner is not None:
            theirs = (
                came.verified
                if owner.org == arrived.org
                else [each for each in owner.installations if each.same_app(arrived)]
            )
            project = await self.project_of(owner.org, owner.about) if theirs else None
            found = of_project(theirs, project) or (theirs[0] if owner.org != arrived.org and theirs else None)
            if found is not None:
                return self._for(found, user, via=found.client)
        slug = value_slugs(payload)
        if slug and slug != arrived.org_slug:
            sisters = [each for each in await self.installations.of(slug) if each.same_app(arrived)]
            if sisters:
                found = fitting(sisters, team=arrived.team_id, app=arrived.app_id)[0]
                return self._for(found, user, via=found.client)
        found = (await self._of_command(came, command) if command else None) or arrived
        return self._for(found, user, via=found.client)

    async def _of_command(self, came: Came, name: str) -> Installation | None:
        """The one with a command of this name: here, else where the same app serves another organization.

        Such an app has one socket, and over HTTP may have one address; names tell whose command it is.
        """
        arrived = came.verified[0]
        if found := of_command(came.verified, name):
            return found
        for org in came.look.sharing:
            sisters = [each for each in await self.installations.of_org(org) if each.same_app(arrived)]
            if org != arrived.org and (found := of_command(sisters, name)):
                return fitting([found], team=arrived.team_id, app=arrived.app_id)[0]
        return None

    async def _opened_by(self, came: Came, stamp: tuple[OrgId, int], user: str) -> Installation:
        org, instance = stamp
        arrived = came.verified[0]
        for each in came.verified:
            if (each.org, each.instance_id) == stamp:
                return self._for(each, user, via=each.client)
        if org == arrived.org:
            return self._for(arrived, user, via=arrived.client)
        there = [
            each
            for each in await self.installations.of_org(org)
            if each.instance_id == instance and each.team_id == arrived.team_id
        ]
        if not there or not await self.installations.knows(there[0], user_id=user, client=arrived.client):
            raise Conflict("The settings changed meanwhile. Please close this form and start again.")
        return self._for(there[0], user, via=arrived.client)

    def _for(self, chosen: Installation, user: str, *, via: registry.SlackCalls) -> Installation:
        """The installation as a handler gets it. `via`: triggers and forms belong to the app they came through."""
        return replace(chosen, client=StampedCalls(via, lambda view: self._stamps.on(view, chosen, user=user)))

    async def _towards(self, asked: registry.Request, slug: str) -> registry.Request | None:
        here = asked.installation
        if slug == here.org_slug:
            return asked
        there = [each for each in await self.installations.of(slug) if each.team_id and each.team_id == here.team_id]
        if not there or not await self.installations.knows(there[0], user_id=asked.user_id, client=here.client):
            return None
        via = here.client.plain if isinstance(here.client, StampedCalls) else here.client
        return self._request(self._for(there[0], asked.user_id, via=via), asked.payload, text=asked.text)

    def _request(self, installation: Installation, payload: Mapping[str, Any], *, text: str) -> registry.Request:
        request = registry.Request(
            installation=installation,
            db=self.db,
            services=self.services,
            user_id=payloads.user_of(payload),
            channel_id=payloads.place_of(payload),
            text=text,
            trigger_id=payloads.text(payload.get("trigger_id"), 500),
            response_url=payloads.text(payload.get("response_url"), 2000),
            payload=payload,
            later=self._later,
            towards=lambda slug: self._towards(request, slug),
        )
        return request

    async def _handle(
        self, kind: str, handler: Handler, installation: Installation, payload: Mapping[str, Any], *, text: str = ""
    ) -> Answer:
        asked = self._request(installation, payload, text=text)
        with ANSWER_SECONDS.labels(kind).time():
            try:
                answer = await handler(asked)
            except (DispatchError, ProviderError) as why:
                DELIVERIES.labels(kind, "refused").inc()
                log.info("slack_request_refused", kind=kind, reason=type(why).__name__)
                return self._say_why(kind, asked, f"{why} {getattr(why, 'hint', '')}".strip())
            except (OperationalError, InterfaceError, PoolTimeout):
                DELIVERIES.labels(kind, "no_database").inc()
                return self._say_why(kind, asked, NO_DATABASE)
            except Exception as why:
                DELIVERIES.labels(kind, "crashed").inc()
                reference = os.urandom(4).hex()
                log.error("slack_request_failed", kind=kind, reference=reference, exc_info=why)
                return self._say_why(kind, asked, f"Something broke on our side. Reference: {reference}")
        DELIVERIES.labels(kind, "ok").inc()
        if answer is not None and isinstance(answer.get("view"), Mapping):
            return {**answer, "view": self._stamps.on(answer["view"], installation, user=asked.user_id)}
        return answer

    def _say_why(self, kind: str, asked: registry.Request, text: str) -> Answer:
        """The sentence goes to the person who caused it, in the place where they are."""
        if kind == "command":
            return _ephemeral(text)
        if kind == "view_submission":
            return _at_first_input(asked.payload, text)
        if kind in ("block_actions", "message_action", "shortcut") and asked.user_id:
            self._later(_tell(asked, text))
        return None

    def _later(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except (DispatchError, ProviderError, OperationalError, InterfaceError, PoolTimeout) as why:
                log.warning("after_answer_failed", error=type(why).__name__)

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("after_answer_crashed", exc_info=task.exception())


def _handler_of(kind: str, payload: Mapping[str, Any]) -> Handler | None:
    if kind in ("shortcut", "message_action"):
        shortcut = registry.shortcuts.get(payloads.text(payload.get("callback_id"), 255))
        return shortcut.handler if shortcut else None
    if kind == "block_actions":
        pressed = payloads.rows(payload, "actions")
        return registry.actions.get(payloads.text(pressed[0].get("action_id"), 255)) if pressed else None
    if kind == "view_submission":
        return registry.submissions.get(payloads.text(payloads.part(payload, "view").get("callback_id"), 255))
    return None


def _at_first_input(payload: Mapping[str, Any], text: str) -> Answer:
    """Slack shows errors of a form only at its fields; a form without any is replaced by the sentence."""
    for block in payloads.rows(payloads.part(payload, "view"), "blocks"):
        if block.get("type") == "input" and isinstance(block.get("block_id"), str):
            return {"response_action": "errors", "errors": {block["block_id"]: text[:2000]}}
    notice = blocks.modal("Dispatch", [blocks.section(blocks.escape(blocks.cut(text, 2500)))], callback_id="notice")
    return {"response_action": "update", "view": notice}


async def _tell(asked: registry.Request, text: str) -> None:
    """In the channel to that person only; in a message of its own when there is no channel, or we are not in it."""
    client = asked.installation.client
    if asked.channel_id and not payloads.is_direct(asked.channel_id):
        try:
            await client.call("chat.postEphemeral", channel=asked.channel_id, user=asked.user_id, text=text)
            return
        except ProviderError as why:
            log.info("told_directly_instead", error=type(why).__name__)
    await client.call("chat.postMessage", channel=asked.user_id, text=text)


def _ephemeral(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": text}
