"""Slack's HTTP requests: read within a limit, verified by their signature, and given to the dispatcher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from dispatch.kit.slack import payloads
from dispatch.kit.slack.dispatcher import ANSWER_SECONDS, DELIVERIES, Came, Dispatcher
from dispatch.kit.slack.payloads import Malformed
from dispatch.kit.slack.registry import Answer
from dispatch.kit.slack.routing import fitting
from dispatch.kit.slack.signature import is_signed

#: Bytes. Slack's own bodies stay far below; anything larger is not Slack.
LARGEST_BODY = 1_000_000
#: Fields of a form; a command has about fifteen.
MOST_FIELDS = 100


class Endpoints:
    """The four addresses of an organization: event, command, action, menu.

    Wrong signature, old timestamp, unknown organization, no plugin: the same 403. Malformed but signed: 400.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher

    def router(self) -> APIRouter:
        """Routes to mount under `/api/v1`."""
        router = APIRouter()
        for name, endpoint in (
            ("event", self.event),
            ("command", self.command),
            ("action", self.action),
            ("menu", self.menu),
        ):
            router.post(f"/{{organization}}/events/slack/{name}", include_in_schema=False)(endpoint)
        return router

    async def event(self, organization: str, request: Request) -> Response:
        """Events API. Slack's address check is answered before anything is configured, whoever asks."""
        body = await _body(request)
        envelope = _object(body)
        if envelope is not None and envelope.get("type") == "url_verification":
            return _answer({"challenge": payloads.text(envelope.get("challenge"), 1000)})
        happened = payloads.part(envelope or {}, "event")
        came = await self._verified(organization, request, body, envelope, channel=payloads.channel_of(happened))
        with ANSWER_SECONDS.labels("event").time():
            try:
                await self.dispatcher.event(came, envelope or {})
            except Malformed as why:
                raise HTTPException(400, str(why)) from None
        return Response(status_code=200)

    async def command(self, organization: str, request: Request) -> Response:
        """Slash commands. `ssl_check` is Slack looking at our certificate."""
        body = await _body(request)
        form = _form(body)
        if form is not None and form.get("ssl_check") == "1":
            return Response(status_code=200)
        came = await self._verified(organization, request, body, form, channel=payloads.place_of(form or {}))
        if not (form or {}).get("command"):
            raise HTTPException(400, "not a command")
        return _answer(await self.dispatcher.command(came, form or {}))

    async def action(self, organization: str, request: Request) -> Response:
        """Buttons, submissions and shortcuts."""
        came, payload = await self._interaction(organization, request)
        try:
            return _answer(await self.dispatcher.interactive(came, payload))
        except Malformed as why:
            raise HTTPException(400, str(why)) from None

    async def menu(self, organization: str, request: Request) -> Response:
        """What an external select offers."""
        came, payload = await self._interaction(organization, request)
        return _answer(await self.dispatcher.options(came, payload))

    async def _interaction(self, organization: str, request: Request) -> tuple[Came, dict[str, Any]]:
        body = await _body(request)
        form = _form(body)
        payload = _object((form or {}).get("payload", "").encode("utf-8", "replace"))
        came = await self._verified(organization, request, body, payload, channel=payloads.place_of(payload or {}))
        return came, payload or {}

    async def _verified(
        self, organization: str, request: Request, body: bytes, payload: Mapping[str, Any] | None, *, channel: str
    ) -> Came:
        """The installations whose secret signed the request; the same 403 for everything else."""
        team, app = payloads.team_of(payload or {}), payloads.app_of(payload or {})
        look = await self.dispatcher.installations.look(organization, team=team, channel=channel)
        stamp = request.headers.get("x-slack-request-timestamp", "")
        given = request.headers.get("x-slack-signature", "")
        # Without any secret one that fits nothing is tried: what is not there takes as long as what is wrong.
        signed = {
            secret
            for secret in {each.signing_secret for each in look.own} or {""}
            if is_signed(body, secret=secret, stamp=stamp, given=given)
        }
        candidates = [each for each in look.own if each.signing_secret in signed]
        verified = fitting(candidates, team=team, app=app)
        if candidates and not team:
            DELIVERIES.labels("any", "malformed").inc()
            raise HTTPException(400, "no workspace is named")
        if not verified:
            DELIVERIES.labels("any", "forbidden").inc()
            raise HTTPException(403, "forbidden")
        return Came(look, verified)


async def _body(request: Request) -> bytes:
    """The body, read no further than allowed."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > LARGEST_BODY:
        raise HTTPException(413, "too large")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise HTTPException(413, "too large")
        parts.append(part)
    return b"".join(parts)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _form(body: bytes) -> dict[str, str] | None:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None


def _answer(answer: Answer) -> Response:
    if answer is None:
        return Response(status_code=200)
    return Response(orjson.dumps(answer), media_type="application/json")
