"""Every command of the seed in a second organization: its own names and options, its own rows, its own app. Nothing crosses.

north-west has a workspace and an app of its own, and a hyphen in its name; twin shares workspace and app with default.
All three have people with the same e-mail addresses, and an incident of the same name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, text

from dispatch.kit import clock
from dispatch.kit.db import OrgId
from dispatch.oncall.models import Rotation
from dispatch.people.models import Person
from dispatch.projects.models import Project, Tag
from tests.commands.table import TABLE, Row
from tests.places import Place, places
from tests.playing import drawn, incident, says
from tests.scenarios.test_many_organizations import report
from tests.stage import Stage

#: What only the default organization has, and must not be seen elsewhere.
STRANGE = ("Lovelace", "Alvarez", "Nilsson", "Payments", "Only at default", "only-at-default", "Burning at default")
WRITTEN = (
    "select (select count(*) from event) as events, (select count(*) from task) as tasks,"
    " (select count(*) from report) as reports, (select count(*) from participant) as participants,"
    " (select count(*) from timeline_note) as notes, (select count(*) from engagement) as engagements,"
    " (select count(*) from notification_address) as addresses"
)
#: The channel, once the incident is set up.
MADE = (
    "select external_id from resource where kind = 'conversation' and external_id <> ''"
    " and not exists (select 1 from flow_step where state in ('pending', 'running'))"
)


async def quiet(stage: Stage, org: OrgId) -> bool:
    """Whether every step of the organization has ended."""
    return not await ask(
        stage, org, "select 1 from flow_step where state in ('pending', 'running') and next_at is null"
    )


async def ask(stage: Stage, org: OrgId, query: str, **values: Any) -> list[dict[str, Any]]:
    async with stage.house.db.read(org) as t:
        return [dict(row._mapping) for row in await t.execute(text(query), values)]


async def furnished(stage: Stage, org: OrgId, *, rotation: str, tag: str) -> None:
    """A rotation with Ada on it, and a tag."""
    async with stage.house.db.tx(org) as t:
        project = (await t.execute(select(Project.id).where(Project.is_default))).scalar_one()
        ada = (await t.execute(select(Person.id).where(Person.email == "ada@example.com"))).scalar_one()
        await t.execute(
            insert(Rotation).values(
                org_id=org, project_id=project, name=rotation, starts_at=clock.now(), shift_hours=10_000, members=[ada]
            )
        )
        await t.execute(insert(Tag).values(org_id=org, project_id=project, name=tag))


async def opened(stage: Stage, place: Place, row: Row, channel: str) -> dict[str, Any]:
    answer = await stage.slack.command(place.bo, channel, place.names[row.key], row.words)
    assert answer["view"] is not None, (row.key, answer)
    return await drawn(stage, place.bo)


async def test_every_command_keeps_to_its_organization(stage: Stage) -> None:
    """W-02, W-13, W-53: no token, name, option or row of another organization."""
    await incident(stage, Title="Burning at default")
    everything = await places(stage)
    here = everything["default"]
    await furnished(stage, here.org, rotation="Only at default", tag="only-at-default")
    for slug in ("north-west", "twin"):
        place = everything[slug]
        await furnished(stage, place.org, rotation="Databases", tag=f"tag of {slug}")
        answer = await report(
            stage, place if slug != "twin" else here, f"Fire at {slug}", slug if slug == "twin" else ""
        )
        await stage.slack.close_view(place.bo, answer["view"]["id"])
        [there] = await stage.eventually(lambda org=place.org: ask(stage, org, MADE))
        before = await ask(stage, here.org, WRITTEN)
        since = max(call["n"] for call in await stage.slack.calls())
        ada = "U1ADA" if slug == "north-west" else "U0ADA"
        for row in TABLE:
            at = place.general if row.key == "report_incident" else there["external_id"]
            view = await opened(stage, place, row, at)
            assert not [word for word in STRANGE if word in str(view)], (slug, row.key)
            if not row.values:
                await stage.slack.close_view(place.bo, view["id"])
                continue
            answer = await stage.slack.submit(place.bo, view["id"], row.filled(ada))
            assert answer["outcome"] in ("closed", "updated"), (slug, row.key, answer)
            if answer["outcome"] == "updated":
                assert not [word for word in STRANGE if word in str(answer["view"])], (slug, row.key)
                await stage.slack.close_view(place.bo, view["id"])
            found = await ask(stage, place.org, "select 1 from event where fact = :fact", fact=row.fact)
            assert found, (slug, row.key)
        await stage.eventually(lambda org=place.org: quiet(stage, org))
        assert await ask(stage, here.org, WRITTEN) == before, slug
        calls = await stage.slack.calls(since)
        touching = [
            call for call in calls if there["external_id"] in str(call["args"]) or place.bo in str(call["args"])
        ]
        assert len(touching) > 10, slug
        assert {call["app_id"] for call in touching} == {place.app["app_id"]}, slug
        own = [call for call in calls if call["app_id"] == place.app["app_id"]]
        assert {call["team"] for call in own} == {place.app["team_id"]}, slug
        assert not [word for word in STRANGE if word in str([call["args"] for call in own])], slug
        # The button of the task, where the organization's name has a hyphen (W-53).
        task = await says(stage, there["external_id"], place.bo, "Task 1 of")
        await stage.slack.act_in_message(place.bo, there["external_id"], task["ts"], "task_resolve")
        [resolved] = await ask(stage, place.org, "select state from task where number = 1")
        assert resolved["state"] == "resolved"
