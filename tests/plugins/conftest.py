"""A workspace per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_place import Place, slack_place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with slack_place() as made:
        yield made
