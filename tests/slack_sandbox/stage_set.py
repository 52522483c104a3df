"""What the sandbox's tests stand on: Ada, Bo and Cy, and an app whose requests land in a plain recorder."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from slack_sandbox.listening import listen
from slack_sandbox.testing import Running, serving

Json = dict[str, Any]

SCOPES = [
    "app_mentions:read",
    "bookmarks:read",
    "bookmarks:write",
    "canvases:read",
    "canvases:write",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "dnd:read",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "usergroups:write",
    "users.profile:read",
    "users:read",
    "users:read.email",
    "users:write",
    "assistant:write",
]
EVENTS = [
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_created",
    "channel_deleted",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "pin_added",
    "reaction_added",
    "team_join",
    "tokens_revoked",
    "user_change",
]


def manifest(url: str, **changes: Any) -> Json:
    """A manifest with everything; `changes` are scopes, events, user_scopes, socket, name."""
    return {
        "display_information": {"name": changes.get("name", "Probe")},
        "features": {
            "app_home": {"home_tab_enabled": True},
            "bot_user": {"display_name": "probe"},
            "slash_commands": [
                {"command": "/probe", "url": f"{url}/command", "description": "Probes", "usage_hint": "[text]"}
            ],
            "shortcuts": [
                {"name": "Probe all", "type": "global", "callback_id": "probe_all", "description": "Probes all"},
                {"name": "Probe this", "type": "message", "callback_id": "probe_this", "description": "Probes this"},
            ],
        },
        "oauth_config": {
            "scopes": {
                "bot": changes.get("scopes", SCOPES),
                "user": changes.get("user_scopes", ["channels:read", "channels:write"]),
            },
            "redirect_urls": [f"{url}/oauth"],
        },
        "settings": {
            "event_subscriptions": {"request_url": f"{url}/event", "bot_events": changes.get("events", EVENTS)},
            "interactivity": {
                "is_enabled": True,
                "request_url": f"{url}/action",
                "message_menu_options_url": f"{url}/menu",
            },
            "socket_mode_enabled": changes.get("socket", False),
        },
    }


@dataclass
class Recorder:
    """The app under test: remembers every request and answers as told."""

    url: str
    seen: list[tuple[str, Json, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, Callable[[Json], Any]] = field(default_factory=dict)

    def of(self, path: str) -> list[Json]:
        return [body for where, body, _, _ in self.seen if where == path]

    def events(self, kind: str) -> list[Json]:
        return [body["event"] for body in self.of("event") if body["event"]["type"] == kind]

    async def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> None:
        """Waits for an effect; generous, because the machine may be busy with other things."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never happened; seen: {[where for where, *_ in self.seen]}")

    async def handle(self, request: Request) -> Response:
        path = request.path_params["path"]
        raw = await request.body()
        if raw.startswith(b"{"):
            body = json.loads(raw)
        else:
            form = {key: values[0] for key, values in parse_qs(raw.decode(), keep_blank_values=True).items()}
            body = json.loads(form["payload"]) if "payload" in form else form
        self.seen.append((path, body, dict(request.headers), raw))
        answer = self.answers.get(path, lambda _: "")(body)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Response):
            return answer
        return JSONResponse(answer) if isinstance(answer, dict) else PlainTextResponse(answer)


@dataclass
class Stage:
    """Everything a test needs, by name."""

    running: Running
    app: Recorder
    keys: Json
    team: str
    ada: str
    bo: str
    cy: str
    general: str
    bot: AsyncWebClient

    @property
    def people(self) -> Any:
        return self.running.client

    @property
    def box(self) -> Any:
        return self.running.sandbox

    def web(self, token: str) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=self.running.api_url)

    async def room(self, name: str = "inc-1", *members: str, private: bool = False) -> str:
        """A channel of the bot's."""
        made = await self.bot.conversations_create(name=name, is_private=private)
        channel: str = made["channel"]["id"]
        if members:
            await self.bot.conversations_invite(channel=channel, users=",".join(members))
        return channel


@contextlib.asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    listener = listen("127.0.0.1", 0)
    app = Recorder(f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with serving(Starlette(routes=[Route("/{path}", app.handle, methods=["POST"])]), listener):
        yield app


WORKSPACE = {
    "team": {"name": "Acme", "domain": "acme"},
    "users": [
        {"name": "ada", "real_name": "Ada Lovelace", "email": "ada@acme.test", "tz": "Europe/London"},
        {
            "name": "bo",
            "real_name": "Bo Diddley",
            "email": "bo@acme.test",
            "profile": {"title": "SRE", "fields": {"Xf1": "Core"}},
        },
        {"name": "cy", "real_name": "Cy Outsider", "email": "cy@acme.test"},
        {"name": "gone", "real_name": "Gone", "email": "gone@acme.test", "deleted": True},
    ],
    "channels": [
        {"name": "general", "members": ["ada", "bo"]},
        {"name": "secret", "is_private": True, "members": ["cy"]},
    ],
}


def refusal(error: Any) -> str:
    """Slack's word for the refusal a `pytest.raises(SlackApiError)` caught."""
    word: str = error.value.response["error"]
    return word


async def consent(stage: Stage, keys: Json, person: str, scope: str = "chat:write,users:read") -> Json:
    """A person allows the app; answers what `oauth.v2.access` gave for the code."""
    query = {"client_id": keys["client_id"], "scope": scope, "state": "s1", "redirect_uri": f"{stage.app.url}/oauth"}
    async with httpx.AsyncClient(base_url=stage.running.base_url) as http:
        page = await http.get("/oauth/v2/authorize", params=query)
        assert "chat:write" in page.text
        answer = await http.post("/oauth/v2/authorize", params=query, data={"user": person, "answer": "allow"})
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["s1"]
    client = AsyncWebClient(base_url=stage.running.api_url)
    result = await client.oauth_v2_access(
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        code=back["code"][0],
        redirect_uri=f"{stage.app.url}/oauth",
    )
    data: Json = result.data  # type: ignore[assignment]
    return data
