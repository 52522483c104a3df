"""One app's socket against a server that does what Slack may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.slack import socket_mode
from dispatch.kit.slack.socket_mode import LinkDisabled, SocketMode, proxy_for


@dataclass
class Server:
    """Greets as told, keeps what it hears."""

    url: str = ""
    greetings: list[Any] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0
    links: int = 0

    async def link(self) -> str:
        self.links += 1
        return self.url

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        greeting = self.greetings.pop(0) if self.greetings else {"type": "hello"}
        await socket.send_str(greeting if isinstance(greeting, str) else orjson.dumps(greeting).decode())
        self.sockets.append(socket)
        async for frame in socket:
            if frame.type == aiohttp.WSMsgType.PING:
                self.pings += 1
                await socket.pong(frame.data)
            elif frame.type == aiohttp.WSMsgType.TEXT:
                self.heard.append(orjson.loads(frame.data))
        return socket

    async def send(self, frame: Any, socket: int = -1) -> None:
        await self.sockets[socket].send_str(frame if isinstance(frame, str) else orjson.dumps(frame).decode())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_get("/link", made.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = site._server.sockets[0].getsockname()  # type: ignore[union-attr]
    made.url = f"ws://127.0.0.1:{address[1]}/link"
    yield made
    await runner.cleanup()


async def echo(envelope: dict[str, Any]) -> dict[str, Any] | None:
    return {"said": envelope["payload"]}


@asynccontextmanager
async def running(
    server: Server, answer: Any = echo, **more: Any
) -> AsyncIterator[tuple[SocketMode, asyncio.Task[None]]]:
    async with aiohttp.ClientSession() as session:
        socket = SocketMode(more.pop("open_link", server.link), session=session, answer=answer)
        task = asyncio.create_task(socket.run())
        try:
            yield socket, task
        finally:
            socket.stop()
            await asyncio.gather(task, return_exceptions=True)


def envelope(number: int, *, answers: bool = True) -> dict[str, Any]:
    return {
        "type": "slash_commands",
        "envelope_id": f"e{number}",
        "payload": {"n": number},
        "accepts_response_payload": answers,
    }


async def test_envelopes_are_acknowledged_with_their_answer(server: Server) -> None:
    async with running(server) as (socket, _):
        await server.until(lambda: bool(server.sockets))
        await server.send(envelope(1))
        await server.send(envelope(2, answers=False))
        await server.until(lambda: len(server.heard) == 2)
        assert sorted(server.heard, key=str) == sorted(
            [{"envelope_id": "e1", "payload": {"said": {"n": 1}}}, {"envelope_id": "e2"}], key=str
        )
        assert socket.health.connections == 1 and socket.health.heard_at is not None


@pytest.mark.parametrize("odd", ["{", "[]", '"x"', "{}", '{"type": 7}', '{"type": "news", "envelope_id": 5}'])
async def test_what_cannot_be_read_is_passed_over(server: Server, odd: str) -> None:
    async with running(server):
        await server.until(lambda: bool(server.sockets))
        await server.send(odd)
        await server.send(envelope(1))
        await server.until(lambda: len(server.heard) == 1)


async def test_a_failure_leaves_the_envelope_unacknowledged_and_the_socket_open(server: Server) -> None:
    async def fails(given: dict[str, Any]) -> dict[str, Any] | None:
        if given["payload"]["n"] == 1:
            raise ZeroDivisionError
        return None

    async with running(server, fails):
        await server.until(lambda: bool(server.sockets))
        await server.send(envelope(1))
        await server.send(envelope(2))
        await server.until(lambda: bool(server.heard))
        assert server.heard == [{"envelope_id": "e2"}]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_the_next_connection_is_made_before_the_old_one_is_left(server: Server, reason: str) -> None:
    slow = asyncio.Event()

    async def waits(given: dict[str, Any]) -> dict[str, Any] | None:
        if given["payload"]["n"] == 1:
            await slow.wait()
        return None

    async with running(server, waits) as (socket, _):
        await server.until(lambda: bool(server.sockets))
        await server.send(envelope(1))
        await server.send({"type": "disconnect", "reason": reason})
        await server.send({"type": "disconnect", "reason": "refresh_requested"})
        await server.until(lambda: len(server.sockets) == 2)
        assert not server.sockets[0].closed
        await server.send(envelope(2), socket=0)  # sent before Slack knew of the new one
        await server.send(envelope(3), socket=1)
        await server.until(lambda: len(server.heard) == 2)
        slow.set()
        await server.until(lambda: len(server.heard) == 3)
        await server.until(lambda: server.sockets[0].closed)
        assert socket.health.connections == 1
        assert server.links == 2


async def test_link_disabled_stops_with_a_sentence(server: Server) -> None:
    async with running(server) as (_, task):
        await server.until(lambda: bool(server.sockets))
        await server.send({"type": "disconnect", "reason": "link_disabled"})
        with pytest.raises(LinkDisabled, match="Socket Mode is turned off"):
            await asyncio.wait_for(task, 10)


async def test_a_refused_token_stops_and_an_absent_slack_is_waited_for(server: Server) -> None:
    async def refused() -> str:
        raise Refused("The token is not valid.", code="invalid_auth")

    async with running(server, open_link=refused) as (_, task):
        with pytest.raises(Refused, match="not valid"):
            await asyncio.wait_for(task, 10)

    tries = 0

    async def away_then_back() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("Slack is away")
        return server.url

    async with running(server, open_link=away_then_back) as (socket, _):
        await server.until(lambda: bool(socket.health.trouble))
        await server.until(lambda: bool(server.sockets))
        await server.until(lambda: not socket.health.trouble)


async def test_a_greeting_that_is_none_is_tried_again(server: Server) -> None:
    server.greetings = [{"type": "disconnect", "reason": "too_many_websockets"}, "{"]
    async with running(server):
        await server.until(lambda: len(server.sockets) == 3)
        await server.send(envelope(1))
        await server.until(lambda: bool(server.heard))


async def test_a_lost_connection_comes_back(server: Server) -> None:
    async with running(server):
        for n in range(3):
            await server.until(lambda n=n: len(server.sockets) == n + 1)  # type: ignore[misc]
            transport = server.sockets[-1]._req.transport  # type: ignore[union-attr]
            assert transport is not None
            transport.abort()
        await server.until(lambda: len(server.sockets) == 4)


async def test_silence_is_asked_about_and_then_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_mode, "QUIET", 0.05)
    async with running(server):
        await server.until(lambda: server.pings > 3)
        assert len(server.sockets) == 1
        monkeypatch.setattr(socket_mode, "SILENT", -1.0)
        await server.until(lambda: len(server.sockets) > 1)


async def test_told_to_stop_it_acknowledges_what_is_under_way(server: Server) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def waits(_given: dict[str, Any]) -> dict[str, Any] | None:
        begun.set()
        await go.wait()
        return None

    async with running(server, waits) as (socket, task):
        await server.until(lambda: bool(server.sockets))
        await server.send(envelope(1))
        await begun.wait()
        socket.stop()
        await asyncio.sleep(0.05)
        assert not task.done()
        go.set()
        await asyncio.wait_for(task, 10)
    assert server.heard == [{"envelope_id": "e1"}]


@pytest.mark.parametrize(
    ("environment", "link", "proxy"),
    [
        ({}, "wss://wss.slack.com/link", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "wss://wss.slack.com/link", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".slack.com"}, "wss://wss.slack.com/link", None),
        ({"HTTPS_PROXY": "http://a:1", "WSS_PROXY": "http://b:2"}, "wss://wss.slack.com/link", "http://b:2"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "wss://wss.slack.com/link", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "ws://slack.test/link", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "HTTP_PROXY": "http://proxy:3128"}, "ws://127.0.0.1:9/link", None),
        ({"ALL_PROXY": "http://proxy:3128"}, "wss://wss.slack.com/link", "http://proxy:3128"),
    ],
)
def test_the_proxy_of_the_environment_is_used_for_the_socket_too(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], link: str, proxy: str | None
) -> None:
    for name in ("HTTP", "HTTPS", "WS", "WSS", "ALL", "NO"):
        monkeypatch.delenv(f"{name}_PROXY", raising=False)
        monkeypatch.delenv(f"{name.lower()}_proxy", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(link) == proxy


async def test_the_socket_goes_through_the_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that forwards to the server: what it saw is the address outside, which nobody could resolve here."""
    seen: list[str] = []
    target = server.url.split("/")[2]

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        seen.append(request.split(b"\r\n")[0].decode())
        host, _, port = target.partition(":")
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        up_writer.write(request.replace(b"http://wss.slack.test", b"", 1).replace(b"ws://wss.slack.test", b"", 1))

        async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pipe(reader, up_writer), pipe(up_reader, writer), return_exceptions=True)

    proxy = await asyncio.start_server(forward, "127.0.0.1", 0)
    address = proxy.sockets[0].getsockname()
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{address[1]}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async def outside() -> str:
        return "ws://wss.slack.test/link"

    async with running(server, open_link=outside):
        await server.until(lambda: bool(server.sockets))
        await server.send(envelope(1))
        await server.until(lambda: bool(server.heard))
    assert "wss.slack.test/link" in seen[0]
    proxy.close()
