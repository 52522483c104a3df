"""Slack's HTTP requests: verified, routed to one installation, handled, answered within its three seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson
import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import Counter, Histogram
from slack_sdk.signature import SignatureVerifier

from dispatch.kit.db import Database
from dispatch.kit.errors import DispatchError, ProviderError
from dispatch.kit.slack import registry
from dispatch.kit.slack.registry import Answer, Handler, Installation

log = structlog.get_logger()

#: Slack's own bodies stay far below; anything larger is not Slack.
LARGEST_BODY = 1_000_000

DELIVERIES = Counter("dispatch_slack_deliveries_total", "Requests from Slack", ["kind", "outcome"])
ANSWER_SECONDS = Histogram("dispatch_slack_answer_seconds", "Time until Slack was answered", ["kind"])


class Installations(Protocol):
    """Implemented by `projects`; wired by the composition root."""

    async def of(self, organization: str) -> Sequence[Installation]:
        """Enabled installations of the organization; none when it does not exist."""
        ...


class Endpoints:
    """The four addresses of an organization: event, command, action, menu."""

    def __init__(self, db: Database, installations: Installations, services: Mapping[type, Any]) -> None:
        self.db = db
        self.installations = installations
        self.services = services
        self.background: set[asyncio.Task[None]] = set()

    def router(self) -> APIRouter:
        """Routes to mount under `/api/v1`."""
        router = APIRouter()
        router.post("/{organization}/events/slack/event", include_in_schema=False)(self.event)
        router.post("/{organization}/events/slack/command", include_in_schema=False)(self.command)
        router.post("/{organization}/events/slack/action", include_in_schema=False)(self.action)
        router.post("/{organization}/events/slack/menu", include_in_schema=False)(self.menu)
        return router

    async def event(self, organization: str, request: Request) -> Response:
        """Events API. Slack's address check is answered before anything is configured."""
        body = await _body(request)
        payload = _json(body)
        if payload.get("type") == "url_verification":
            return _answer({"challenge": str(payload.get("challenge", ""))[:1000]})
        installation = await self._verified(organization, request, body, str(payload.get("team_id", "")))
        happened = payload.get("event")
        if payload.get("type") != "event_callback" or not isinstance(happened, dict):
            raise HTTPException(400, "not an event")
        with ANSWER_SECONDS.labels("event").time():
            for handler in registry.events.get(str(happened.get("type")), []):
                # A failure answers 500: Slack delivers the event again, and handling is idempotent.
                await handler(installation, self.db, {**happened, "event_id": payload.get("event_id")})
        DELIVERIES.labels("event", "ok").inc()
        return Response(status_code=200)

    async def command(self, organization: str, request: Request) -> Response:
        """Slash commands, by the names this installation is configured with."""
        body = await _body(request)
        form = _form(body)
        if form.get("ssl_check") == "1":
            return Response(status_code=200)
        installation = await self._verified(organization, request, body, form.get("team_id", ""))
        key = installation.commands.get(form.get("command", ""))
        found = registry.commands.get(key) if key else None
        if found is None:
            DELIVERIES.labels("command", "unknown").inc()
            return _answer(_ephemeral("This command is not known to Dispatch. Its name may have changed in the settings."))
        return await self._handle("command", found.handler, installation, form, text=form.get("text", ""))

    async def action(self, organization: str, request: Request) -> Response:
        """Buttons, submissions and shortcuts."""
        body = await _body(request)
        payload = _json(_form(body).get("payload", "").encode())
        installation = await self._verified(organization, request, body, _team(payload))
        kind = payload.get("type")
        handler: Handler | None = None
        if kind in ("shortcut", "message_action"):
            shortcut = registry.shortcuts.get(str(payload.get("callback_id")))
            handler = shortcut.handler if shortcut else None
        elif kind == "block_actions":
            pressed = payload.get("actions") or [{}]
            handler = registry.actions.get(str(pressed[0].get("action_id")))
        elif kind == "view_submission":
            handler = registry.submissions.get(str((payload.get("view") or {}).get("callback_id")))
        if handler is None:
            # A link button, a view closed: nothing to do, and Slack wants an answer.
            DELIVERIES.labels("action", "ignored").inc()
            return Response(status_code=200)
        return await self._handle(str(kind), handler, installation, payload)

    async def menu(self, organization: str, request: Request) -> Response:
        """What an external select offers."""
        body = await _body(request)
        payload = _json(_form(body).get("payload", "").encode())
        installation = await self._verified(organization, request, body, _team(payload))
        handler = registry.options.get(str(payload.get("action_id")))
        if handler is None:
            return _answer({"options": []})
        return await self._handle("options", handler, installation, payload, text=str(payload.get("value", "")))

    async def _verified(self, organization: str, request: Request, body: bytes, team: str) -> Installation:
        """The installation whose secret signed the request; the same 403 for everything else."""
        for installation in await self.installations.of(organization):
            if team and installation.team_id and team != installation.team_id:
                continue
            if installation.signing_secret and SignatureVerifier(installation.signing_secret).is_valid(
                body=body,
                timestamp=request.headers.get("x-slack-request-timestamp", ""),
                signature=request.headers.get("x-slack-signature", ""),
            ):
                return installation
        DELIVERIES.labels("any", "refused").inc()
        raise HTTPException(403, "forbidden")

    async def _handle(
        self, kind: str, handler: Handler, installation: Installation, payload: Mapping[str, Any], *, text: str = ""
    ) -> Response:
        user, channel = payload.get("user"), payload.get("channel")
        asked = registry.Request(
            installation=installation,
            db=self.db,
            services=self.services,
            user_id=str(user.get("id") if isinstance(user, dict) else payload.get("user_id", "")),
            channel_id=str(channel.get("id") if isinstance(channel, dict) else payload.get("channel_id", "")),
            text=text,
            trigger_id=str(payload.get("trigger_id", "")),
            response_url=str(payload.get("response_url", "")),
            payload=payload,
            later=self._later,
        )
        with ANSWER_SECONDS.labels(kind).time():
            try:
                answer: Answer = await handler(asked)
            except (DispatchError, ProviderError) as why:
                DELIVERIES.labels(kind, "refused").inc()
                return await self._say_why(kind, asked, why)
        DELIVERIES.labels(kind, "ok").inc()
        return _answer(answer) if answer is not None else Response(status_code=200)

    async def _say_why(self, kind: str, asked: registry.Request, why: Exception) -> Response:
        """The sentence goes to the person who caused it, in the place where they are."""
        text = f"{why} {getattr(why, 'hint', '')}".strip()
        if kind == "command":
            return _answer(_ephemeral(text))
        if kind == "view_submission":
            first = next((b["block_id"] for b in asked.view.get("blocks", []) if b.get("type") == "input"), None)
            if first is not None:
                return _answer({"response_action": "errors", "errors": {first: text[:2000]}})
        if kind == "block_actions" and asked.channel_id:
            self._later(self._tell(asked, text))
        log.info("slack_request_refused", kind=kind, reason=type(why).__name__)
        return Response(status_code=200)

    async def _tell(self, asked: registry.Request, text: str) -> None:
        await asked.installation.client.call(
            "chat.postEphemeral", channel=asked.channel_id, user=asked.user_id, text=text
        )

    def _later(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except (DispatchError, ProviderError) as why:
                log.warning("after_answer_failed", error=type(why).__name__)

        task = asyncio.create_task(run())
        self.background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("after_answer_crashed", exc_info=task.exception())


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise HTTPException(413, "too large")
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400, "not JSON") from None
    if not isinstance(payload, dict):
        raise HTTPException(400, "not an object")
    return payload


def _form(body: bytes) -> dict[str, str]:
    try:
        return {key: values[-1] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    except ValueError:
        raise HTTPException(400, "not a form") from None


def _team(payload: Mapping[str, Any]) -> str:
    team = payload.get("team")
    return str(team.get("id", "")) if isinstance(team, dict) else ""


def _ephemeral(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": text}


def _answer(payload: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(payload), media_type="application/json")
