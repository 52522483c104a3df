"""Settings of a project: what is saved holds in the next report; mistakes, conflicts and what is in use."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dispatch.kit import clock
from tests.people.browsing import token_in
from tests.projects.settings_pages import facts
from tests.stage import BO, Stage

PROJECT = "/default/settings/projects/default"


class Admin:
    """Somebody who sends the settings' forms as they are shown, with some fields changed."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self.browser = browser

    async def shown(self, page: str) -> str:
        answer = await self.browser.get(f"{PROJECT}/{page}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, page: str, /, *, of: str = "", **fields: Any) -> httpx.Response:
        """POST the fields as given, with what the page hides in its form; `of` is the page when it is another one."""
        html = await self.shown(of or page)
        seen = re.search(r'name="seen" value="(\w*)"', html)
        given = {"csrf": token_in(html), "seen": seen[1] if seen else ""} | fields
        return await self.browser.post(f"{PROJECT}/{page}", data=given, follow_redirects=False)

    async def edit_path(self, page: str, name: str) -> str:
        found = re.search(rf'href="{PROJECT}/({page}/\d+)">{re.escape(name)}</a>', await self.shown(page))
        assert found is not None, f"no {name} among the {page}"
        return found[1]


async def admin(stage: Stage, email: str = "dee@example.com") -> Admin:
    return Admin(await stage.sign_in(email))


async def offered(stage: Stage, label: str) -> list[str]:
    """The options of the report modal, as Bo sees them now."""
    await stage.slack.command(BO, stage.general, "/dispatch-report-incident")
    view = await stage.form(BO)
    for block in view["blocks"]:
        if block["type"] == "input" and block["label"]["text"] == label:
            return [o["text"]["text"] for o in block["element"].get("options", ())]
    raise AssertionError(f"the modal has no {label}")


SEVERITY = {"help": "Everything burns", "color": "red", "rank": "9", "enabled": "true"}


async def test_a_new_severity_stands_in_the_next_modal_and_a_disabled_one_does_not(stage: Stage) -> None:
    dee = await admin(stage)
    before = await offered(stage, "Severity")
    assert "Meltdown" not in before
    answer = await dee.send("severities/new", name="Meltdown", **SEVERITY)
    assert answer.status_code == 303
    assert await offered(stage, "Severity") == [*before, "Meltdown"]
    name = await stage.report(BO, Severity="Meltdown")
    await stage.settle()

    path = await dee.edit_path("severities", "Meltdown")
    refused = await dee.send(f"{path}/delete", of="severities")
    assert refused.status_code == 409
    assert "Incidents have the severity Meltdown, so it stays. Disable it instead" in refused.text
    answer = await dee.send(path, **{**SEVERITY, "name": "Meltdown", "enabled": ""})
    assert answer.status_code == 303
    assert await offered(stage, "Severity") == before
    bo = await stage.sign_in("bo@example.com")
    assert "Meltdown" in (await bo.get(f"/default/incidents/{name}")).text
    [changed] = await facts(stage, "project.choice_changed")
    assert (changed["before"], changed["after"]) == ({"Enabled": True}, {"Enabled": False})


async def test_a_mistake_is_said_at_its_field_and_nothing_is_written(stage: Stage) -> None:
    dee = await admin(stage)
    twice = await dee.send("severities/new", name="critical", **SEVERITY)
    assert twice.status_code == 422
    assert "There is already a severity called Critical." in twice.text
    assert 'value="critical"' in twice.text
    late = await dee.send("priorities/new", name="Soon", color="red", rank="1", acknowledge_minutes="0", enabled="true")
    assert late.status_code == 422
    assert "At least 1." in late.text
    foreign = await dee.send("types/new", name="X", visibility="open", rotation_id="4711", enabled="true")
    assert foreign.status_code == 422
    assert "not available any more" in foreign.text
    prefix = await dee.send("general", name="Infra", incident_prefix="1-X", tz="UTC", enabled="true", is_default="true")
    assert prefix.status_code == 422
    assert "Take letters and digits" in prefix.text
    lonely = await dee.send("general", name="Infra", incident_prefix="INC", tz="UTC", enabled="", is_default="true")
    assert lonely.status_code == 422
    assert "The default project has to be enabled" in lonely.text
    for name in ("project.choice_added", "project.changed"):
        assert await facts(stage, name) == []


async def test_two_admins_at_once_one_is_told_what_the_other_did(stage: Stage) -> None:
    dee, joy = await admin(stage), await admin(stage, "joy@example.com")
    path = await dee.edit_path("severities", "High")
    html = await dee.shown(path)
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen is not None
    values = {**SEVERITY, "name": "High", "help": "Joy's words"}
    assert (await joy.send(path, **values)).status_code == 303
    late = await dee.send(path, **{**values, "help": "Dee's words", "seen": seen[1]})
    assert late.status_code == 412
    assert "Joy Mensah changed the severity High of Infrastructure" in late.text
    assert "Dee&#39;s words" in late.text
    assert "Joy&#39;s words" in await dee.shown(path)
    # With the version of the notice it is a decision, and goes through.
    again = re.search(r'name="seen" value="(\w+)"', late.text)
    assert again is not None
    assert (await dee.send(path, **{**values, "help": "Dee's words", "seen": again[1]})).status_code == 303
    assert "Dee&#39;s words" in await joy.shown(path)


async def test_two_defaults_made_at_once_leave_one(stage: Stage) -> None:
    dee, joy = await admin(stage), await admin(stage, "joy@example.com")
    one, other = await dee.edit_path("severities", "High"), await dee.edit_path("severities", "Low")
    values = {**SEVERITY, "is_default": "true"}
    answers = await asyncio.gather(dee.send(one, **values, name="High"), joy.send(other, **values, name="Low"))
    assert {a.status_code for a in answers} <= {303, 412}
    page = await dee.shown("severities")
    assert page.count('<svg class="icon" aria-hidden="true"><use') > 3
    assert len(re.findall(r"chip tone-azure[^>]*>.*?Default</span>", page)) == 1


async def test_a_priority_that_pages_nobody_pages_nobody_from_then_on(stage: Stage) -> None:
    dee = await admin(stage)
    path = await dee.edit_path("priorities", "High")
    values = {
        "name": "High",
        "color": "red",
        "rank": "3",
        "acknowledge_minutes": "7",
        "enabled": "true",
        "page_commander": "",
    }
    assert (await dee.send(path, **values)).status_code == 303
    name = await stage.report(BO, Priority="High")
    await stage.settle()
    assert await stage.pages(name) == []
    page = next(s for s in await stage.steps(name) if s["name"] == "page")
    assert "Priority High pages nobody." in page["reason"]
    [changed] = await facts(stage, "project.choice_changed")
    assert changed["before"]["Page the commander"] is True
    assert changed["after"]["Minutes to acknowledge"] == "7"


async def test_tags_by_the_dozen_renamed_and_removed(stage: Stage) -> None:
    dee = await admin(stage)
    assert (await dee.send("tags", names="kafka, Redis\nDNS; kafka")).headers["location"].endswith("added=2")
    assert "redis" not in await dee.shown("tags?q=kaf")
    path = await dee.edit_path("tags", "kafka")
    assert "already a tag called dns" in (await dee.send(path, name="DNS", description="")).text
    assert (await dee.send(path, name="queue", description="Kafka and friends")).status_code == 303
    name = await stage.report(BO, Tags=["queue"])
    await stage.settle()
    refused = await dee.send(f"{path}/delete", of="tags")
    assert refused.status_code == 409
    assert "Incidents have the tag queue" in refused.text
    redis = await dee.edit_path("tags", "Redis")
    assert (await dee.send(f"{redis}/delete", of="tags")).status_code == 303
    bo = await stage.sign_in("bo@example.com")
    assert "queue" in (await bo.get(f"/default/incidents/{name}")).text


async def test_a_new_project_can_be_reported_to_and_a_disabled_one_cannot(stage: Stage) -> None:
    joy = await admin(stage, "joy@example.com")
    made = await joy.send("../new", of="../new", name="Data platform", slug="data", description="Pipelines")
    assert made.headers["location"] == "/default/settings/projects/data/general?saved=created"
    assert "Data platform" in await offered(stage, "Project")
    values = {
        "name": "Data platform",
        "incident_prefix": "data",
        "tz": "Europe/Berlin",
        "enabled": "",
        "description": "Pipelines",
    }
    assert (await joy.send("../data/general", **values)).status_code == 303
    assert "Data platform" not in await offered(stage, "Project")
    assert "Disabled" in await joy.shown("..")
    [changed] = await facts(stage, "project.changed")
    assert changed["after"] == {"Incident prefix": "DATA", "Time zone": "Europe/Berlin", "Enabled": False}


async def test_the_organization_gets_another_name(stage: Stage) -> None:
    joy = await admin(stage, "joy@example.com")
    where = "../../organization"
    assert (await joy.send(where, name="  ")).status_code == 422
    assert (await joy.send(where, name="Example & Sons")).status_code == 303
    assert "Example &amp; Sons" in await joy.shown(where)
    [fact] = await facts(stage, "organization.changed")
    assert fact["after"] == {"Name": "Example & Sons"}
    dee = await admin(stage)
    assert (await dee.send(where, name="Dee's")).status_code == 403


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
async def test_moments_nobody_can_compute_with_are_refused(stage: Stage, moment: str) -> None:
    """In some zone they are before the first or after the last moment there is."""
    dee = await admin(stage)
    made = await dee.send(
        "oncall/new", name="Night", members=["ada@example.com"], shift="1", unit="weeks",
        tz="Pacific/Auckland", starts_at=moment,
    )  # fmt: skip
    assert made.status_code == 422
    assert "between 1970 and 9000" in made.text
    name = await stage.report(BO)
    await stage.settle()
    csrf = token_in((await dee.browser.get(f"/default/incidents/{name}")).text)
    for path, fields in (("timeline", {"text": "x", "at": moment}), ("tasks", {"description": "x", "due_at": moment})):
        answer = await dee.browser.post(f"/default/incidents/{name}/{path}", data={"csrf": csrf, **fields})
        assert answer.status_code == 422, path
        assert "between 1970 and 9000" in answer.text


async def test_who_stands_in_leads_and_the_next_come_from_the_types_rotation(stage: Stage) -> None:
    """Ada is on the sample's rotation too, which comes first in the database: it must not decide who follows."""
    dee = await admin(stage)
    made = await dee.send(
        "oncall/new", name="Night", members=["ada@example.com", "joy@example.com"], shift="1", unit="weeks",
        tz="UTC", starts_at=f"{clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    assert made.status_code == 303, made.text
    rotation = made.headers["location"].split("/")[-1].split("?")[0]
    assert "Ada Lovelace" in await dee.shown(f"oncall/{rotation}")
    assert (
        await dee.send("types/new", name="Nightly", visibility="open", rotation_id=rotation, enabled="true")
    ).status_code == 303
    now = clock.now()
    span = {
        "starts_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=9):%Y-%m-%dT%H:%M}",
    }
    backwards = await dee.send(
        f"oncall/{rotation}/overrides", of=f"oncall/{rotation}", person="fay@example.com",
        starts_at=span["ends_at"], ends_at=span["starts_at"],
    )  # fmt: skip
    assert backwards.status_code == 422
    assert "It has to end after it begins." in backwards.text
    bo = await stage.sign_in("bo@example.com")
    assert "Fay" not in (await bo.get("/default")).text
    stand_in = {"person": "fay@example.com", **span}
    assert (await dee.send(f"oncall/{rotation}/overrides", of=f"oncall/{rotation}", **stand_in)).status_code == 303
    twice = await dee.send(
        f"oncall/{rotation}/overrides", of=f"oncall/{rotation}", **{**stand_in, "person": "bo@example.com"}
    )
    assert twice.status_code == 422
    assert "stands in from" in twice.text

    assert "Fay" in (await bo.get("/default")).text  # the home page says who is on call

    name = await stage.report(BO, Type="Nightly", Priority="High")
    await stage.settle()

    async def called() -> list[str]:
        return list(dict.fromkeys(p["email"].split("@")[0] for p in await stage.pages(name)))

    assert await called() == ["fay"]

    async def reached(count: int) -> bool:
        await stage.advance(minutes=2.1)
        await stage.settle()
        return len(await called()) >= count

    await stage.eventually(lambda: reached(2), timeout=60)
    await stage.eventually(lambda: reached(3), timeout=60)
    assert await called() == ["fay", "ada", "joy"]
    refused = await dee.send(f"oncall/{rotation}/delete", of="oncall")
    assert refused.status_code == 409
    assert "leads incidents of the types Nightly" in refused.text
