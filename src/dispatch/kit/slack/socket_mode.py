"""Socket Mode for one app: connects, keeps the connection fresh, gives what comes in to the dispatcher, acknowledges.

A client of our own on aiohttp; decision record 11 has the reasons. The next connection is made before the old one is
left, and what is under way on the old one is acknowledged there.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
import structlog
from prometheus_client import Counter

from dispatch.kit.errors import ProviderError, Refused, Unavailable

log = structlog.get_logger()

#: Seconds: for the handshake and the hello; of silence before we ping; of silence after which it is dead.
CONNECT: Final = 10.0
QUIET: Final = 15.0
SILENT: Final = 45.0
#: Seconds between attempts to connect: 0.5, 1, 2 ... up to this, with jitter.
LONGEST_PAUSE: Final = 30.0
#: Seconds for what is under way when told to stop.
DRAIN: Final = 8.0
#: Envelopes worked on at the same time; further ones wait in the socket.
AT_ONCE: Final = 200
LARGEST_FRAME: Final = 4_000_000

ENVELOPES = Counter("dispatch_slack_envelopes_total", "What came through sockets", ["type", "outcome"])
CONNECTS = Counter("dispatch_slack_socket_connects_total", "Attempts to open a socket", ["outcome"])

Envelope = dict[str, Any]
#: Answers an envelope; raising leaves it unacknowledged, and Slack delivers it again or tells the person.
Answering = Callable[[Envelope], Awaitable[dict[str, Any] | None]]


class LinkDisabled(Refused):
    """Somebody turned Socket Mode off in the settings of the Slack app."""

    def __init__(self) -> None:
        super().__init__(
            "Slack closed the connection: Socket Mode is turned off for this app.",
            hint="Turn it on at api.slack.com/apps → Socket Mode, or remove the Socket Mode App Token to use HTTP.",
            code="link_disabled",
        )


@dataclass
class Health:
    """What others see of a socket. Times are of the wall clock, in seconds."""

    connected_at: float | None = None
    heard_at: float | None = None
    connections: int = 0
    trouble: str = ""

    def heard(self) -> None:
        self.heard_at = time.time()


@dataclass(eq=False)
class _Connection:
    socket: aiohttp.ClientWebSocketResponse
    heard: float = field(default_factory=time.monotonic)
    #: Slack asked us to leave, or there is a newer one.
    leaving: bool = False
    work: set[asyncio.Task[None]] = field(default_factory=set)


class SocketMode:
    """One app's socket.

    Args:
        open_link: asks Slack for an address (`apps.connections.open`).
        session: not closed here.
        answer: given each envelope.
    """

    def __init__(
        self, open_link: Callable[[], Awaitable[str]], *, session: aiohttp.ClientSession, answer: Answering
    ) -> None:
        self.health = Health()
        self._open_link = open_link
        self._session = session
        self._answer = answer
        self._room = asyncio.Semaphore(AT_ONCE)
        self._stop = asyncio.Event()
        self._next = asyncio.Event()
        self._open: dict[_Connection, asyncio.Task[None]] = {}
        self._fatal: Refused | None = None

    def stop(self) -> None:
        """Take nothing new, acknowledge what is under way, close."""
        self._stop.set()
        self._next.set()

    async def run(self) -> None:
        """Until `stop()`.

        Raises:
            Refused: Slack does not let us connect, and trying again would not help.
        """
        pause = 0.5
        try:
            while not self._stop.is_set():
                self._next.clear()
                try:
                    await self._connect()
                    pause = 0.5
                except Refused:
                    CONNECTS.labels("refused").inc()
                    raise
                except (Unavailable, aiohttp.ClientError, OSError, TimeoutError, ValueError) as why:
                    CONNECTS.labels("failed").inc()
                    said = str(why) if isinstance(why, ProviderError) else type(why).__name__
                    self.health.trouble = f"Slack cannot be reached: {said}"
                    log.warning("socket_cannot_connect", error=type(why).__name__, pause=pause)
                    wait = max(pause, getattr(why, "retry_after", None) or 0.0) * random.uniform(0.7, 1.3)
                    pause = min(pause * 2, LONGEST_PAUSE)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stop.wait(), wait)
                    continue
                # Until this connection ends, or Slack announces its end.
                await self._next.wait()
                if self._fatal is not None:
                    raise self._fatal
        finally:
            await self._leave_all()

    async def _connect(self) -> None:
        """Open a connection and wait for Slack's hello; then the older ones are left.

        Raises:
            Unavailable, Refused, aiohttp.ClientError, OSError, TimeoutError: there is none.
        """
        async with asyncio.timeout(CONNECT):
            link = await self._open_link()
            socket = await self._session.ws_connect(
                link, autoping=False, autoclose=True, max_msg_size=LARGEST_FRAME, proxy=proxy_for(link)
            )
            try:
                frame = await _first_frame(socket)
            except BaseException:
                await socket.close()
                raise
        if frame.get("type") != "hello":
            await socket.close()
            raise Unavailable(f"Slack greeted with {frame.get('type')} ({frame.get('reason', 'no reason')})")
        connection = _Connection(socket)
        self.health.connected_at = time.time()
        self.health.heard()
        self.health.trouble = ""
        CONNECTS.labels("ok").inc()
        log.info("socket_connected")
        older = list(self._open)
        task = asyncio.create_task(self._serve(connection), name="socket: serve")
        self._open[connection] = task
        self.health.connections = len(self._open)
        for each in older:
            each.leaving = True
            # Its reader goes on until it is quiet there: what Slack sent before it knew of the new one is not lost.
            asyncio.get_running_loop().call_later(1.0, self._close_soon, each)

    def _close_soon(self, connection: _Connection) -> None:
        task = self._open.get(connection)
        if task is not None and not task.done():
            task.cancel()

    async def _serve(self, connection: _Connection) -> None:
        try:
            await self._read(connection)
        except asyncio.CancelledError:
            pass  # left for a newer one, or told to stop
        except (aiohttp.ClientError, OSError) as why:
            log.info("socket_lost", error=type(why).__name__)
        finally:
            if connection.work:
                await asyncio.wait(connection.work, timeout=DRAIN)
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await connection.socket.close()
            self._open.pop(connection, None)
            self.health.connections = len(self._open)
            # Also one that was asked to leave, if nothing newer came up meanwhile.
            if not self._open:
                self._next.set()

    async def _read(self, connection: _Connection) -> None:
        socket = connection.socket
        while True:
            try:
                frame = await socket.receive(timeout=QUIET)
            except TimeoutError:
                if time.monotonic() - connection.heard > SILENT:
                    log.warning("socket_silent")
                    return
                await socket.ping(b"dispatch")
                continue
            connection.heard = time.monotonic()
            self.health.heard()
            if frame.type == aiohttp.WSMsgType.TEXT:
                if not await self._received(connection, frame.data):
                    return
            elif frame.type == aiohttp.WSMsgType.PING:
                await socket.pong(frame.data)
            elif frame.type in _END:
                return

    async def _received(self, connection: _Connection, text: str) -> bool:
        """False when this connection is to be left at once."""
        try:
            envelope = orjson.loads(text)
        except orjson.JSONDecodeError:
            ENVELOPES.labels("unreadable", "ignored").inc()
            return True
        if not isinstance(envelope, dict):
            ENVELOPES.labels("unreadable", "ignored").inc()
            return True
        kind = envelope.get("type")
        if kind == "disconnect":
            return self._told_to_leave(connection, str(envelope.get("reason")))
        if kind == "hello" or not isinstance(envelope.get("envelope_id"), str):
            return True
        await self._room.acquire()
        task = asyncio.create_task(self._work(connection, str(kind), envelope), name=f"socket: {kind}")
        connection.work.add(task)
        task.add_done_callback(connection.work.discard)
        return True

    def _told_to_leave(self, connection: _Connection, reason: str) -> bool:
        log.info("socket_asked_to_leave", reason=reason)
        if reason == "link_disabled":
            self._fatal = LinkDisabled()
            self._next.set()
            return False
        # Connect anew first; this one is left when the new one has said hello. Slack says so twice: warning, then goodbye.
        if not connection.leaving:
            connection.leaving = True
            self._next.set()
        return True

    async def _work(self, connection: _Connection, kind: str, envelope: Envelope) -> None:
        outcome = "failed"
        try:
            payload = await self._answer(envelope)
            answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
            if payload is not None and envelope.get("accepts_response_payload"):
                answer["payload"] = payload
            await connection.socket.send_str(orjson.dumps(answer).decode())
            outcome = "ok"
        except (aiohttp.ClientError, OSError) as why:
            outcome = "lost"
            log.info("socket_acknowledgement_lost", type=kind, error=type(why).__name__)
        except Exception as why:
            # Not acknowledged: Slack delivers events again, and tells a person that it did not work.
            log.error("socket_envelope_failed", type=kind, exc_info=why)
        finally:
            self._room.release()
            ENVELOPES.labels(kind if kind in _KINDS else "other", outcome).inc()

    async def _leave_all(self) -> None:
        tasks = list(self._open.values())
        for connection, task in list(self._open.items()):
            connection.leaving = True
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)


_KINDS: Final = frozenset({"events_api", "slash_commands", "interactive"})
_END: Final = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)


async def _first_frame(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    while True:
        frame = await socket.receive()
        if frame.type == aiohttp.WSMsgType.TEXT:
            value = orjson.loads(frame.data)
            return value if isinstance(value, dict) else {}
        if frame.type == aiohttp.WSMsgType.PING:
            await socket.pong(frame.data)
        elif frame.type in _END:
            raise Unavailable(f"Slack closed the connection at once ({socket.close_code}).")


def proxy_for(link: str) -> str | None:
    """The proxy for a `wss://` address: HTTPS_PROXY, since few set WSS_PROXY, unless NO_PROXY names the host.

    aiohttp alone would look for WSS_PROXY, slack_sdk alone would ignore NO_PROXY.
    """
    parts = urlsplit(link)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127.") or proxy_bypass(host):
        return None
    proxies = getproxies()
    plain = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
    return proxies.get(parts.scheme) or proxies.get(plain) or proxies.get("all")
