"""Getting a payload to an app and its answer back: over signed HTTP or over the app's socket."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import orjson

from .calls import Sent
from .faults import Fault
from .sandbox import Sandbox
from .state import App

Json = dict[str, Any]
# Slack gives an app three seconds of real time; the sandbox's clock cannot stretch that.
LIMIT = 3.0
# After the first attempt: almost at once, after a minute, after five.
RETRIES = (0.0, 60.0, 300.0)
# "Delayed Events": then once an hour for a day, when the app wants that.
DELAYED = (3600.0,) * 24
# How long a reordered event waits, in seconds, for one that overtakes it.
OVERTAKING = 5.0
AskKind = Literal["command", "interactive", "options"]


@dataclass(frozen=True)
class Ack:
    """An app's answer. `error` is what Slack tells the person when there was no usable one."""

    status: int
    ms: int
    body: Any = None
    error: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        return self.error is None

    def shown(self) -> Json:
        """`body` is what the person was told; `error` is set when that was a failure."""
        return {
            "status": self.status,
            "ms": self.ms,
            "body": self.error if self.error else self.body,
            "error": self.error,
        }


class Delivery(Protocol):
    async def send_event(self, envelope: Json, *, attempt: int, reason: str | None) -> Ack: ...

    async def ask(self, kind: AskKind, payload: Json, *, url: str | None) -> Ack: ...

    async def drop(self) -> int:
        """Cuts standing connections as a broken network does; answers how many there were."""
        ...


def sign(secret: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return f"v0={digest}"


class HttpDelivery:
    def __init__(self, box: Sandbox, app_id: str) -> None:
        self._box = box
        self._app_id = app_id

    async def send_event(self, envelope: Json, *, attempt: int, reason: str | None) -> Ack:
        app = self._box.app(self._app_id)
        url = (app.settings.get("event_subscriptions") or {}).get("request_url")
        headers = {"Content-Type": "application/json"}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason or "unknown_error"}
        return await self._post(app, url, orjson.dumps(envelope), headers)

    async def ask(self, kind: AskKind, payload: Json, *, url: str | None) -> Ack:
        app = self._box.app(self._app_id)
        if kind == "command":
            form = {key: str(value).lower() if isinstance(value, bool) else value for key, value in payload.items()}
        else:
            interactivity = app.settings.get("interactivity") or {}
            url = interactivity.get("request_url" if kind == "interactive" else "message_menu_options_url")
            form = {"payload": json.dumps(payload, ensure_ascii=False)}
        body = urlencode(form).encode()
        return await self._post(app, url, body, {"Content-Type": "application/x-www-form-urlencoded"})

    async def drop(self) -> int:
        return 0

    async def _post(self, app: App, url: str | None, body: bytes, headers: dict[str, str]) -> Ack:
        began = time.perf_counter()

        def ack(status: int, **more: Any) -> Ack:
            return Ack(status, round((time.perf_counter() - began) * 1000), **more)

        if not url:
            return ack(0, error="dispatch_failed", headers=(("reason", "no_url"),))
        stamp = str(int(time.time()))
        signed = headers | {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(app.signing_secret, stamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "*/*",
        }
        answer = await self._box.outside.post(url, body, signed, limit=LIMIT * self._box.patience)
        if answer.failure is not None:
            error = "operation_timeout" if answer.failure == "http_timeout" else "dispatch_failed"
            return ack(0, error=error, headers=(("reason", answer.failure),))
        if not 200 <= answer.status < 300:
            return ack(
                answer.status,
                error="dispatch_failed",
                headers=(*answer.headers, ("reason", "http_error")),
                body=answer.text,
            )
        return ack(
            answer.status,
            body=_decoded(answer.text, dict(answer.headers).get("content-type", "")),
            headers=answer.headers,
        )


def _decoded(text: str, content_type: str) -> Any:
    """Slack takes JSON as JSON when it says so (or looks so) and anything else as plain text."""
    if content_type.startswith("application/json") or text.lstrip().startswith("{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def delivery_of(box: Sandbox, app: App) -> Delivery:
    from .socket_mode import SocketDelivery  # noqa: PLC0415 - the socket needs this module's Ack

    wanted: type[HttpDelivery] | type[SocketDelivery] = SocketDelivery if app.uses_socket else HttpDelivery
    current = box.deliveries.get(app.id)
    if not isinstance(current, wanted):
        current = box.deliveries[app.id] = wanted(box, app.id)
    return current


async def ask(box: Sandbox, app: App, kind: AskKind, payload: Json, *, name: str, url: str | None = None) -> Ack:
    """Delivers something a person did. Never retried: the person sees the failure and tries again."""
    target = "command" if kind == "command" else "action"
    struck = box.faults.take(target, app.team_id)
    for fault in struck:
        if fault.kind == "latency":
            await asyncio.sleep(fault.seconds or 1)
    if kind != "command" and not (app.settings.get("interactivity") or {}).get("is_enabled"):
        # Over either transport. Unverified: the words a person reads then.
        ack = Ack(0, 0, error="dispatch_failed", headers=(("reason", "no_interactivity"),))
        _log(box, app, kind, name, None, 0, ack)
        return ack
    delivery = delivery_of(box, app)
    await _dropped(delivery, struck)
    if any(fault.kind == "error5xx" for fault in struck):
        ack = Ack(503, 0, error="dispatch_failed")
        _log(box, app, kind, name, None, 0, ack)
        return ack
    ack = await delivery.ask(kind, payload, url=url)
    if any(fault.kind == "duplicate" for fault in struck):
        await delivery.ask(kind, payload, url=url)
    if any(fault.kind == "timeout_after_work" for fault in struck):
        ack = Ack(0, int(LIMIT * 1000), error="operation_timeout")
    _log(box, app, kind, name, None, 0, ack)
    return ack


async def _dropped(delivery: Delivery, struck: list[Fault]) -> None:
    if any(fault.kind == "drop_socket" for fault in struck):
        await delivery.drop()


def admitted(box: Sandbox, app: App) -> bool:
    """Whether one more event may go to this app now. Beyond the hour's number it hears only that it misses something."""
    if app.events_disabled:
        return False
    if not box.rates.enabled or not box.subscriptions.over(app.id):
        return True
    if box.subscriptions.first_drop(app.id):
        minute = box.subscriptions.minute * 60
        notice = {"token": app.verification_token, "type": "app_rate_limited", "minute_rate_limited": minute}
        _send(box, app, notice | {"team_id": app.team_id, "api_app_id": app.id}, [])
    return False


def deliver_event(box: Sandbox, app: App, envelope: Json) -> None:
    """Queues an event; returns at once."""
    _send(box, app, envelope, box.faults.take("event", app.team_id))


def _send(box: Sandbox, app: App, envelope: Json, struck: list[Fault]) -> None:
    task = box.spawn(_deliver(box, app.id, envelope, struck))
    box.outgoing.add(task)
    task.add_done_callback(box.outgoing.discard)


async def _deliver(box: Sandbox, app_id: str, envelope: Json, struck: list[Fault]) -> None:
    for fault in struck:
        with box.rest():
            if fault.kind == "latency":
                await box.clock.sleep(fault.seconds or 1)
            elif fault.kind == "reorder":
                await _overtaken(box, app_id, fault.seconds or OVERTAKING)
    if box.state.apps.get(app_id) is not None:
        await _dropped(delivery_of(box, box.app(app_id)), struck)
    lost = any(fault.kind in ("timeout_after_work", "error5xx") for fault in struck)
    copies = 2 if any(fault.kind == "duplicate" for fault in struck) else 1
    for _ in range(copies):
        await _with_retries(box, app_id, envelope, answer_lost=lost)
    box.overtaking.pop(app_id, asyncio.Event()).set()


async def _overtaken(box: Sandbox, app_id: str, seconds: float) -> None:
    """Waits until the app has had another event, but no longer than `seconds` when none comes."""
    passed = box.overtaking.setdefault(app_id, asyncio.Event())
    with contextlib.suppress(TimeoutError):  # nothing came behind it
        await asyncio.wait_for(passed.wait(), seconds)


async def _with_retries(box: Sandbox, app_id: str, envelope: Json, *, answer_lost: bool) -> None:
    reason: str | None = None
    kind, event_id = envelope.get("event", envelope)["type"], envelope.get("event_id")
    for attempt, pause in enumerate((0.0, *RETRIES, *DELAYED)):
        if attempt > len(RETRIES) and not _delays(box, app_id):
            return
        if pause:
            with box.rest():
                await box.clock.sleep(pause)
        app = box.state.apps.get(app_id)
        if app is None or app.events_disabled:
            return
        ack = await delivery_of(box, app).send_event(envelope, attempt=attempt, reason=reason)
        if answer_lost and attempt == 0:
            ack = Ack(0, ack.ms, error="operation_timeout", headers=(("reason", "http_timeout"),))
        _log(box, app, "event", kind, event_id, attempt, ack)
        if box.subscriptions.failing(app_id, ok=ack.ok):
            disable(box, app)
            return
        headers = dict(ack.headers)
        if ack.ok or headers.get("x-slack-no-retry") == "1":
            return
        reason = headers.get("reason", "unknown_error")


def _delays(box: Sandbox, app_id: str) -> bool:
    app = box.state.apps.get(app_id)
    return app is not None and app.events_delayed


def disable(box: Sandbox, app: App) -> None:
    """Slack stops sending events to an app that hardly ever takes them, until somebody switches them on again."""
    app.events_disabled = True
    box.tell("app")


def enable(box: Sandbox, app: App) -> None:
    app.events_disabled = False
    box.subscriptions.forgive(app.id)
    box.tell("app")


async def verified(box: Sandbox, app: App) -> Json:
    challenge = box.ids.secret("challenge")
    body = {"token": app.verification_token, "challenge": challenge, "type": "url_verification"}
    ack = await HttpDelivery(box, app.id).send_event(body, attempt=0, reason=None)
    answered = (
        ack.body.get("challenge")
        if isinstance(ack.body, dict)
        else str(ack.body or "").removeprefix("challenge=").strip()
    )
    return {"verified": ack.ok and answered == challenge, "ack": ack.shown()}


def _log(box: Sandbox, app: App, kind: str, name: str, event_id: str | None, attempt: int, ack: Ack) -> None:
    box.sent.add(
        Sent(
            box.sent.number(),
            box.clock.now(),
            app.team_id,
            app.id,
            kind,
            name,
            event_id,
            attempt,
            ack.status,
            ack.ms,
            ack.error,
        )
    )
