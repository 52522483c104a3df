"""A restricted incident and a foreign organization leave no byte anywhere for those who may not see them.

The list of places is generated: every route there is, as every kind of outsider; a route with a parameter this test
does not know fails until somebody teaches it. What Slack shows an outsider is looked at in the sandbox itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.documents.models import Document
from dispatch.kit.db import OrgId
from dispatch.kit.slack import registry
from dispatch.people.actions import account_for, add_member, create_organization, person_for
from dispatch.people.models import Person
from dispatch.people.queries import organization
from dispatch.projects.actions import create_project
from dispatch.projects.models import PluginInstance
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.routes import all_routes
from tests.stage import ADA, BO, CY, Stage

#: Words that stand nowhere else; part of title, description, note and document.
CANARY = re.compile("xylophonic|quetzalfeather|bandersnatch", re.IGNORECASE)
FOREIGN = re.compile("vorpalblade|snickersnack", re.IGNORECASE)
TITLE, DESCRIPTION, NOTE = "Xylophonic breach", "Quetzalfeather was copied", "Bandersnatch knows"

#: Members of the organization who take no part: by role. Ada leads and Bo reported, so they may see it.
OUTSIDERS = {"member": "cy@example.com", "admin": "dee@example.com", "manager": "joy@example.com"}


@dataclass
class Scene:
    stage: Stage
    org: OrgId
    name: str
    channel: str
    values: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """The canary, set up completely, with a note; and a foreign organization with an incident of its own."""
    name = await stage.report(BO, Title=TITLE, Description=DESCRIPTION, Visibility="restricted")
    await stage.settle()
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
        other = await create_organization(t, "acme-eu", name="Vorpalblade Works")
        account = await account_for(t, "eve@example.com")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        bo = (await t.scalars(select(Person).where(Person.email == "bo@example.com"))).one()
        await actions.add_note(t, situation, NOTE, author=bo, source="web")
        # What everybody sees is linked with it, and shows it to nobody else.
        seen = (await t.scalars(select(Situation).where(Situation.visibility == "open").order_by(Situation.id).limit(1))).one()
        await actions.relate(t, seen, situation, by=bo)
        document = (await t.scalars(select(Document.id).where(Document.name == name))).one()
        instance = (await t.scalars(select(PluginInstance.id).order_by(PluginInstance.id).limit(1))).one()
    async with stage.house.db.tx(other.id) as t:
        await create_project(t, "default", name="Vorpalblade")
        eve = await person_for(t, "eve@example.com", name="Eve Snickersnack")
        await add_member(t, account_id=account, person_id=eve.id, role="owner")
        foreign = await actions.open_situation(t, actions.Report(title="Snickersnack", description="Vorpalblade"), by=eve)
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    step = (await stage.steps(name))[0]["id"]
    yield Scene(
        stage, org.id, name, channel,
        {
            "org": ["default"], "organization": ["default"], "name": [name, foreign.name, seen.name],
            "part": ["summary", "timeline", "steps", "participants", "resources", "pages", "related"],
            "document_id": [str(document)], "step_id": [str(step)], "instance_id": [str(instance)], "project": ["default"], "slug": ["default", "slack-conversation", "smtp"],
            "path": ["plugins"],  "person_id": [str(bo.id)], "machine_id": ["1"],
            "session_id": ["1"], "token": ["nothing"], "delivery": ["1"], "delivery_id": ["1"], "event_id": ["1"], "id": ["1"],
            "task_id": ["1"], "view_id": ["1"], "note_id": ["1"], "hand_off_id": ["1"], "kind": ["incident"], "number": ["1"], "rotation_id": ["1"], "tag_id": ["1"], "type_id": ["1"], "choice_id": ["1"],
            "override_id": ["1"], "rule_id": ["1"], "policy_id": ["1"],
        },
    )  # fmt: skip


def addresses(scene: Scene, method: str) -> list[str]:
    """Every route with every known value of its parameters; on the web and in the API."""
    found = []
    for verb, path in all_routes(scene.stage):
        if verb != method:
            continue
        wanted = re.findall(r"{(\w+)(?::\w+)?}", path)
        unknown = [w for w in wanted if w not in scene.values]
        assert not unknown, f"teach tests/test_leaks.py what {unknown} of {path} may be"
        made = [re.sub(r"{(\w+):\w+}", r"{\1}", path)]
        for parameter in wanted:
            made = [m.replace("{" + parameter + "}", v, 1) for m in made for v in scene.values[parameter]]
        found += made
    assert len(found) > (40 if method == "GET" else 20), "the list of routes is not what it was"
    return found


async def read(browser: httpx.AsyncClient, address: str, **query: str) -> str:
    """What an address answers, headers included; of a stream its first moments."""
    said = ""
    try:
        async with asyncio.timeout(0.6 if address.endswith("/live") else 60):
            async with browser.stream("GET", address, params=query) as answer:
                said = f"{answer.headers} "
                async for piece in answer.aiter_text():
                    said += piece
    except TimeoutError:
        assert address.endswith("/live"), f"{address} did not answer"
    return said


def clean(said: str, where: str, words: re.Pattern[str]) -> None:
    found = words.search(said)
    assert found is None, f"{where} shows {found.group()!r}: …{said[max(0, found.start() - 80):found.end() + 80]}…"


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
    for address in addresses(scene, "GET"):
        clean(await read(browser, address), f"{address} for {role}", CANARY)
    for address in ("/default/incidents", "/api/v1/default/incidents", "/default/options/tags"):
        for query in ({"q": "xylophoni"}, {"q": scene.name}, {"status": "Active"}, {"severity": "Undetermined"}):
            clean(await read(browser, address, **query), f"{address}?{query} for {role}", CANARY)
    await browser.aclose()


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
async def test_no_answer_of_the_api_shows_it_to_a_machine(scene: Scene, role: str) -> None:
    token = await scene.stage.token(role)
    machine = httpx.AsyncClient(base_url=scene.stage.base_url, headers={"authorization": f"Bearer {token}"}, timeout=60)
    for address in addresses(scene, "GET"):
        if address.startswith("/api/"):
            clean(await read(machine, address), f"{address} for a token of {role}", CANARY)
            clean(await read(machine, address, q="xylophoni"), f"{address} for a token of {role}", CANARY)
    listed = (await machine.get("/api/v1/default/incidents", params={"size": "100"})).json()
    assert scene.name not in [row["name"] for row in listed["items"]]
    assert (await machine.get(f"/api/v1/default/incidents/{scene.name}")).status_code == 404
    await machine.aclose()


async def test_no_form_that_is_sent_answers_with_it(scene: Scene) -> None:
    browser = await scene.stage.sign_in(OUTSIDERS["member"])
    page = (await browser.get("/default/incidents")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    for address in addresses(scene, "POST"):
        if address.startswith(("/sign-out", "/api/v1/default/events")) or "/profile/" in address:
            continue  # Signing out, ending sessions: then nobody would be asking. Slack's addresses have tests of their own.
        answer = await browser.post(address, headers={"X-CSRF-Token": csrf}, data={"reason": "curious", "q": "xylophoni"})
        clean(f"{answer.headers} {answer.text}", f"POST {address}", CANARY)
    await browser.aclose()


async def test_a_foreign_organization_shows_nothing(scene: Scene) -> None:
    browser = await scene.stage.sign_in("ada@example.com")
    for address in addresses(scene, "GET"):
        for there in (address, address.replace("default", "acme-eu", 1)):
            clean(await read(browser, there), f"{there} for an owner of another organization", FOREIGN)
    await browser.aclose()
    eve = await scene.stage.sign_in("eve@example.com")
    for address in addresses(scene, "GET"):
        for there in (address, address.replace("default", "acme-eu", 1)):
            clean(await read(eve, there), f"{there} for an owner of another organization", CANARY)
    await eve.aclose()


async def test_slack_shows_it_to_nobody_else(scene: Scene) -> None:
    """Channels, names, topics, messages and direct messages as the outsider has them; each command; each search."""
    stage = scene.stage
    for channel in await stage.slack.channels(as_=CY):
        clean(str(channel), "a channel's head", CANARY)
        clean(str(await stage.slack.messages(channel["id"], as_=CY)), f"messages in {channel['name']}", CANARY)
    for command in registry.commands.values():
        answer: Any = await stage.slack.command(CY, stage.general, command.default_name, wait=0.3)
        clean(str(answer), f"{command.default_name} for an outsider", CANARY)
        view = answer.get("view") or {}
        for block in view.get("blocks", []):
            element = block.get("element") or block.get("accessory") or {}
            if element.get("type", "").endswith("external_select"):
                offered = await stage.slack.options(CY, view["id"], element["action_id"], "xyloph")
                clean(str(offered), f"options of {command.default_name}", CANARY)
    assert scene.channel not in [c["id"] for c in await stage.slack.channels(as_=CY)]
    assert scene.channel in [c["id"] for c in await stage.slack.channels(as_=ADA)]


async def test_an_admin_sees_it_only_with_a_recorded_reason(scene: Scene) -> None:
    dee = await scene.stage.sign_in("dee@example.com")
    assert (await dee.get(f"/default/incidents/{scene.name}")).status_code == 404
    form = (await dee.get("/default/settings/restricted")).text
    csrf = form.split('name="csrf" content="')[1].split('"')[0]
    refused = await dee.post("/default/settings/restricted", data={"csrf": csrf, "name": scene.name, "reason": "short"})
    assert refused.status_code == 422
    assert "at least ten characters" in refused.text
    opened = await dee.post(
        "/default/settings/restricted", data={"csrf": csrf, "name": scene.name, "reason": "Legal asked for the timeline"}
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
