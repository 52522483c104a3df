"""Announcements by rule: at opening and when a change makes it fit, once; restricted ones never by accident; failures seen."""

from __future__ import annotations

import re
from typing import Any

from tests.projects.settings_pages import facts
from tests.projects.test_project_settings import Admin, admin
from tests.receivers import Mailbox
from tests.scenarios.test_incident_page import at, filled
from tests.stage import ADA, BO, CY, Stage

RULE = {
    "name": "Bad ones",
    "query": "severity=High",
    "channel": "#general",
    "emails": "team@example.com, boss@example.com",
    "enabled": "true",
}


async def with_view(dee: Admin, name: str, query: str) -> None:
    page = (await dee.browser.get("/default/incidents")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    saved = await dee.browser.post("/default/views", data={"csrf": csrf, "name": name, "query": query, "shared": "1"})
    assert saved.status_code == 200, saved.text


async def announced(stage: Stage, channel: str, as_: str = BO) -> list[str]:
    """The incidents a rule announced there."""
    found = []
    for message in await stage.slack.messages(channel, as_=as_):
        if "Announced by the rule" in str(message.get("blocks")):
            found.append(message["text"].split("New incident ")[1].split(":")[0])
    return found


async def test_what_fits_is_announced_once_when_it_is_reported_or_when_a_change_makes_it_fit(
    stage: Stage, mailbox: Mailbox
) -> None:
    dee = await admin(stage)
    await with_view(dee, "High", "severity=High")
    await with_view(dee, "Mine", "commander=me")
    form = await dee.shown("announcements/new")
    assert ">High</option>" in form
    assert ">Mine</option>" not in form
    assert (await dee.send("announcements/new", **RULE)).status_code == 303
    low = await stage.report(BO)
    high = await stage.report(CY, Title="All is down", Severity="High")
    await stage.settle()
    assert await announced(stage, stage.general) == [high]
    assert [str(m["Subject"]) for m in mailbox.to("boss@example.com")] == [f"Incident {high} All is down"]
    assert len(mailbox.to("team@example.com")) == 1
    # Ada changes the other one to and fro: it fits now, and is announced once.
    ada = await at(stage, low, "ada")
    for severity in ("High", "Low", "High"):
        assert (await ada.send("update", **await filled(ada, severity=severity))).status_code == 200
        await stage.settle()
    assert await announced(stage, stage.general) == [high, low]
    assert len(mailbox.to("team@example.com")) == 2
    page = await ada.page()
    assert page.count("The rule Bad ones announces it") == 1
    assert "Announced in #general" in page
    # A restricted one that fits is announced to nobody, and no step speaks of it.
    hidden = await stage.report(BO, Title="Stolen laptop", Severity="High", Visibility="Restricted")
    await stage.settle()
    assert await announced(stage, stage.general) == [high, low]
    assert len(mailbox.to("team@example.com")) == 2
    assert not [s for s in await stage.steps(hidden) if s["name"] in ("post", "mail")]
    # A disabled rule announces nothing.
    path = await dee.edit_path("announcements", "Bad ones")
    assert (await dee.send(path, **{k: v for k, v in RULE.items() if k != "enabled"})).status_code == 303
    await stage.report(CY, Title="Worse still", Severity="High")
    await stage.settle()
    assert await announced(stage, stage.general) == [high, low]


async def test_a_failure_is_a_step_of_the_incident_and_is_tried_again_with_the_corrected_rule(stage: Stage) -> None:
    dee = await admin(stage)
    given: dict[str, Any] = {"name": "Everything", "channel": "#no-such-place", "emails": "", "enabled": "true"}
    assert (await dee.send("announcements/new", **given)).status_code == 303
    name = await stage.report(BO)
    await stage.settle()
    ada = await at(stage, name, "ada")
    page = await ada.page()
    assert "Rule Everything, #no-such-place:" in page
    path = await dee.edit_path("announcements", "Everything")
    assert (await dee.send(path, **given | {"channel": "#general"})).status_code == 303
    [failed] = [s for s in await stage.steps(name) if s["state"] == "failed"]
    assert failed["name"] == "post"
    assert (await ada.send(f"steps/{failed['id']}/retry")).status_code == 200
    await stage.settle()
    assert await announced(stage, stage.general) == [name]
    assert "Rule Everything" not in await ada.page()


async def test_restricted_ones_go_only_where_the_rule_says_so_and_the_channel_is_private(
    stage: Stage, mailbox: Mailbox
) -> None:
    dee = await admin(stage)
    # The channel of an incident is private here; the app and Ada are in it.
    private = (await stage.channel_of(await stage_settled(stage, await stage.report(ADA))))["id"]
    given: dict[str, Any] = {
        "name": "Secret",
        "query": "",
        "channel": private,
        "emails": "ciso@example.com",
        "restricted": "true",
        "enabled": "true",
    }
    assert (await dee.send("announcements/new", **given)).status_code == 303
    assert (
        await dee.send("announcements/new", **given | {"name": "Careless", "channel": "#general", "emails": ""})
    ).status_code == 303
    name = await stage_settled(stage, await stage.report(BO, Title="Stolen laptop", Visibility="Restricted"))
    assert await announced(stage, private, ADA) == [name]
    [mail] = mailbox.to("ciso@example.com")
    assert name in str(mail["Subject"])
    assert "laptop" not in mail.as_string()
    assert await announced(stage, stage.general) == []
    page = await (await at(stage, name, "ada")).page()
    assert "Rule Careless, #general:" in page
    assert "is not a private channel the app is in" in page


async def stage_settled(stage: Stage, name: str) -> str:
    await stage.settle()
    return name


async def test_mistakes_in_a_rule_are_said_at_the_field_and_changes_are_on_record(stage: Stage) -> None:
    dee = await admin(stage)
    for wrong, says in (
        ({"emails": "team"}, "That is no e-mail address: team"),
        ({"channel": "#a b"}, "no channel"),
        ({"channel": "", "emails": ""}, "otherwise nobody is told"),
        ({"query": "severity=Whatever"}, "query"),
        ({"emails": " ".join(f"a{i}@example.com" for i in range(21))}, "At most 20 addresses"),
    ):
        answer = await dee.send("announcements/new", **RULE | {"query": ""} | wrong)
        assert answer.status_code == 422, wrong
        assert says in answer.text, wrong
    assert (await dee.send("announcements/new", **RULE | {"query": ""})).status_code == 303
    twice = await dee.send("announcements/new", **RULE | {"query": "", "name": "bad  ONES"})
    assert "There is already a rule called Bad ones" in twice.text
    path = await dee.edit_path("announcements", "Bad ones")
    joy = await admin(stage, "joy@example.com")
    form = await joy.shown(path)
    assert (await dee.send(path, **RULE | {"query": "", "channel": "#incidents"})).status_code == 303
    seen = re.search(r'name="seen" value="(\w*)"', form)
    assert seen is not None
    late = await joy.send(path, **RULE | {"query": "", "seen": seen[1]})
    assert late.status_code == 412
    assert "changed the announcement rule Bad ones: Slack channel" in late.text
    assert (await dee.send(f"{path}/delete", of="announcements")).status_code == 303
    [changed] = await facts(stage, "announcement.rule_changed")
    assert (changed["before"], changed["after"]) == ({"Slack channel": "#general"}, {"Slack channel": "#incidents"})
    assert [each["rule"] for each in await facts(stage, "announcement.rule_removed")] == ["Bad ones"]
    bo = await stage.sign_in("bo@example.com")
    assert (await bo.get("/default/settings/projects/default/announcements")).status_code == 403
    await bo.aclose()
