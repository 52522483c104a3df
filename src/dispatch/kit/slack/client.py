"""One installation's Web API: rate budget before, errors mapped after, nothing of the content in between."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from prometheus_client import Counter, Histogram
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from dispatch.kit.errors import ProviderError, Refused, Unavailable
from dispatch.kit.slack import errors
from dispatch.kit.slack.rates import Budget, Lane, Limit, limits
from dispatch.kit.slack.scopes import REQUIRED, REQUIRED_OF_APP, REQUIRED_OF_USER

#: Seconds a call may take. Forms are opened and changed while a person waits and a trigger runs out.
TIMEOUT: Final = 10.0
VIEW_TIMEOUT: Final = 2.5
#: Seconds a call waits for the budget by itself; beyond that the flow is told to come back.
LONGEST_WAIT: Final = 2.0

_CALLS = Counter("dispatch_slack_calls_total", "Web API calls", ["method", "outcome"])
_SECONDS = Histogram(
    "dispatch_slack_call_seconds",
    "Time of Web API calls, without waiting for the budget",
    ["method", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_WAITED = Histogram(
    "dispatch_slack_budget_wait_seconds", "Time waited for the rate budget", ["lane"], buckets=(0.1, 0.5, 1, 2)
)

# slack_sdk logs every argument and answer at DEBUG. A level of its own keeps a DEBUG root from switching that on.
_sdk_log = logging.getLogger("dispatch.kit.slack.sdk")
_sdk_log.setLevel(logging.WARNING)


@dataclass(frozen=True)
class Identity:
    """Who a token is, as Slack says. `scopes` are those granted; None when Slack did not tell."""

    team_id: str
    team: str
    url: str
    user_id: str
    bot_id: str = ""
    app_id: str = ""
    scopes: frozenset[str] | None = None


class SlackClient:
    """Calls Slack with one token.

    Args:
        token: bot (`xoxb-`), user (`xoxp-`) or app-level (`xapp-`) token.
        base_url: ends in `/api/`.
        session: shared by all clients of the process; never closed here.
        team_id, app_id: whose budget is used. While they are not known, the token has a budget of its own.
        lane: of calls that name none.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str,
        session: aiohttp.ClientSession,
        budget: Budget,
        team_id: str = "",
        app_id: str = "",
        lane: Lane = Lane.ANSWERS,
    ) -> None:
        self.base_url = base_url
        self.team_id = team_id
        self.app_id = app_id
        self.lane = lane
        self._session = session
        self._budget = budget
        self._fingerprint = hashlib.sha256(token.encode()).hexdigest()[:12]
        self.kind = "user" if token.startswith("xoxp-") else "app" if token.startswith("xapp-") else "bot"
        self._declared = {"bot": REQUIRED, "user": REQUIRED_OF_USER, "app": REQUIRED_OF_APP}[self.kind]
        self._web = AsyncWebClient(
            token,
            base_url=base_url,
            session=session,
            retry_handlers=[],
            logger=_sdk_log,
        )
        if _needs_no_proxy(base_url):
            # slack_sdk takes HTTPS_PROXY from the environment and ignores NO_PROXY.
            self._web.proxy = None

    async def call(self, method: str, *, lane: Lane | None = None, **args: Any) -> dict[str, Any]:
        """Call one method; arguments that are None are left out.

        Raises:
            Unavailable: no answer, a problem of Slack's own, or the rate budget is used up (`retry_after`).
                After a time-out it is not known whether the work was done.
            Refused: a person has to do something first; `code` is Slack's error name.
        """
        data, _ = await self._call(method, lane, args)
        return data

    async def identity(self, *, verify: bool = False, lane: Lane | None = None) -> Identity:
        """Who this token is. From then on calls use the budget of the team and app found.

        Args:
            verify: ask for the app's id also when it was given.
        """
        who, headers = await self._call("auth.test", lane, {})
        scopes = headers.get("x-oauth-scopes")
        bot_id = str(who.get("bot_id") or "")
        self.team_id = self.team_id or str(who.get("team_id") or "")
        app_id = "" if verify else self.app_id
        app_id = app_id or await self._app_of(bot_id, lane)
        self.app_id = self.app_id or app_id
        return Identity(
            team_id=str(who.get("team_id") or ""),
            team=str(who.get("team") or ""),
            url=str(who.get("url") or ""),
            user_id=str(who.get("user_id") or ""),
            bot_id=bot_id,
            app_id=app_id,
            scopes=None if scopes is None else frozenset(each.strip() for each in scopes.split(",") if each.strip()),
        )

    async def _app_of(self, bot_id: str, lane: Lane | None) -> str:
        if not bot_id or self.kind != "bot":
            return ""
        try:
            found, _ = await self._call("bots.info", lane, {"bot": bot_id})
        except Refused as why:
            if why.code != "missing_scope":
                raise
            return ""  # Only a convenience: without users:read the App ID has to be typed in.
        return str((found.get("bot") or {}).get("app_id") or "")

    async def _call(
        self, method: str, lane: Lane | None, args: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        if method not in self._declared:
            raise RuntimeError(f"{method} is not declared for {self.kind} tokens in dispatch.kit.slack.scopes")
        wanted = limits(
            self._owner(), method, channel=str(args.get("channel") or ""), lane=self.lane if lane is None else lane
        )
        await self._wait(method, wanted, self.lane if lane is None else lane)
        began = time.perf_counter()
        outcome = "cancelled"
        try:
            answer = await self._send(method, args)
            outcome = "ok"
        except errors.RateLimited as why:
            outcome = "ratelimited"
            pause = why.retry_after or 1.0
            if closed := _closed(wanted, pause):
                await self._budget.block(closed, pause)
            raise
        except Unavailable:
            outcome = "unavailable"
            raise
        except Refused:
            outcome = "refused"
            raise
        finally:
            _CALLS.labels(method, outcome).inc()
            _SECONDS.labels(method, outcome).observe(time.perf_counter() - began)
        return answer

    async def _send(self, method: str, args: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
        limit = VIEW_TIMEOUT if method.startswith("views.") else TIMEOUT
        try:
            async with asyncio.timeout(limit):
                answer = await self._web.api_call(method, data=_form(args))
        except TimeoutError:
            raise errors.unreachable(method, f"no answer within {limit:g} s") from None
        except SlackApiError as failed:
            raise _mapped(method, failed, self.kind) from None
        except (aiohttp.ClientError, OSError) as failed:
            raise errors.unreachable(method, type(failed).__name__) from failed
        except (AttributeError, ValueError):
            # slack_sdk asks `.get` of whatever came: a list, or the text of a proxy's page with status 200.
            raise errors.from_answer(method, status=200, body={}) from None
        data = answer.data
        return (data if isinstance(data, dict) else {}), {str(k).lower(): str(v) for k, v in answer.headers.items()}

    async def _wait(self, method: str, wanted: list[Limit], lane: Lane) -> None:
        began = time.monotonic()
        while (wait := await self._budget.take(wanted)) > 0:
            waited = time.monotonic() - began
            # Jitter, or all who were refused together come back together.
            pause = wait * random.uniform(1.0, 1.2)
            if waited + pause > LONGEST_WAIT:
                _CALLS.labels(method, "postponed").inc()
                raise Unavailable(f"Slack's rate limit for {method} is used up for now.", retry_after=pause)
            await asyncio.sleep(pause)
        if (waited := time.monotonic() - began) > 0.05:
            _WAITED.labels(lane.name.lower()).observe(waited)

    def _owner(self) -> str:
        if self.app_id and self.team_id:
            return f"{self.app_id}/{self.team_id}" + ("/user" if self.kind == "user" else "")
        return f"token/{self._fingerprint}"


async def respond(session: aiohttp.ClientSession, response_url: str, payload: Mapping[str, Any]) -> None:
    """Answer a command or a click through its `response_url`: at most once, five times within 30 minutes.

    Never waits for the rate budget. Do not repeat it after `Unavailable`: the person may have seen it.

    Raises:
        Refused: the address is used up or too old.
        Unavailable: it is not known whether it arrived.
    """
    outcome, began = "unavailable", time.perf_counter()
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            session.post(response_url, json=dict(payload), allow_redirects=False) as answer,
        ):
            text = (await answer.content.read(4096)).decode(errors="replace")
            status = answer.status
        if status >= 500 or status == 429:
            raise errors.from_answer(
                "response_url", status=status, body={}, retry_after=answer.headers.get("Retry-After")
            )
        if status != 200 or _says_no(text):
            outcome = "refused"
            code = "expired_url" if status in {403, 404, 410} else str(_json(text).get("error") or f"http_{status}")
            raise errors.from_answer("response_url", status=status, body={"error": code, **_details(text)})
        outcome = "ok"
    except TimeoutError:
        raise errors.unreachable("response_url", f"no answer within {TIMEOUT:g} s") from None
    except (aiohttp.ClientError, OSError) as failed:
        raise errors.unreachable("response_url", type(failed).__name__) from failed
    finally:
        _CALLS.labels("response_url", outcome).inc()
        _SECONDS.labels("response_url", outcome).observe(time.perf_counter() - began)


def _form(args: Mapping[str, Any]) -> dict[str, str]:
    """Every method takes a form; only some take JSON. Structures travel as JSON inside it."""
    return {name: _value(value) for name, value in args.items() if value is not None}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mapped(method: str, failed: SlackApiError, kind: str) -> ProviderError:
    response = failed.response
    # With a body that is not JSON slack_sdk passes aiohttp's own response, which calls its status otherwise.
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    body = getattr(response, "data", None)
    headers = {str(name).lower(): str(value) for name, value in (getattr(response, "headers", None) or {}).items()}
    return errors.from_answer(
        method,
        status=status,
        body=body if isinstance(body, dict) else {},
        retry_after=headers.get("retry-after"),
        token=kind,
    )


def _closed(wanted: list[Limit], seconds: float) -> list[str]:
    """Which buckets a 429 closes. One message a second and channel: a single second concerns the channel alone."""
    keys = [each.key for each in wanted]
    return keys[1:] if len(keys) > 1 and seconds <= 1 else keys


def _needs_no_proxy(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback or bool(proxy_bypass(host))
    except ValueError:
        return host == "localhost" or bool(proxy_bypass(host))


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _says_no(text: str) -> bool:
    return _json(text).get("ok") is False


def _details(text: str) -> dict[str, Any]:
    return {name: value for name, value in _json(text).items() if name in {"response_metadata", "errors"}}
