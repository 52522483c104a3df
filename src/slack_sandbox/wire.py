"""The Web API's front door: token, scopes, rates, faults, the method itself, and Slack's way of answering."""

import asyncio
import time
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from . import facts
from .arguments import Arguments, read
from .call import Call, required
from .calls import ApiCall, kept
from .errors import SlackError
from .faults import Fault
from .methods import Method
from .sandbox import Sandbox
from .state import Token

Json = dict[str, Any]
# Answered without a token.
OPEN = {
    "api.test",
    "blocks.validate",
    "oauth.v2.access",
    "openid.connect.token",
    "apps.uninstall",
    "tooling.tokens.rotate",
}
# Answered to the app's own xapp token only.
APP_LEVEL = {"apps.connections.open", "apps.event.authorizations.list"}
CONFIG_LEVEL = {"apps.manifest.validate", "apps.manifest.create", "apps.manifest.update", "apps.manifest.export"}
_SECRETS = {"client_secret", "refresh_token", "code", "code_verifier", "token"}


class Wire:
    def __init__(self, box: Sandbox, methods: dict[str, Method]) -> None:
        self._box = box
        self._methods = methods

    async def answer(self, request: Request) -> Response:
        began = time.perf_counter()
        box = self._box
        name = request.path_params["method"]
        given = await read(request)
        token = box.state.tokens.get(given.token or "")
        team = token.team_id if token else None
        number, at = box.calls.number(), box.clock.now()
        struck = box.faults.take(name, team)
        status, body, headers = await self._before(struck)
        if body is None:
            status, body, headers = self._call(name, given, token)
        lost = next((fault for fault in struck if fault.kind == "timeout_after_work"), None)
        shown = orjson.dumps({key: value for key, value in given.values.items() if key not in _SECRETS})
        answer = orjson.dumps(body)
        call = ApiCall(
            number,
            at,
            team,
            token.kind if token else None,
            name,
            kept(shown),
            kept(answer),
            round((time.perf_counter() - began) * 1000, 3),
            0 if lost else status,
            token.app_id if token else None,
        )
        box.calls.add(call)
        if box.ledger is not None:
            box.ledger.add(call, ok=bool(body.get("ok")), error=body.get("error"))
        if lost is not None:
            # The work is done and logged; the caller never hears of it.
            await asyncio.sleep(30 if lost.seconds is None else lost.seconds)
            return Response(status_code=504)
        return Response(answer, status, headers, "application/json; charset=utf-8")

    async def _before(self, struck: list[Fault]) -> tuple[int, Json | None, dict[str, str]]:
        for fault in struck:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds or 1)
        for fault in struck:
            if fault.kind == "ratelimited":
                return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(fault.retry_after or 1)}
            if fault.kind == "error5xx":
                return 503, {"ok": False, "error": "service_unavailable"}, {}
            if fault.kind.startswith("error:"):
                return 200, {"ok": False, "error": fault.kind.removeprefix("error:")}, {}
        return 200, None, {}

    def _call(self, name: str, given: Arguments, token: Token | None) -> tuple[int, Json, dict[str, str]]:
        call = Call(self._box, name, given.values, token, given.basic)
        headers: dict[str, str] = {}
        try:
            function = self._methods.get(name)
            if function is None:
                raise SlackError("unknown_method", req_method=name)
            if name not in OPEN:
                _check_token(self._box, name, given.token, token)
                headers = {
                    "x-oauth-scopes": ",".join(call.token.scopes),
                    "x-accepted-oauth-scopes": ",".join(call.accepted()),
                }
            if token is not None:
                wait = self._box.rates.wait(
                    name, team=token.team_id, app=token.app_id, channel=str(given.values.get("channel") or "") or None
                )
                if wait:
                    return 429, {"ok": False, "error": "ratelimited"}, headers | {"Retry-After": str(wait)}
            if given.problem is not None:
                raise given.problem
            if name not in OPEN and (accepted := call.accepted()):
                call.require(*accepted)
            known = facts.methods().get(name)
            required(call, known.required if known else ())
            body: Json = {"ok": True, **function(call)}
        except SlackError as error:
            body = error.answer()
        if given.warnings:
            body["warning"] = ",".join(given.warnings)
            body.setdefault("response_metadata", {})["warnings"] = given.warnings
        return 200, body, headers


def _check_token(box: Sandbox, name: str, value: str | None, token: Token | None) -> None:
    if not value:
        raise SlackError("not_authed")
    if token is None:
        raise SlackError("invalid_auth")
    if token.revoked:
        raise SlackError("token_revoked")
    if token.expires_at is not None and token.expires_at < box.clock.now():
        raise SlackError("token_expired")
    app = box.state.apps.get(token.app_id)
    if app is None or not app.installed:
        raise SlackError("account_inactive")
    if token.kind in ("bot", "user") and box.user(token.user_id).deleted:
        raise SlackError("account_inactive")
    if (token.kind == "app") != (name in APP_LEVEL) and name != "auth.test" and name not in CONFIG_LEVEL:
        raise SlackError("not_allowed_token_type")
    known = facts.methods().get(name)
    if known is not None and token.kind in ("bot", "user"):
        # A method with scopes for one kind of token only is closed to the other.
        own, other = (known.bot, known.user) if token.kind == "bot" else (known.user, known.bot)
        if other and not own:
            raise SlackError("not_allowed_token_type")
