"""A Jitsi room per incident: a link nobody can guess, made without asking anybody."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from dispatch.ports.answers import Check, Resource
from dispatch.ports.plugin import Outside, Plugin

#: Characters of base 32: 130 bits.
_SECRET_LENGTH: Final = 26


class JitsiSettings(BaseModel):
    """Works as it is; no account is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    server_url: str = Field(
        default="https://meet.jit.si",
        title="Server URL",
        description="The Jitsi server on which rooms are opened. Your own server keeps calls in your network.",
    )

    @field_validator("server_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s?#]+", value):
            raise PydanticCustomError("jitsi_url", "Give the server's address, such as https://meet.jit.si")
        return value.rstrip("/")


class Jitsi:
    """`Conferences` whose rooms exist as soon as somebody opens the link."""

    provider = "jitsi"

    def __init__(self, settings: JitsiSettings, outside: Outside) -> None:
        self._server = settings.server_url
        self._outside = outside

    async def create(self, *, key: str, name: str, title: str) -> Resource:
        # Whoever knows a name such as INC-42 must not find the room; the same key always gives the same room.
        secret = base64.b32encode(self._outside.derive(f"jitsi/{key}")).decode().lower()[:_SECRET_LENGTH]
        readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
        room = f"{readable}-{secret}" if readable else secret
        return Resource(url=f"{self._server}/{room}", external_id=room, title=f"{name} – {title}")

    async def check(self) -> Sequence[Check]:
        try:
            async with self._outside.http.get(
                self._server, timeout=aiohttp.ClientTimeout(total=5), allow_redirects=True
            ) as answer:
                ok = answer.status < 500
                said = f"Answers with HTTP {answer.status}."
        except (aiohttp.ClientError, OSError, TimeoutError) as failed:
            ok, said = False, f"Does not answer ({type(failed).__name__})."
        hint = "" if ok else "Rooms are made all the same; people may reach the server where Dispatch cannot."
        return [Check("Server URL", ok, said, hint)]


plugin = Plugin(
    slug="jitsi",
    title="Jitsi Plugin - Conference Management",
    kind="conference",
    description="A video room per incident, on the public Jitsi server or your own.",
    settings=JitsiSettings,
    provider=Jitsi,
)
