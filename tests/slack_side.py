"""Requests as Slack sends them, made by hand: to send what the sandbox would not, or more of it."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from dispatch.kit.db import Database, OrgId
from dispatch.kit.events import Subject
from dispatch.kit.slack import channel_names
from dispatch.kit.slack.signature import signature

_numbers = itertools.count(1)


@dataclass
class SlackSide:
    """One app in one workspace, sending to one organization's addresses."""

    web: httpx.AsyncClient
    organization: str
    team: str
    app: str
    secret: str
    bot: str = "U0BOT"
    stamp: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def post(
        self, place: str, body: bytes, content_type: str = "application/x-www-form-urlencoded"
    ) -> httpx.Response:
        """A signed request with this very body."""
        stamp = str(int(time.time()) if self.stamp is None else self.stamp)
        return await self.web.post(
            f"/api/v1/{self.organization}/events/slack/{place}",
            content=body,
            headers={
                "content-type": content_type,
                "x-slack-request-timestamp": stamp,
                "x-slack-signature": signature(self.secret, stamp, body),
                **self.headers,
            },
        )

    def envelope(self, happened: dict[str, Any], *, event_id: str = "", **more: Any) -> dict[str, Any]:
        return {
            "token": "x",
            "team_id": self.team,
            "api_app_id": self.app,
            "type": "event_callback",
            "event_id": event_id or f"Ev{next(_numbers):08d}",
            "event_time": int(time.time()),
            "event": {"event_ts": f"{time.time():.6f}", **happened},
            "authorizations": [{"team_id": self.team, "user_id": self.bot, "is_bot": True}],
            **more,
        }

    async def event(self, happened: dict[str, Any], *, event_id: str = "", **more: Any) -> httpx.Response:
        body = orjson.dumps(self.envelope(happened, event_id=event_id, **more))
        return await self.post("event", body, "application/json")

    async def command(
        self, name: str, text: str = "", *, user: str = "U0BO", channel: str = "C0ELSE", **more: str
    ) -> httpx.Response:
        form = {
            "team_id": self.team, "api_app_id": self.app, "command": name, "text": text, "user_id": user,
            "channel_id": channel, "trigger_id": "1.2.x", "response_url": "", **more,
        }  # fmt: skip
        return await self.post("command", urlencode(form).encode())

    async def interaction(self, payload: dict[str, Any], place: str = "action") -> httpx.Response:
        full = {
            "team": {"id": self.team},
            "api_app_id": self.app,
            "user": {"id": "U0BO"},
            "trigger_id": "1.2.x",
            **payload,
        }
        return await self.post(place, urlencode({"payload": json.dumps(full)}).encode())


async def own_channel(db: Database, org: OrgId, team: str, channel: str, *, subject: int = 1) -> None:
    """Make a channel one of ours, as the step that creates channels does."""
    place = await channel_names.reserve(
        db, team=team, names=[f"inc-{channel.lower()}"], org=org, about=Subject("incident", subject)
    )
    async with db.tx(org) as t:
        await channel_names.claimed(t, team=team, name=place.name, channel=channel)
