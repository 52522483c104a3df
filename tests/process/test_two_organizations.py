"""Organizations that look alike: the same names, e-mails, prefix and title, killed between creating and recording."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from dispatch.desk import sample
from dispatch.kit.crypto import Vault
from dispatch.kit.db import Database
from dispatch.kit.slack.manifest import manifest
from dispatch.people.actions import create_organization, person_for
from dispatch.people.machines import create_token
from dispatch.plugins import discover
from dispatch.projects.actions import create_project
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.situations.models import SituationNumber
from tests.process.stack import Stack, running_stack

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
TITLE = "Checkout answers with errors"


@dataclass
class Twin:
    """An organization that looks like the sample one."""

    id: int
    slug: str
    token: str
    bot: str


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as made:
        yield made


def workspace(team: str) -> dict[str, Any]:
    """The sample's people under ids of their own: ids are unique over all workspaces, names and e-mails are not."""
    made = sample.workspace()
    made["team"] = {"id": team, "name": "Example Company", "domain": team.lower()}
    ids = {user["id"]: f"{user['id']}{team[1]}" for user in made["users"]}
    for user in made["users"]:
        user["id"] = ids[user["id"]]
    for channel in made["channels"]:
        channel["members"] = [ids[user] for user in channel["members"]]
    return made


async def twin(stack: Stack, slug: str, team: str, *, fresh_workspace: bool) -> Twin:
    plugins, vault = discover(), Vault.from_text(stack.env["DISPATCH_SECRET_KEY"])
    async with httpx.AsyncClient(base_url=stack.slack_url) as http:
        if fresh_workspace:
            (await http.post("/sandbox/workspaces", json=workspace(team))).raise_for_status()
        app = {"team": team, "manifest": manifest(stack.web_url, slug)}
        installed = (await http.post("/sandbox/apps", json=app)).raise_for_status().json()
    db = Database(stack.env["DISPATCH_DATABASE_URL"])
    try:
        async with db.system() as t:
            org = await create_organization(t, slug, name="Example Company")
        async with db.tx(org.id) as t:
            project = await create_project(t, "default", name="Infrastructure")
            for name, email in (("Ada Lovelace", "ada@example.com"), ("Bo Larsen", "bo@example.com")):
                await person_for(t, email, name=name)
            # The sample's first free name is INC-13.
            t.add(SituationNumber(org_id=t.org, prefix="INC", last=12))
            values = {key: installed[key] for key in ("signing_secret", "app_id", "team_id")} | {
                "api_bot_token": installed["bot_token"], "app_user_slug": installed["bot_user_id"],
                "private_channels": True,
            }  # fmt: skip
            await configure_plugin(t, project, plugins["slack-conversation"], values, vault=vault, enabled=True)
            token = (await create_token(t, name="test", role="member"))[1]
        return Twin(org.id, slug, token, installed["bot_user_id"])
    finally:
        await db.close()


def declare(stack: Stack, one: Twin, *, reporter: str) -> str:
    answer = httpx.post(
        f"{stack.web_url}/api/v1/{one.slug}/incidents",
        json={"title": TITLE, "description": "The same everywhere.", "reporter": reporter},
        headers={"authorization": f"Bearer {one.token}"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["name"])


def test_each_gets_its_own_channel_with_its_own_people(stack: Stack) -> None:
    own = Twin(stack.org, sample.SLUG, stack.token, stack.bot)
    elsewhere = asyncio.run(twin(stack, "elsewhere", "T1OTHER", fresh_workspace=True))
    neighbour = asyncio.run(twin(stack, "neighbour", sample.TEAM, fresh_workspace=False))
    assert {declare(stack, one, reporter="bo@example.com") for one in (own, elsewhere)} == {"INC-13"}
    assert declare(stack, neighbour, reporter="ada@example.com") == "INC-13"
    for one in (own, elsewhere, neighbour):
        [(incident,)] = stack.rows(
            "select id from situation where org_id = %s and name = 'INC-13' and kind = 'incident'", one.id
        )
        (stack.crashes / f"{one.id}-{incident}.channel.during").touch()

    stack.start_workers(2)
    stack.settle(200)

    assert list(stack.crashes.iterdir()) == []
    assert stack.worker_ends().count(137) == 3
    assert stack.unhappy() == []
    made = {
        c["id"]: c
        for c in httpx.get(f"{stack.slack_url}/sandbox/channels").json()["channels"]
        if (c["name"] or "").startswith("inc-13-")
    }
    linked = dict(
        stack.rows(
            "select org_id, external_id from resource where kind = 'conversation' and org_id = any(%s)",
            [own.id, elsewhere.id, neighbour.id],
        )
    )
    # One each: made, forgotten by a process that died, and found again - each its own and nobody else's.
    assert sorted(linked.values()) == sorted(made)
    assert len(made) == 3
    expected = {
        own.id: (sample.TEAM, {own.bot, "U0ADA", "U0BO"}),
        elsewhere.id: ("T1OTHER", {elsewhere.bot, "U0BO1"}),
        neighbour.id: (sample.TEAM, {neighbour.bot, "U0ADA"}),
    }
    found = {org: (made[channel]["team_id"], set(made[channel]["members"])) for org, channel in linked.items()}
    assert found == expected
    assert made[linked[own.id]]["name"] != made[linked[neighbour.id]]["name"]
