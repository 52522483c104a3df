"""Foreign clients work unchanged: Bolt over HTTP, and slack_sdk's Socket Mode client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import Stage, manifest, refusal

from slack_sandbox.listening import listen
from slack_sandbox.testing import serving

Json = dict[str, Any]


async def test_bolt_handles_a_command_a_modal_and_its_submission(stage: Stage) -> None:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    given = manifest(url, name="Bolted")
    for address in (given["features"]["slash_commands"][0], given["settings"]["event_subscriptions"]):
        address["url" if "url" in address else "request_url"] = f"{url}/slack/events"
    given["settings"]["interactivity"]["request_url"] = f"{url}/slack/events"
    keys = await stage.people.app(stage.team, given)
    client = AsyncWebClient(token=keys["bot_token"], base_url=stage.running.api_url)
    bolt = AsyncApp(client=client, signing_secret=keys["signing_secret"])
    submitted: list[str] = []
    joined: list[str] = []

    @bolt.command("/probe")
    async def report(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        title = {"type": "plain_text", "text": "Title"}
        block = {
            "type": "input",
            "block_id": "t",
            "label": title,
            "element": {"type": "plain_text_input", "action_id": "v"},
        }
        view = {"type": "modal", "callback_id": "f", "title": title, "submit": title, "blocks": [block]}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @bolt.view("f")
    async def send(ack: AsyncAck, view: Json) -> None:
        value = view["state"]["values"]["t"]["v"]["value"]
        if value == "bad":
            await ack(response_action="errors", errors={"t": "No"})
            return
        submitted.append(value)
        await ack()

    @bolt.event("member_joined_channel")
    async def member(event: Json) -> None:
        joined.append(event["user"])

    async with serving(AsyncSlackRequestHandler(bolt), listener):
        shown = await stage.people.command(stage.ada, stage.general, "/probe", wait=2)
        view_id = shown["view"]["id"]
        refused = await stage.people.submit(stage.ada, view_id, {"Title": "bad"})
        assert refused["errors"] == {"t": "No"}
        assert (await stage.people.submit(stage.ada, view_id, {"Title": "Down"}))["outcome"] == "closed"
        assert submitted == ["Down"]
        room = (await client.conversations_create(name="bolted"))["channel"]["id"]
        await stage.people.join(stage.ada, room)
        await stage.app.until(lambda: stage.ada in joined)


@contextlib.asynccontextmanager
async def socketed(stage: Stage) -> AsyncIterator[tuple[SocketModeClient, Json, list[SocketModeRequest]]]:
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
    web = AsyncWebClient(token=keys["bot_token"], base_url=stage.running.api_url)
    client = SocketModeClient(app_token=keys["app_token"], web_client=web)
    seen: list[SocketModeRequest] = []

    async def heard(client: Any, request: SocketModeRequest) -> None:
        seen.append(request)
        payload = {"text": "by socket"} if request.type == "slash_commands" else None
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))

    client.socket_mode_request_listeners.append(heard)
    await client.connect()
    try:
        yield client, keys, seen
    finally:
        await client.close()


async def test_socket_mode_carries_commands_events_and_answers(stage: Stage) -> None:
    async with socketed(stage) as (client, keys, seen):
        result = await stage.people.command(stage.ada, stage.general, "/probe", "x")
        assert [row["text"] for row in result["ephemeral"]] == ["by socket"]
        await stage.people.change_user(stage.bo, real_name="Bo D.")
        await stage.app.until(lambda: any(one.type == "events_api" for one in seen))
        assert (await stage.people.call("GET", f"apps/{keys['app_id']}/socket"))["connections"] == 1
        assert await client.is_connected()


async def test_a_refreshed_socket_comes_back_and_a_disabled_one_cannot(stage: Stage) -> None:
    async with socketed(stage) as (_, keys, seen):
        path = f"apps/{keys['app_id']}/socket"

        async def count() -> int:
            number: int = (await stage.people.call("GET", path))["connections"]
            return number

        assert (await stage.people.call("POST", path, {"reason": "refresh_requested"}))["connections"] == 1
        for _ in range(300):
            if await count() == 1:
                break
            await asyncio.sleep(0.02)
        # The SDK may replace its fresh socket once more, and a command typed in between fails as it would in Slack.
        for _ in range(20):
            result = await stage.people.command(stage.ada, stage.general, "/probe", "again")
            if result["ack"]["status"] == 200:
                break
            await asyncio.sleep(0.05)
        assert seen[-1].payload["text"] == "again"
        await stage.people.call("POST", path, {"reason": "link_disabled"})
        with pytest.raises(SlackApiError) as caught:
            await stage.web(keys["app_token"]).apps_connections_open(app_token=keys["app_token"])
        assert refusal(caught) == "forbidden_team"
        failed = await stage.people.command(stage.ada, stage.general, "/probe")
        assert failed["ack"]["body"] == "dispatch_failed"
        await stage.people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
