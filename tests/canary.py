"""A restricted incident whose words stand nowhere else, and a foreign organization: what tests about leaks look for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from dispatch.documents.models import Document
from dispatch.kit.db import OrgId
from dispatch.kit.events import Event
from dispatch.people import project_admins
from dispatch.people.actions import account_for, add_member, create_organization, person_for
from dispatch.people.membership import admit
from dispatch.people.models import Person
from dispatch.people.queries import organization
from dispatch.projects.actions import create_project
from dispatch.projects.models import PluginInstance
from dispatch.projects.queries import all_projects
from dispatch.situations import actions
from dispatch.situations.models import Situation
from dispatch.situations.web.dialogs import dialogs
from dispatch.situations.web.parts import parts
from dispatch.tasks.actions import create_task
from tests.playing import rows
from tests.routes import all_routes, text_questions
from tests.stage import BO, Stage

#: Words that stand nowhere else; part of title, description, note and document.
CANARY = re.compile("xylophonic|quetzalfeather|bandersnatch", re.IGNORECASE)
FOREIGN = re.compile("vorpalblade|snickersnack", re.IGNORECASE)
TITLE, DESCRIPTION, NOTE = "Xylophonic breach", "Quetzalfeather was copied", "Bandersnatch knows"
TASK = "Ask the bandersnatch"

#: Members of the organization who take no part: by role. Ada leads and Bo reported, so they may see it.
OUTSIDERS = {
    "member": "cy@example.com",
    "admin": "dee@example.com",
    "manager": "joy@example.com",
    "owner": "ona@example.com",
    "project admin": "hana@example.com",
}


@dataclass
class Scene:
    stage: Stage
    org: OrgId
    name: str
    channel: str
    values: dict[str, list[str]] = field(default_factory=dict)


@asynccontextmanager
async def canary(stage: Stage) -> AsyncIterator[Scene]:
    """The canary, set up completely, with a note; and a foreign organization with an incident of its own."""
    name = await stage.report(BO, Title=TITLE, Description=DESCRIPTION, Visibility="restricted")
    await stage.settle()
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
        other = await create_organization(t, "acme-eu", name="Vorpalblade Works")
        account = await account_for(t, "eve@example.com")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        await admit(t, email=OUTSIDERS["owner"], name="Ona Quist", role="owner")
        for project in await all_projects(t):
            await project_admins.give(t, project, OUTSIDERS["project admin"], viewer=None, by=None)
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        bo = (await t.scalars(select(Person).where(Person.email == "bo@example.com"))).one()
        await actions.add_note(t, situation, NOTE, author=bo, source="web")
        # What everybody sees is linked with it, and shows it to nobody else.
        seen = (
            await t.scalars(select(Situation).where(Situation.visibility == "open").order_by(Situation.id).limit(1))
        ).one()
        await actions.relate(t, seen, situation, by=bo)
        await create_task(t, situation, TASK, by=bo, source="web")
        events = [
            str(each)
            for each in await t.scalars(
                select(Event.id).where(Event.subject_id == situation.id).order_by(Event.id.desc()).limit(3)
            )
        ]
        document = (await t.scalars(select(Document.id).where(Document.name == name))).one()
        instance = (await t.scalars(select(PluginInstance.id).order_by(PluginInstance.id).limit(1))).one()
    async with stage.house.db.tx(other.id) as t:
        await create_project(t, "default", name="Vorpalblade")
        eve = await person_for(t, "eve@example.com", name="Eve Snickersnack")
        await add_member(t, account_id=account, person_id=eve.id, role="owner")
        foreign = await actions.open_situation(
            t, actions.Report(title="Snickersnack", description="Vorpalblade"), by=eve
        )
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    step = (await stage.steps(name))[0]["id"]
    yield Scene(
        stage, org.id, name, channel,
        {
            "org": ["default"], "organization": ["default"], "name": list(dict.fromkeys([name, foreign.name, seen.name])),
            # Of the incident page, and of the first steps of an organization.
            "key": ["owner", "slack"], "part": [*(part.key for part in parts()), "steps", "state"], "ending": ["csv", "md", "json"],
            "dialog": [each.key for each in dialogs()], "place": ["title", "project"],
            "document_id": [str(document)], "step_id": [str(step)], "instance_id": [str(instance)], "project": ["default"], "slug": ["default", "slack-conversation", "smtp"],
            "path": ["plugins"],  "person_id": [str(bo.id)], "machine_id": ["1"],
            "session_id": ["1"], "token": ["nothing"], "delivery": ["1"], "delivery_id": ["1"], "event_id": events, "id": ["1"],
            "task_id": ["1"], "view_id": ["1"], "note_id": events, "hand_off_id": ["1"], "kind": ["incident"], "number": ["1"], "rotation_id": ["1"], "tag_id": ["1"], "type_id": ["1"], "choice_id": ["1"], "item_id": ["1"],
            "override_id": ["1"], "email": ["bo@example.com"], "other": [name], "rule_id": ["1"], "policy_id": ["1"],
        },
    )  # fmt: skip


async def belongings(stage: Stage, situation: int) -> dict[str, list[dict[str, Any]]]:
    """Every row that says it is about this situation, by table."""
    about = await rows(
        stage,
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and column_name in ('situation_id', 'subject_id') order by table_name",
    )
    found = {"situation": await rows(stage, "select * from situation where id = :id", id=situation)}
    for each in about:
        table, column = each["table_name"], each["column_name"]
        found[table] = await rows(
            stage, f'select * from "{table}" x where {column} = :id order by x::text', id=situation
        )
    return found


def addresses(scene: Scene, method: str) -> list[str]:
    """Every route with every known value of its parameters; on the web and in the API."""
    return [address for address, _ in _made(scene, method)]


def questions(scene: Scene, method: str = "GET") -> list[tuple[str, dict[str, str]]]:
    """Every address, as it is and with each text it takes behind the `?` being a piece of the canary."""
    found: list[tuple[str, dict[str, str]]] = []
    for address, asked in _made(scene, method):
        found.append((address, {}))
        if asked:
            found += [(address, dict.fromkeys(asked, piece)) for piece in ("xylophoni", scene.name)]
    return found


def _made(scene: Scene, method: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    texts = text_questions(scene.stage)
    for verb, path in all_routes(scene.stage):
        if verb != method:
            continue
        found += [(each, texts.get((verb, path), [])) for each in addresses_of(scene, path)]
    assert len(found) >= {"GET": 40, "POST": 20}.get(method, 0), "the list of routes is not what it was"
    return found


def addresses_of(scene: Scene, path: str) -> list[str]:
    """A route's address with every known value of its parameters."""
    wanted = re.findall(r"{(\w+)(?::\w+)?}", path)
    unknown = [w for w in wanted if w not in scene.values]
    assert not unknown, f"teach tests/canary.py what {unknown} of {path} may be"
    made = [re.sub(r"{(\w+):\w+}", r"{\1}", path)]
    for parameter in wanted:
        made = [m.replace("{" + parameter + "}", v, 1) for m in made for v in scene.values[parameter]]
    return made


async def read(browser: httpx.AsyncClient, address: str, **query: str) -> str:
    """What an address answers, headers included; of a stream its first moments."""
    said = ""
    try:
        async with asyncio.timeout(0.3 if address.endswith("/live") else 60):
            async with browser.stream("GET", address, params=query) as answer:
                said = f"{answer.headers} "
                async for piece in answer.aiter_text():
                    said += piece
    except TimeoutError:
        assert address.endswith("/live"), f"{address} did not answer"
    return said


def clean(said: str, where: str, words: re.Pattern[str]) -> None:
    found = words.search(said)
    assert found is None, f"{where} shows {found.group()!r}: …{said[max(0, found.start() - 80) : found.end() + 80]}…"
