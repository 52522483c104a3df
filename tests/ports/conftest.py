"""The contract runs against the fake that is shipped and against Slack, in the sandbox."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.ports.conversations import MemoryConversations

sys.path.append(str(Path(__file__).parents[1] / "plugins"))
from slack_place import Chat, slack_place


@pytest.fixture(params=["memory", "slack"])
async def where(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    if request.param == "memory":
        users = {"ada@acme.test": "U0ADA", "bo@acme.test": "U0BO"}
        yield Chat(MemoryConversations(users=users), "U0ADA", "U0BO")
        return
    async with slack_place() as place:
        yield Chat(place.chat, place.people["ada"], place.people["bo"])
