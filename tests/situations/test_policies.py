"""Rules for roles, and what a severity means for calls and updates: what the people named by them see."""

from __future__ import annotations

import re
from datetime import timedelta

from dispatch.kit import clock
from tests.projects.test_project_settings import admin
from tests.scenarios.test_command import leader
from tests.scenarios.test_incident_page import at
from tests.stage import ADA, BO, CY, Stage

ROTATION = {"name": "Scribes", "members": ["cy@example.com"], "shift": "1", "unit": "weeks", "tz": "UTC"}


async def ids(stage: Stage, page: str, name: str) -> str:
    dee = await admin(stage)
    return (await dee.edit_path(page, name)).rpartition("/")[2]


async def test_rules_fill_roles_at_opening_and_without_them_all_is_as_before(stage: Stage) -> None:
    dee = await admin(stage)
    assert (
        await dee.send("oncall/new", **ROTATION, starts_at=f"{clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M}")
    ).status_code == 303
    scribes, high, low = (
        await ids(stage, "oncall", "Scribes"),
        await ids(stage, "severities", "High"),
        await ids(stage, "severities", "Low"),
    )
    before = await stage.report(BO)
    assert await leader(stage, before) == "Ada Lovelace"
    # A new rule begins with a rotation: sent as it is, it does not leave every incident without a commander.
    assert re.search(r'value="\d+" selected>Platform<', await dee.shown("roles/new"))
    scribe = {"role": "Scribe", "severity_id": high, "rotation_id": scribes}
    assert (await dee.send("roles/new", **scribe)).status_code == 303
    assert (await dee.send("roles/new", role="Commander", rotation_id=scribes)).status_code == 303
    assert (await dee.send("roles/new", role="Commander", severity_id=low, rotation_id="")).status_code == 303
    twice = await dee.send("roles/new", **scribe | {"rotation_id": ""})
    assert twice.status_code == 422
    assert "There is already a rule for the Scribe of these incidents." in twice.text
    page = await dee.shown("roles")
    assert "Severity High" in page
    assert page.index("Severity Low") < page.index("Every incident")
    # What is called by a rule cannot be taken from under it.
    kept = await dee.send(f"oncall/{scribes}/delete", of="oncall")
    assert kept.status_code == 409
    assert "Rules name Scribes" in kept.text
    nobody = await stage.report(BO, Title="A typo", Severity="Low")
    both = await stage.report(BO, Title="All is down", Severity="High")
    assert await leader(stage, nobody) == "Bo Nilsson"
    assert await leader(stage, both) == "Cy Okafor"
    await stage.settle()
    assert "the rules name nobody for it" in await (await at(stage, nobody, "bo")).page()
    assert CY in (await stage.channel_of(both))["members"]
    told = await stage.eventually(lambda: stage.direct_messages(CY, f"{both} has its channel"))
    assert "You are its acting commander." in str(told[0]["blocks"])
    # Commander by the rule of every incident, scribe by a narrower one: somebody else leads, Cy writes and may steer.
    every = (await dee.edit_path("roles", "Every incident")).rpartition("/")[2]
    platform = await ids(stage, "oncall", "Platform")
    assert (await dee.send(f"roles/{every}", role="Commander", rotation_id=platform)).status_code == 303
    third = await stage.report(BO, Title="Down again", Severity="High")
    assert await leader(stage, third) == "Ada Lovelace"
    await stage.settle()
    told = await stage.eventually(lambda: stage.direct_messages(CY, f"{third} has its channel"))
    assert "You are its Scribe." in str(told[0]["blocks"])
    cy = await at(stage, third, "cy")
    assert (await cy.send("status", status="Stable")).status_code == 200
    # A choice of the reporter counts more than any rule.
    headers = {"authorization": f"Bearer {await stage.token('admin')}"}
    new = {"title": "Mine", "description": "By hand", "severity": "Low", "commander": "dee@example.com"}
    chosen = await stage.web.post("/api/v1/default/incidents", headers=headers, json=new)
    assert (chosen.status_code, chosen.json()["commander"]) == (201, "dee@example.com")
    assert (await dee.send(f"roles/{every}/delete", of="roles")).status_code == 303
    assert "Every incident" not in await dee.shown("roles")
    await stage.settle()


async def test_a_severity_decides_about_calls_and_the_first_update(stage: Stage) -> None:
    dee = await admin(stage)
    high, low = await dee.edit_path("severities", "High"), await dee.edit_path("severities", "Low")
    given = {"help": "", "color": "red", "rank": "3", "enabled": "true"}
    quiet = given | {"name": "High", "paging": "never", "escalate_minutes": "2", "update_minutes": "30"}
    loud = given | {"name": "Low", "paging": "always", "escalate_minutes": "7", "update_minutes": ""}
    assert (await dee.send(high, **quiet)).status_code == 303
    assert (await dee.send(low, **loud)).status_code == 303
    assert "first update within 30 min" in await dee.shown("severities")
    never = await stage.report(BO, Title="All is down", Severity="High", Priority="High")
    always = await stage.report(BO, Title="A typo", Severity="Low", Priority="Low")
    await stage.settle()
    assert not await stage.pages(never)
    [step] = [s for s in await stage.steps(never) if s["name"] == "page"]
    assert (step["state"], step["reason"]) == ("skipped", "Severity High pages nobody.")
    [page] = await stage.pages(always)
    assert page["email"] == "ada@example.com"
    assert page["due_at"] - clock.now() > timedelta(minutes=4)
    called = await stage.eventually(lambda: stage.direct_messages(ADA, f"You are needed as commander of {always}"))
    assert "called again in 7 minutes" in str(called[0]["blocks"])
    # The first update is promised: in the topic at once, in the form, and Ada is reminded five minutes ahead.
    channel = await stage.channel_of(never)
    assert "Next update:" in channel["topic"]
    await stage.slack.command(ADA, channel["id"], "/dispatch-report-tactical")
    form = await stage.form(ADA)
    assert "in 30 minutes" in str(
        [block["element"].get("initial_option") for block in form["blocks"] if block["type"] == "input"]
    )
    ada = await stage.sign_in("ada@example.com")
    on_the_page = (await ada.get(f"/default/incidents/{never}/dialogs/report")).text
    assert "Severity High wants the next update <strong>in 30 minutes</strong>" in on_the_page
    assert '<option value="30" selected>' in on_the_page
    await ada.aclose()
    await stage.advance(minutes=8)

    async def again() -> bool:
        return len(await stage.pages(always)) == 2

    assert await stage.eventually(again)
    await stage.advance(minutes=18)
    due = await stage.eventually(lambda: stage.direct_messages(ADA, f"The update of {never} is due in"))
    assert "Incidents of severity High promise a first update." in str(due[0]["blocks"])
    # A report keeps the promise; it is none itself in any list.
    view = await stage.slack.submit(ADA, form["id"], {"Conditions": "Bad", "Actions": "Many", "Needs": "Coffee"})
    assert view["outcome"] == "closed", view
    await stage.settle()
