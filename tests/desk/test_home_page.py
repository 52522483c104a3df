"""Home and palette over HTTP: what needs whom, and nothing of what somebody may not see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.playing import org_id
from tests.stage import ADA, BO, Stage
from tests.test_incident_list import csrf


@pytest.fixture
async def ada(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    made = await stage.sign_in("ada@example.com")
    yield made
    await made.aclose()


async def test_the_front_page_leads_home(stage: Stage, ada: httpx.AsyncClient) -> None:
    assert (await ada.get("/")).url.path == "/default"


async def test_a_command_to_acknowledge_is_there_until_it_is_acknowledged(stage: Stage, ada: httpx.AsyncClient) -> None:
    name = await stage.report(BO, Title="Xylophonic failure")
    await stage.settle()
    page = (await ada.get("/default")).text
    assert f"You lead {name}: acknowledge it" in page
    bo = await stage.sign_in("bo@example.com")
    assert f"You lead {name}" not in (await bo.get("/default")).text
    assert "Xylophonic failure" in (await bo.get("/default")).text
    await ada.post(f"/default/incidents/{name}/acknowledge", data={"csrf": await csrf(ada)})
    assert f"You lead {name}" not in (await ada.get("/default")).text
    await bo.aclose()


async def test_restricted_incidents_are_neither_on_the_home_nor_in_the_palette_of_others(stage: Stage) -> None:
    name = await stage.report(BO, Title="Xylophonic breach", Visibility="restricted")
    await stage.settle()
    for email, sees in (("bo@example.com", True), ("cy@example.com", False), ("dee@example.com", False)):
        somebody = await stage.sign_in(email)
        for address in (
            "/default",
            "/default/home/fragments/now",
            "/default/jump",
            f"/default/jump?q={name}",
            "/default/jump?q=xylo",
        ):
            assert ("Xylophonic" in (await somebody.get(address)).text) is sees, (email, address)
        await somebody.aclose()


async def test_the_palette_finds_by_name_number_words_and_pages(stage: Stage, ada: httpx.AsyncClient) -> None:
    name = await stage.report(ADA, Title="Xylophonic failure")
    number = name.split("-")[1]
    for typed in (name.lower(), number, "xyloph", "failure xylophonic"):
        found = (await ada.get("/default/jump", params={"q": typed})).json()
        assert next(f["href"] for f in found if f["kind"] == "Incident") == f"/default/incidents/{name}", typed
    [report] = [f for f in (await ada.get("/default/jump", params={"q": "rep inc"})).json() if f["kind"] == "Action"]
    assert report["href"] == "/default/report"
    assert (await ada.get("/default/jump", params={"q": "%_\\\0'"})).json() == []
    members = (await ada.get("/default/jump", params={"q": "members"})).json()
    assert "/default/settings/members" in [f["href"] for f in members]
    bo = await stage.sign_in("bo@example.com")
    assert (await bo.get("/default/jump", params={"q": "members"})).json() == []
    await bo.aclose()


async def test_an_open_home_is_told_of_what_the_person_may_see_and_of_nothing_else(stage: Stage) -> None:
    """Cy's home hears nothing of Bo's restricted incident; of the open one that follows it does."""
    cy = await stage.sign_in("cy@example.com")
    heard: list[str] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async with cy.stream("GET", "/default/home/live", timeout=60) as answer:
            listening.set()
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    heard.append(line)

    ear = asyncio.create_task(listen())
    await listening.wait()

    async def watched() -> bool:
        return stage.house.live.listeners(await org_id(stage)) > 0

    await stage.eventually(watched)
    await stage.report(BO, Title="Secret", Visibility="restricted")
    await stage.settle()
    assert heard == []
    await stage.report(BO, Title="Open to all")

    async def told() -> bool:
        return heard[:1] == ["event: now"]

    await stage.eventually(told)
    ear.cancel()
    await asyncio.gather(ear, return_exceptions=True)
    await cy.aclose()


async def test_what_is_no_organization_is_not_found(stage: Stage, ada: httpx.AsyncClient) -> None:
    for path in ("/nobody-here", "/favicon.ico", "/Default"):
        assert (await ada.get(path)).status_code == 404
