"""/dispatch-update-incident: patch semantics and conflicts."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from dispatch.people.models import Person
from dispatch.projects.models import Project, Severity
from dispatch.situations.actions import update_details
from dispatch.situations.models import Situation
from tests.playing import DEE, drawn, incident, org_id, refused, rows, says, shown, timeline, typed
from tests.stage import ADA, BO, Stage, over_both

COMMAND = "/dispatch-update-incident"
NOW = "select title, description, status, version from situation where name = :name"


async def behind_the_back(stage: Stage, name: str, **changes: str) -> None:
    """Dee changes it on the web."""
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        dee = (await t.scalars(select(Person).where(Person.email == "dee@example.com"))).one()
        await update_details(t, situation.id, changes, by=dee)


@over_both
@pytest.mark.seed("/dispatch-update-incident")
async def test_what_was_changed_is_changed_and_seen(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    answer = await stage.slack.submit(ADA, view["id"], {"Severity": "High", "Status": "Stable"})
    assert answer["outcome"] == "closed", answer
    await says(stage, channel, BO, f"{name} is Stable")
    await stage.settle()
    topic = (await stage.channel_of(name))["topic"]
    assert topic.startswith("Stable | High")
    assert "Ada Lovelace changed the severity" in await timeline(stage, name)


async def test_what_somebody_else_changed_stays(stage: Stage) -> None:
    """W-30, W-31: exactly the submitted fields change."""
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    await behind_the_back(stage, name, title="Dee's title")
    assert (await stage.slack.submit(ADA, view["id"], {"Description": "Ada's words"}))["outcome"] == "closed"
    [now] = await rows(stage, NOW, name=name)
    assert (now["title"], now["description"]) == ("Dee's title", "Ada's words")


@pytest.mark.seed("/dispatch-update-incident")
async def test_a_conflict_says_who_changed_what_and_loses_nothing(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    await behind_the_back(stage, name, title="Dee's title", description="Dee's words")
    answer = await stage.slack.submit(ADA, view["id"], {"Title": "Ada's title"})
    assert answer["outcome"] == "updated", answer
    assert "Dee Alvarez changed the title while you were writing" in answer["view"]["text"]
    assert "is now: Dee's title" in answer["view"]["text"]
    assert (await rows(stage, NOW, name=name))[0]["title"] == "Dee's title"
    # Sent again with open eyes: Ada's title, and Dee's words stay.
    assert (await stage.slack.submit(ADA, answer["view"]["id"], {}))["outcome"] == "closed"
    [now] = await rows(stage, NOW, name=name)
    assert (now["title"], now["description"]) == ("Ada's title", "Dee's words")


async def test_a_conflict_is_seen_however_much_was_changed_since(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    await behind_the_back(stage, name, title="Dee's title")
    for number in range(60):
        await behind_the_back(stage, name, description=f"Dee's words, {number}")
    answer = await stage.slack.submit(ADA, view["id"], {"Title": "Ada's title"})
    assert answer["outcome"] == "updated", answer
    assert "Dee Alvarez changed the title while you were writing" in answer["view"]["text"]
    assert (await rows(stage, NOW, name=name))[0]["title"] == "Dee's title"


async def test_what_is_not_offered_any_more_stays_while_something_else_is_changed(stage: Stage) -> None:
    name, channel = await incident(stage, Severity="High")
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(update(Severity).where(Severity.name == "High").values(enabled=False))
        await t.execute(update(Project).where(Project.slug == "default").values(enabled=False))
    view = await typed(stage, ADA, channel, COMMAND)
    assert (await stage.slack.submit(ADA, view["id"], {"Title": "Ada's title"}))["outcome"] == "closed"
    severity = "select v.name from situation s join severity v on v.org_id = s.org_id and v.id = s.severity_id where s.name = :name"
    assert (await rows(stage, severity, name=name))[0]["name"] == "High"
    assert "changed the severity" not in await timeline(stage, name)


async def test_an_old_form_does_not_reopen_what_was_closed(stage: Stage) -> None:
    name, channel = await incident(stage)
    stale = await typed(stage, ADA, channel, COMMAND)
    view = await typed(stage, DEE, (await _bring(stage, channel)), COMMAND)
    assert (await stage.slack.submit(DEE, view["id"], {"Status": "Closed"}))["outcome"] == "closed"
    await stage.settle()
    answer = await stage.slack.submit(ADA, stale["id"], {"Status": "Stable"})
    assert answer["outcome"] == "updated"
    assert f"{name} is Closed now; nothing was changed." in answer["view"]["text"]
    assert (await rows(stage, NOW, name=name))[0]["status"] == "Closed"


async def _bring(stage: Stage, channel: str) -> str:
    await stage.slack.invite(ADA, channel, DEE)
    return channel


async def test_another_project_shows_its_choices_and_keeps_what_was_typed(stage: Stage) -> None:
    """W-34: selections are not lost when the form is drawn again."""
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, COMMAND)
    await stage.slack.act_in_view(ADA, view["id"], "project", "payments")

    async def moved() -> bool:
        return "severity@payments" in {b["block_id"] for b in (await stage.slack.view(ADA))["blocks"]}

    await stage.eventually(moved)
    view = await drawn(stage, ADA)
    assert (await stage.slack.submit(ADA, view["id"], {"Title": "Moved"}))["outcome"] == "closed"
    [row] = await rows(
        stage,
        "select p.slug, s.title from situation s join project p on p.org_id = s.org_id and p.id = s.project_id where s.name = :name",
        name=name,
    )
    assert (row["slug"], row["title"]) == ("payments", "Moved")


async def test_long_texts_open_and_stay(stage: Stage) -> None:
    """W-82: 40,000 characters and an emoji title open; what Slack cannot edit stays as it is."""
    name, channel = await incident(stage)
    await behind_the_back(stage, name, title="🔥" * 150, description="ä" * 40_000)
    view = await typed(stage, ADA, channel, COMMAND)
    assert "40,000 characters" in view["text"]
    assert (await stage.slack.submit(ADA, view["id"], {"Priority": "High"}))["outcome"] == "closed"
    [now] = await rows(stage, NOW, name=name)
    assert (len(now["title"]), len(now["description"])) == (150, 40_000)


async def test_refusals(stage: Stage) -> None:
    name, channel = await incident(stage)
    assert "To change this you need to be Commander" in await refused(stage, BO, channel, COMMAND)
    assert "in the channel of an incident" in await refused(stage, ADA, stage.general, COMMAND)
    view = await typed(stage, ADA, channel, COMMAND)
    answer = await stage.slack.submit(ADA, view["id"], {"Title": " "})
    assert "title" in answer["errors"]
    assert await shown(stage, ADA, "Title")
    assert name
