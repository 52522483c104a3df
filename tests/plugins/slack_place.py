"""Where the tests of everything that talks to Slack stand: one workspace in the sandbox with Ada, Bo, Cy and our app."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.manifest import bot_scopes
from dispatch.kit.slack.rates import Budget, Lane, MemoryBudget
from dispatch.kit.slack.scopes import REQUIRED_OF_USER, union
from dispatch.plugins.slack_conversation import plugin
from dispatch.plugins.slack_conversation.provider import SlackConversations
from dispatch.ports.conversations import Conversations
from dispatch.ports.plugin import Outside
from slack_sandbox.testing import Running, running_sandbox

Json = dict[str, Any]
SECRET = "0123456789abcdef0123456789abcdef"

USERS: list[Json] = [
    {"name": "ada", "real_name": "Ada Lovelace", "email": "ada@acme.test", "tz": "Europe/London"},
    {
        "name": "bo",
        "real_name": "Bo Diddley",
        "email": "bo@acme.test",
        "tz": "America/Chicago",
        "profile": {"title": "SRE", "fields": {"Xf1TEAM": "Core", "Xf2LINK": "https://acme.test/bo"}},
    },
    {"name": "cy", "real_name": "Cy Outsider", "email": "cy@acme.test"},
    {"name": "gone", "real_name": "Gone", "email": "gone@acme.test", "deleted": True},
]


def outside(session: aiohttp.ClientSession, api_url: str, budget: Budget | None = None) -> Outside:
    """What the root would lend, with a budget of its own."""
    shared = budget or MemoryBudget()

    def slack(token: str, *, team_id: str = "", app_id: str = "", lane: Lane = Lane.ANSWERS) -> SlackClient:
        return SlackClient(
            token, base_url=api_url, session=session, budget=shared, team_id=team_id, app_id=app_id, lane=lane
        )

    return Outside(
        http=session,
        slack=slack,
        base_url="https://dispatch.test",
        clock=lambda: datetime.now(UTC),
        derive=lambda text: hashlib.sha256(f"secret/{text}".encode()).digest(),
    )


def manifest(scopes: Sequence[str], name: str = "Dispatch") -> Json:
    return {
        "display_information": {"name": name},
        "features": {"bot_user": {"display_name": "dispatch"}},
        "oauth_config": {
            "scopes": {"bot": list(scopes), "user": union(REQUIRED_OF_USER)},
            "redirect_urls": ["https://dispatch.test/oauth"],
        },
        "settings": {"socket_mode_enabled": True},
    }


@dataclass
class Place:
    """Everything a test needs, by name. People are user ids."""

    running: Running
    session: aiohttp.ClientSession
    keys: Json
    people: dict[str, str]
    chat: SlackConversations
    budget: MemoryBudget = field(default_factory=MemoryBudget)

    @property
    def sandbox(self) -> Any:
        return self.running.client

    @property
    def outside(self) -> Outside:
        return outside(self.session, self.running.api_url, self.budget)

    def settings(self, **changes: Any) -> Any:
        given = {
            "api_bot_token": self.keys["bot_token"],
            "signing_secret": self.keys["signing_secret"],
            "app_user_slug": self.keys["bot_user_id"],
            "app_id": self.keys["app_id"],
            "team_id": self.keys["team_id"],
        }
        return plugin.settings.model_validate({**given, **changes})

    def conversations(self, **changes: Any) -> SlackConversations:
        """The provider with other settings."""
        return SlackConversations(self.settings(**changes), self.outside)

    async def with_scopes(self, *without: str) -> SlackConversations:
        """Another app in the same workspace that lacks some scopes."""
        keys = await self.sandbox.app(
            self.keys["team_id"], manifest([scope for scope in bot_scopes() if scope not in without], "Other")
        )
        return self.conversations(
            api_bot_token=keys["bot_token"], app_id=keys["app_id"], app_user_slug=keys["bot_user_id"]
        )

    async def calls(self, method: str) -> list[Json]:
        """Every call of this method so far, with its arguments and answer."""
        return [each for each in await self.sandbox.calls() if each["method"] == method]

    async def fault(self, target: str, kind: str, **how: Any) -> None:
        await self.sandbox.faults({"target": target, "kind": kind, "count": 1, **how})


@dataclass
class Chat:
    """Any chat system with Ada and Bo in it."""

    chat: Conversations
    ada: str
    bo: str


@contextlib.asynccontextmanager
async def slack_place() -> AsyncIterator[Place]:
    async with running_sandbox() as running, aiohttp.ClientSession() as session:
        made = await running.client.workspace(
            {"name": "Acme", "domain": "acme"}, USERS, [{"name": "general", "members": ["ada", "bo"]}]
        )
        keys = await running.client.app(made["team"]["id"], manifest(bot_scopes()))
        people = {user["name"]: user["id"] for user in made["users"]}
        place = Place(running, session, keys, people, chat=None)  # type: ignore[arg-type]
        place.chat = place.conversations()
        yield place
