"""Socket Mode frame by frame, as Slack documents it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from stage_set import Stage, manifest

Json = dict[str, Any]
# Seconds until a frame is there; on a busy machine, long.
PATIENCE = 60


class Line:
    """One bare socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def frame(self) -> Json:
        frame: Json = json.loads(await self.socket.receive_str(timeout=PATIENCE))
        return frame

    async def ack(self, frame: Json, payload: Json | None = None) -> None:
        await self.socket.send_str(
            json.dumps({"envelope_id": frame["envelope_id"]} | ({"payload": payload} if payload else {}))
        )

    async def asked(self) -> Json:
        """The next thing a person did; events before it are acknowledged."""
        while (frame := await self.frame())["type"] == "events_api":
            await self.ack(frame)
        return frame

    async def closed(self) -> bool:
        return (await self.socket.receive(timeout=PATIENCE)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


class Lines:
    def __init__(self, stage: Stage, keys: Json, http: aiohttp.ClientSession) -> None:
        self.stage, self.keys, self.http = stage, keys, http
        # A socket that nobody holds is closed.
        self.held: list[Line] = []

    async def url(self) -> str:
        url: str = (
            await self.stage.web(self.keys["app_token"]).apps_connections_open(app_token=self.keys["app_token"])
        )["url"]
        return url

    async def open(self, url: str | None = None) -> Line:
        self.held.append(Line(await self.http.ws_connect(url or await self.url(), autoping=False)))
        return self.held[-1]

    async def greeted(self) -> Line:
        line = await self.open()
        assert (await line.frame())["type"] == "hello"
        return line


@pytest.fixture
async def lines(stage: Stage) -> AsyncIterator[Lines]:
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
    await stage.people.uninstall(stage.keys["app_id"])
    # These tests answer by hand, and three seconds are short on a busy machine.
    stage.box.patience = 20
    async with aiohttp.ClientSession() as http:
        yield Lines(stage, keys, http)


async def test_hello_tells_how_many_sockets_there_are_and_for_how_long(lines: Lines) -> None:
    await lines.greeted()
    hello = await (await lines.open()).frame()
    assert (hello["type"], hello["num_connections"], hello["connection_info"]) == (
        "hello",
        2,
        {"app_id": lines.keys["app_id"]},
    )
    assert hello["debug_info"]["approximate_connection_time"] == 18060


async def test_an_address_opens_one_socket_and_not_later(lines: Lines) -> None:
    url = await lines.url()
    await lines.open(url)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await lines.open(url)
    late = await lines.url()
    await lines.stage.people.advance(3600)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await lines.open(late)


async def test_ten_sockets_and_no_more(lines: Lines) -> None:
    for _ in range(10):
        await lines.greeted()
    eleventh = await lines.open()
    assert await eleventh.frame() == {"type": "disconnect", "reason": "too_many_websockets"}
    assert await eleventh.closed()
    assert await lines.stage.people.sockets(lines.keys["app_id"]) == 10


async def test_a_socket_is_warned_and_refreshed_when_its_time_is_over(lines: Lines) -> None:
    line = await lines.greeted()
    await lines.stage.people.advance(18_060 - 10)
    warning = await line.frame()
    assert (warning["type"], warning["reason"]) == ("disconnect", "warning")
    await lines.stage.people.advance(10)
    assert (await line.frame())["reason"] == "refresh_requested"
    assert await line.closed()


async def test_debugging_makes_sockets_short_lived(lines: Lines) -> None:
    asked = await lines.stage.web(lines.keys["app_token"]).api_call(
        "apps.connections.open", params={"debug_reconnects": "true"}
    )
    hello = await (await lines.open(asked["url"])).frame()
    assert hello["debug_info"]["approximate_connection_time"] == 360


async def test_an_event_comes_in_an_envelope_without_an_answer(lines: Lines) -> None:
    line = await lines.greeted()
    await lines.stage.people.change_user(lines.stage.bo, real_name="Bo D.")
    frame = await line.frame()
    assert (frame["type"], frame["accepts_response_payload"], frame["retry_attempt"]) == ("events_api", False, 0)
    assert frame["payload"]["event"]["type"] == "user_change"
    await line.ack(frame)


async def test_what_a_closing_socket_did_not_take_comes_over_another(lines: Lines) -> None:
    first, second = await lines.greeted(), await lines.greeted()
    await lines.stage.people.change_user(lines.stage.bo, real_name="Bo D.")
    given = {line: asyncio.ensure_future(line.frame()) for line in (first, second)}
    await asyncio.wait(given.values(), return_when=asyncio.FIRST_COMPLETED)
    taken, left = (first, second) if given[first].done() else (second, first)
    await taken.socket.close()
    again = await given[left]
    assert again["payload"]["event_id"] == given[taken].result()["payload"]["event_id"]
    await left.ack(again)


async def test_only_some_payloads_take_an_answer(lines: Lines) -> None:
    stage, line = lines.stage, await lines.greeted()
    web = stage.web(lines.keys["bot_token"])
    await web.conversations_join(channel=stage.general)
    button = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
    ts = (await web.chat_postMessage(channel=stage.general, text="x", blocks=[button]))["ts"]
    typed = asyncio.ensure_future(stage.people.command(stage.ada, stage.general, "/probe"))
    command = await line.asked()
    assert (command["type"], command["accepts_response_payload"]) == ("slash_commands", True)
    await line.ack(command, {"text": "by socket"})
    assert [one["text"] for one in (await typed)["ephemeral"]] == ["by socket"]
    pressed = asyncio.ensure_future(stage.people.act_in_message(stage.ada, stage.general, ts, "go"))
    action = await line.asked()
    assert (action["type"], action["accepts_response_payload"]) == ("interactive", False)
    await line.ack(action)
    assert (await pressed)["ack"]["status"] == 200


async def test_pings_are_answered_with_their_words(lines: Lines) -> None:
    line = await lines.greeted()
    await line.socket.ping(b"sdk-ping-pong:1")
    pong = await line.socket.receive(timeout=PATIENCE)
    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
