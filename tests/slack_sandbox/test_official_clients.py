"""Slack's own Python clients work unchanged but for the address: slack_sdk in every encoding, Bolt in both modes, its OAuth."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from slack_bolt import Ack, App
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.asgi.builtin import SlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import Stage, manifest

from slack_sandbox.listening import listen
from slack_sandbox.testing import serving

Json = dict[str, Any]
# Each way of slack_sdk to send arguments; a multipart body needs a file.
ENCODINGS: dict[str, Json] = {
    "query": {"params": {"channel": "C", "text": "hé & 1=2"}},
    "form": {"data": {"channel": "C", "text": "hé & 1=2"}},
    "json": {"json": {"channel": "C", "text": "hé & 1=2"}},
    "multipart": {"data": {"channel": "C", "text": "hé & 1=2"}, "files": {"extra": b"abc"}},
}


def _sent(stage: Stage, encoding: str) -> Json:
    return {
        kind: {**body, "channel": stage.general} if "channel" in body else body
        for kind, body in ENCODINGS[encoding].items()
    }


async def _said(stage: Stage) -> str:
    text: str = (await stage.people.messages(stage.general))[-1]["text"]
    return text


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_the_asynchronous_client_in_every_encoding(stage: Stage, encoding: str) -> None:
    answer = await stage.bot.api_call("conversations.join", params={"channel": stage.general})
    assert answer["ok"]
    assert (await stage.bot.api_call("chat.postMessage", **_sent(stage, encoding)))["ok"]
    assert await _said(stage) == "hé & 1=2"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_the_synchronous_client_in_every_encoding(stage: Stage, encoding: str) -> None:
    client = WebClient(token=stage.keys["bot_token"], base_url=stage.running.api_url)
    await asyncio.to_thread(client.conversations_join, channel=stage.general)
    assert (await asyncio.to_thread(client.api_call, "chat.postMessage", **_sent(stage, encoding)))["ok"]
    assert await _said(stage) == "hé & 1=2"


async def test_the_synchronous_client_uploads_a_file_and_reads_a_long_list(stage: Stage) -> None:
    client = WebClient(token=stage.keys["bot_token"], base_url=stage.running.api_url)

    def work() -> tuple[str, list[str]]:
        client.conversations_join(channel=stage.general)
        sent = client.files_upload_v2(channel=stage.general, content="abc", filename="a.txt")
        names = [one["name"] for page in client.users_list(limit=2) for one in page["members"]]
        file: str = sent["file"]["id"]
        return file, names

    file, names = await asyncio.to_thread(work)
    assert await stage.people.file_content(file) == b"abc"
    assert {"ada", "bo", "cy"} <= set(names)
    assert len(names) == len(set(names))


def addressed(url: str, **changes: Any) -> Json:
    """A manifest whose every address is Bolt's own."""
    given = manifest(url, **changes)
    address = f"{url}/slack/events"
    given["features"]["slash_commands"][0]["url"] = address
    given["settings"]["event_subscriptions"]["request_url"] = address
    given["settings"]["interactivity"] |= {"request_url": address, "message_menu_options_url": address}
    given["oauth_config"]["redirect_urls"] = [f"{url}/slack/oauth_redirect"]
    return given


async def test_bolts_synchronous_app_over_http(stage: Stage) -> None:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    keys = await stage.people.app(stage.team, addressed(url, name="Bolted"))
    client = WebClient(token=keys["bot_token"], base_url=stage.running.api_url)
    app = await asyncio.to_thread(App, client=client, signing_secret=keys["signing_secret"])

    @app.command("/probe")
    def probe(ack: Ack, command: Json) -> None:
        ack(f"You said {command['text']}")

    async with serving(SlackRequestHandler(app), listener):
        seen = await stage.people.command(stage.ada, stage.general, "/probe", "hi")
    assert [one["text"] for one in seen["ephemeral"]] == ["You said hi"]


async def test_bolts_asynchronous_app_over_a_socket(stage: Stage) -> None:
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
    app = AsyncApp(client=AsyncWebClient(token=keys["bot_token"], base_url=stage.running.api_url))
    joined = asyncio.Event()

    @app.command("/probe")
    async def probe(ack: AsyncAck, command: Json) -> None:
        await ack(f"You said {command['text']}")

    @app.event("member_joined_channel")
    async def member(event: Json) -> None:
        if event["user"] == stage.ada:
            joined.set()

    handler = AsyncSocketModeHandler(app, keys["app_token"])
    await handler.connect_async()
    try:
        seen = await stage.people.command(stage.ada, stage.general, "/probe", "hi", wait=5)
        assert [one["text"] for one in seen["ephemeral"]] == ["You said hi"]
        room = (await app.client.conversations_create(name="by-socket"))["channel"]["id"]
        await stage.people.join(stage.ada, room)
        await asyncio.wait_for(joined.wait(), 60)
    finally:
        await handler.close_async()


async def test_bolts_synchronous_app_over_a_socket(stage: Stage) -> None:
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
    client = WebClient(token=keys["bot_token"], base_url=stage.running.api_url)
    app = await asyncio.to_thread(App, client=client)

    @app.command("/probe")
    def probe(ack: Ack, command: Json) -> None:
        ack(f"You said {command['text']}")

    handler = SocketModeHandler(app, keys["app_token"])
    await asyncio.to_thread(handler.connect)
    try:
        seen = await stage.people.command(stage.ada, stage.general, "/probe", "hi", wait=5)
        assert [one["text"] for one in seen["ephemeral"]] == ["You said hi"]
    finally:
        await asyncio.to_thread(handler.close)


async def consent_page(browser: httpx.AsyncClient, url: str) -> str:
    """Where the button on Bolt's install page leads."""
    page = await browser.get(f"{url}/slack/install")
    # Bolt's cookie is for https only; browsers take this machine's own addresses for as safe, httpx does not.
    browser.headers["Cookie"] = page.headers["set-cookie"].partition(";")[0]
    found = re.search(r'<a href="([^"]+)"', page.text)
    assert found is not None
    return html.unescape(found[1])


@contextlib.asynccontextmanager
async def installable(stage: Stage, folder: Path) -> AsyncIterator[tuple[str, AsyncApp]]:
    """A Bolt app that other workspaces install by its own pages."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    keys = await stage.people.app(stage.team, addressed(url, name="Bolted"))
    web = AsyncWebClient(base_url=stage.running.api_url)
    oauth = AsyncOAuthSettings(
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        scopes=["commands", "chat:write"],
        authorization_url=f"{stage.running.base_url}/oauth/v2/authorize",
        installation_store=FileInstallationStore(base_dir=str(folder / "installed")),
        state_store=FileOAuthStateStore(expiration_seconds=600, base_dir=str(folder / "states")),
    )
    app = AsyncApp(client=web, signing_secret=keys["signing_secret"], oauth_settings=oauth)
    async with serving(AsyncSlackRequestHandler(app), listener):
        yield url, app


async def test_bolt_is_installed_by_its_own_oauth_pages(stage: Stage, tmp_path: Path) -> None:
    made = await stage.people.workspace(
        {"id": "T0OTHER", "name": "Other", "domain": "other"},
        [{"name": "zoe"}],
        [{"name": "lobby", "members": ["zoe"]}],
    )
    zoe, lobby = made["users"][0]["id"], made["channels"][0]["id"]
    async with installable(stage, tmp_path) as (url, app), httpx.AsyncClient() as browser:

        @app.command("/probe")
        async def probe(ack: AsyncAck, client: AsyncWebClient) -> None:
            await ack(f"Here as {(await client.auth_test())['team']}")

        consent = await consent_page(browser, url)
        assert consent.startswith(stage.running.base_url)
        assert parse_qs(urlsplit(consent).query)["scope"] == ["commands,chat:write"]
        assert "chat:write" in (await browser.get(consent)).text
        back = await browser.post(consent, data={"user": zoe, "answer": "allow"})
        done = await browser.get(back.headers["location"])
        assert (done.status_code, "Thank you" in done.text) == (200, True)
        seen = await stage.people.command(zoe, lobby, "/probe", wait=5)
        assert [one["text"] for one in seen["ephemeral"]] == ["Here as Other"]


async def test_bolt_says_so_when_a_person_does_not_allow_it(stage: Stage, tmp_path: Path) -> None:
    async with installable(stage, tmp_path) as (url, _), httpx.AsyncClient() as browser:
        consent = await consent_page(browser, url)
        back = await browser.post(consent, data={"user": stage.ada, "answer": "cancel"})
        refused = await browser.get(back.headers["location"])
        assert "access_denied" in refused.text
