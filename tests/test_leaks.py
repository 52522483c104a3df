"""A restricted incident and a foreign organization leave no byte anywhere for those who may not see them.

The list of places is generated: every route there is, as every kind of outsider; a route with a parameter this test
does not know fails until somebody teaches it. What Slack shows an outsider is looked at in the sandbox itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.kit.db import Database
from dispatch.kit.errors import Refused
from dispatch.kit.slack import registry
from dispatch.kit.slack.registry import Installation, Listening
from dispatch.people.models import Person
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.canary import (
    CANARY,
    FOREIGN,
    NOTE,
    OUTSIDERS,
    TITLE,
    Scene,
    addresses,
    belongings,
    canary,
    clean,
    questions,
    read,
)
from tests.playing import rows
from tests.stage import BO, Stage


@pytest.fixture
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    async with canary(stage) as made:
        yield made


async def test_the_canary_is_there_for_those_who_take_part(scene: Scene) -> None:
    """Otherwise the other tests would prove nothing."""
    browser = await scene.stage.sign_in("bo@example.com")
    page = (await browser.get(f"/default/incidents/{scene.name}")).text
    assert TITLE in page
    assert NOTE in page
    assert scene.name in (await browser.get("/default/incidents")).text
    await browser.aclose()


@pytest.mark.parametrize("role", [*OUTSIDERS, "nobody"])
async def test_no_page_shows_it_to_an_outsider(scene: Scene, role: str) -> None:
    browser = (
        await scene.stage.sign_in(OUTSIDERS[role])
        if role in OUTSIDERS
        else httpx.AsyncClient(base_url=scene.stage.base_url, follow_redirects=True, timeout=60)
    )
    asked = questions(scene)
    exports = [address for address, _ in asked if "export" in address]
    assert exports, "the exports are elsewhere now"
    assert any(query for _, query in asked), "no route takes a text any more?"
    for address, query in asked:
        said = await read(browser, address, **query)
        clean(said, f"{address}?{query} for {role}", CANARY)
        if scene.name not in (address, *query.values()) and f"/{scene.name}" not in address:
            assert not re.search(rf"\b{scene.name}\b", said), f"{address}?{query} names it to {role}"
    for address in ("/default/incidents", "/api/v1/default/incidents", "/default/options/tags", *exports):
        for query in (
            {"status": "Active"},
            {"severity": "Undetermined"},
            {"participant": "bo@example.com"},
            {"visibility": "restricted"},
        ):
            clean(await read(browser, address, **query), f"{address}?{query} for {role}", CANARY)
    await browser.aclose()


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
async def test_no_answer_of_the_api_shows_it_to_a_machine(scene: Scene, role: str) -> None:
    token = await scene.stage.token(role)
    machine = httpx.AsyncClient(base_url=scene.stage.base_url, headers={"authorization": f"Bearer {token}"}, timeout=60)
    for address, query in questions(scene):
        if address.startswith("/api/"):
            clean(await read(machine, address, **query), f"{address}?{query} for a token of {role}", CANARY)
    # Writes are refused alike, whatever they carry, and nothing of it comes back.
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        for address in addresses(scene, method):
            if address.startswith(f"/api/v1/default/incidents/{scene.name}"):
                body = {
                    "title": "Curious",
                    "description": "Curious",
                    "text": "Curious",
                    "status": "Closed",
                    "visibility": "open",
                }
                answer = await machine.request(method, address, json=body)
                assert answer.status_code in (400, 403, 404, 405, 409, 422, 428), (method, address, answer.text)
                clean(f"{answer.headers} {answer.text}", f"{method} {address} for a token of {role}", CANARY)
    listed = (await machine.get("/api/v1/default/incidents", params={"size": "100"})).json()
    assert scene.name not in [row["name"] for row in listed["items"]]
    assert (await machine.get(f"/api/v1/default/incidents/{scene.name}")).status_code == 404
    await machine.aclose()


@pytest.mark.parametrize("role", ["member", "project admin"])
async def test_no_form_that_is_sent_answers_with_it(scene: Scene, role: str) -> None:
    browser = await scene.stage.sign_in(OUTSIDERS[role])
    page = (await browser.get("/default/incidents")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    for address in addresses(scene, "POST"):
        if address.startswith(("/sign-out", "/api/v1/default/events")) or "/profile/" in address:
            continue  # Signing out, ending sessions: then nobody would be asking. Slack's addresses have tests of their own.
        answer = await browser.post(
            address, headers={"X-CSRF-Token": csrf}, data={"reason": "curious", "q": "xylophoni"}
        )
        clean(f"{answer.headers} {answer.text}", f"POST {address}", CANARY)
    await browser.aclose()


async def test_a_form_about_it_is_answered_as_if_it_were_not_there(scene: Scene) -> None:
    """Whatever an outsider sends to an address of it, in whatever role: as with a made-up name, and nothing changes."""
    stage, made_up = scene.stage, "INC-987654"
    [row] = await rows(stage, "select id from situation where name = :name", name=scene.name)
    before = await belongings(stage, int(row["id"]))
    about_it = [
        address
        for address in addresses(scene, "POST")
        if f"/incidents/{scene.name}" in address and "/api/" not in address
    ]
    assert len(about_it) > 15, about_it
    form = {
        "reason": "Curious enough", "text": "Curious", "title": "Curious", "description": "Curious", "status": "Closed",
        "visibility": "open", "other": scene.values["name"][-1], "person": "1", "email": "cy@example.com", "role": "Commander",
        "conditions": "Curious", "actions": "Curious", "needs": "Curious", "answer": "accept", "number": "1",
    }  # fmt: skip
    missing = 0
    for role, email in OUTSIDERS.items():
        browser = await stage.sign_in(email)
        csrf = (await browser.get("/default/incidents")).text.split('name="csrf" content="')[1].split('"')[0]
        for address in about_it:
            said = []
            for name in (scene.name, made_up):
                answer = await browser.post(
                    address.replace(scene.name, name), headers={"X-CSRF-Token": csrf}, data=form
                )
                said.append((answer.status_code, re.sub(f'{name}|data-now="[^"]*"', "*", answer.text)))
            assert said[0] == said[1], f"{address} tells {role} that it is there"
            assert said[0][0] in (404, 422), (address, role, said[0])
            missing += said[0][0] == 404
        await browser.aclose()
    assert missing > 0.9 * len(about_it) * len(OUTSIDERS), "most forms did not get as far as to look for it"
    await stage.settle()
    assert await belongings(stage, int(row["id"])) == before


async def test_an_open_page_of_an_outsider_is_not_even_told_that_something_happened(scene: Scene) -> None:
    """Every stream there is, open as every outsider, while the canary changes."""
    streams = [address for address in addresses(scene, "GET") if address.endswith("/live")]
    assert len(streams) > 2
    heard: dict[tuple[str, str], str] = {}

    async def listen(browser: httpx.AsyncClient, who: str, address: str) -> None:
        async with browser.stream("GET", address) as answer:
            heard[who, address] = f"{answer.status_code}\n"
            if answer.status_code == 200:
                async for piece in answer.aiter_text():
                    heard[who, address] += piece

    people = {"bo": "bo@example.com", **OUTSIDERS}
    browsers = {who: await scene.stage.sign_in(email) for who, email in people.items()}
    listening = [asyncio.create_task(listen(b, who, address)) for who, b in browsers.items() for address in streams]
    own = f"/default/incidents/{scene.name}/live"

    async def all_answered() -> bool:
        return len(heard) == len(listening)

    async def bo_heard() -> bool:
        # Again and again: a stream that has just answered may not be listening yet.
        async with scene.stage.house.db.tx(scene.org) as t:
            situation = (await t.scalars(select(Situation).where(Situation.name == scene.name))).one()
            bo = (await t.scalars(select(Person).where(Person.email == "bo@example.com"))).one()
            await actions.add_note(t, situation, NOTE, author=bo, source="web")
        await asyncio.sleep(0.2)
        return "event:" in heard["bo", own] and "event:" in heard["bo", "/default/home/live"]

    await scene.stage.eventually(all_answered)
    await scene.stage.eventually(bo_heard)
    for (who, address), said in heard.items():
        clean(said, f"{address} for {who}", CANARY)
        if who != "bo":
            assert "event:" not in said, f"{address} tells {who} that something happened: {said}"
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    for browser in browsers.values():
        await browser.aclose()


async def test_a_foreign_organization_shows_nothing(scene: Scene) -> None:
    for email, words in (("ada@example.com", FOREIGN), ("eve@example.com", CANARY)):
        browser = await scene.stage.sign_in(email)
        for address in addresses(scene, "GET"):
            if address.endswith("/live"):
                continue  # of streams, what they say when something happens; above
            # To Eve everything of the default organization is foreign; to Ada what is below the other one's name.
            there = address.replace("default", "acme-eu", 1) if words is FOREIGN else address
            clean(await read(browser, there), f"{there} for an owner of another organization", words)
        for address in (
            "/",
            "/default",
            "/default/incidents",
            "/default/jump",
            "/default/settings/audit",
            "/api/v1/openapi.json",
        ):
            clean(await read(browser, address), f"{address} for an owner of another organization", words)
        await browser.aclose()


async def test_what_slack_told_in_vain_names_it_to_nobody_else(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons of deliveries that were given up name people and channels; admins who take no part see that there is one."""

    async def broken(_installation: Installation, _db: Database, happened: Mapping[str, Any]) -> None:
        raise Refused(f"{TITLE}, #{happened['channel']}, cannot be handled.", hint=f"Look at {scene.name}.")

    monkeypatch.setitem(registry.events, "message.groups", [Listening(one=broken)])
    await scene.stage.slack.say(BO, scene.channel, NOTE)
    page = "/default/settings/deliveries"
    ada, dee = await scene.stage.sign_in("ada@example.com"), await scene.stage.sign_in("dee@example.com")

    async def given_up() -> str:
        said = (await ada.get(page)).text
        return said if "cannot be handled" in said else ""

    shown = await scene.stage.eventually(given_up)
    assert TITLE in shown and scene.channel in shown and f"Look at {scene.name}." in shown
    for address in (page, "/default", "/default/settings/audit"):
        said = (await dee.get(address)).text
        clean(said, address, CANARY)
        assert scene.channel not in said and not re.search(rf"\b{scene.name}\b", said), address
    said = (await dee.get(page)).text
    assert "Something in a private channel" in said and "Why is shown to those who take part" in said
    # She may see to it nevertheless; what is written down of that names nothing either.
    number = said.split('data-dialog="discard-')[1].split('"')[0]
    csrf = said.split('name="csrf" content="')[1].split('"')[0]
    assert (await dee.post(f"{page}/{number}/discard", data={"csrf": csrf})).status_code == 200
    assert "Nothing was given up" in (await ada.get(page)).text
    clean((await dee.get("/default/settings/audit")).text, "the audit log", CANARY)
    await ada.aclose()
    await dee.aclose()


async def test_an_admin_sees_it_only_with_a_recorded_reason(scene: Scene) -> None:
    dee = await scene.stage.sign_in("dee@example.com")
    assert (await dee.get(f"/default/incidents/{scene.name}")).status_code == 404
    form = (await dee.get("/default/settings/restricted")).text
    csrf = form.split('name="csrf" content="')[1].split('"')[0]
    refused = await dee.post("/default/settings/restricted", data={"csrf": csrf, "name": scene.name, "reason": "short"})
    assert refused.status_code == 422
    assert "at least ten characters" in refused.text
    opened = await dee.post(
        "/default/settings/restricted",
        data={"csrf": csrf, "name": scene.name, "reason": "Legal asked for the timeline"},
    )
    assert opened.status_code == 200
    assert TITLE in opened.text
    await dee.aclose()
    bo = await scene.stage.sign_in("bo@example.com")
    page = (await bo.get(f"/default/incidents/{scene.name}")).text
    assert "Dee Alvarez looked at this restricted incident as an admin: Legal asked for the timeline" in page
    await bo.aclose()
    cy = await scene.stage.sign_in("cy@example.com")
    assert (await cy.get("/default/settings/restricted")).status_code == 403
    await cy.aclose()
