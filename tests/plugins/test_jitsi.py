"""A Jitsi room nobody can guess, and the same one at every repeat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import ValidationError
from slack_place import outside

from dispatch.plugins.jitsi import Jitsi, JitsiSettings
from dispatch.ports.conferences import Conferences


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def test_a_repeat_gives_the_same_room_and_another_key_another(session: aiohttp.ClientSession) -> None:
    jitsi: Conferences = Jitsi(JitsiSettings(), outside(session, ""))
    first = await jitsi.create(key="org-1/INC-1", name="INC-1", title="Database")
    assert await jitsi.create(key="org-1/INC-1", name="INC-1", title="Database") == first
    stranger = await jitsi.create(key="org-2/INC-1", name="INC-1", title="Database")
    assert stranger.url != first.url
    server, room = first.url.rsplit("/", 1)
    assert server == "https://meet.jit.si" and room.startswith("INC-1-") and len(room) == len("INC-1-") + 26
    assert first.title == "INC-1 – Database" and "Database" not in first.url


async def test_a_server_of_ones_own_and_names_with_anything_in_them(session: aiohttp.ClientSession) -> None:
    jitsi = Jitsi(JitsiSettings(server_url="https://meet.acme.test/rooms/"), outside(session, ""))
    made = await jitsi.create(key="k", name="Ä/../?", title="x")
    assert made.url == f"https://meet.acme.test/rooms/{made.external_id}" and made.external_id.isalnum()


async def test_a_server_that_is_away_is_said_and_stops_nothing(session: aiohttp.ClientSession) -> None:
    [check] = await Jitsi(JitsiSettings(server_url="http://127.0.0.1:9"), outside(session, "")).check()
    assert not check.ok and "does not answer" in check.message.lower()


@pytest.mark.parametrize("url", ["meet.jit.si", "javascript:alert(1)", "https://a b", "https://x/?room="])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="such as"):
        JitsiSettings(server_url=url)
