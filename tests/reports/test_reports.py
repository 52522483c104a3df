"""Reports: written, posted, pinned, mailed; each with a promise that is kept or late."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from dispatch.kit import clock
from dispatch.projects.models import Severity
from tests.commands.test_update_incident import behind_the_back
from tests.playing import DEE, incident, org_id, refused, rows, says, timeline, told_directly, told_only, typed
from tests.receivers import Mailbox
from tests.stage import ADA, BO, Stage, over_both

TACTICAL, EXECUTIVE, GROUP = "/dispatch-report-tactical", "/dispatch-report-executive", "/dispatch-notifications-group"
WORDS = {"Conditions": "One order in five <fails>", "Actions": "Rolling back", "Needs": "A database engineer"}
BOARD = {"Current Status": "Stable", "Overview": "A bad release", "Next Steps": "Watch it"}


async def report(stage: Stage, channel: str, command: str, by: str = ADA, **values: Any) -> None:
    view = await typed(stage, by, channel, command)
    answer = await stage.slack.submit(by, view["id"], values)
    assert answer["outcome"] == "closed", answer


@over_both
@pytest.mark.seed("/dispatch-report-tactical")
async def test_a_tactical_report_is_posted_and_pinned(stage: Stage) -> None:
    name, channel = await incident(stage)
    await report(stage, channel, TACTICAL, **WORDS)
    post = await says(stage, channel, BO, f"Tactical report 1 of {name}")
    assert "One order in five &lt;fails&gt;" in str(post["blocks"])

    async def pinned() -> bool:
        return f"Tactical report 1 of {name}" in [p["text"] for p in (await stage.channel_of(name))["pins"]]

    await stage.eventually(pinned)
    assert "Ada Lovelace wrote tactical report 1" in await timeline(stage, name)
    # The next one begins with what this one said.
    view = await typed(stage, ADA, channel, TACTICAL)
    assert "A database engineer" in str(view["blocks"])
    assert "Filled with report 1 by Ada Lovelace" in view["text"]


async def test_a_promise_is_shown_called_to_mind_and_kept(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, "/dispatch-assign-role")
    await stage.slack.submit(ADA, view["id"], {"Participant": DEE, "Role": "Scribe"})
    await stage.settle()
    await report(stage, channel, TACTICAL, by=DEE, **WORDS, **{"Next update": "30"})
    promised = clock.now() + timedelta(minutes=30)
    await stage.settle()
    topic = (await stage.channel_of(name))["topic"]
    assert "Next update: " in topic
    assert any(f"{promised + timedelta(minutes=m):%H:%M} UTC" in topic for m in (-1, 0, 1))

    async def in_summary() -> bool:
        found = [m for m in await stage.slack.messages(channel, as_=BO) if m["text"] == f"Summary of {name}"]
        return "Next update" in str(found[0]["blocks"])

    await stage.eventually(in_summary)
    await stage.advance(minutes=26)
    # Who leads and who promised, each once.
    for user in (ADA, DEE):
        await told_directly(stage, user, f"The update of {name} is due in")
    await stage.settle()
    for user in (ADA, DEE, BO):
        told = await stage.direct_messages(user, f"The update of {name}")
        assert len(told) == (user != BO), (user, told)
    await report(stage, channel, TACTICAL)
    assert [r["promise"] for r in await rows(stage, "select promise from report order by id")] == ["kept", ""]

    async def gone() -> bool:
        return "Next update" not in (await stage.channel_of(name))["topic"]

    await stage.eventually(gone)


async def test_a_promise_not_kept_is_late_and_can_be_put_off(stage: Stage) -> None:
    name, channel = await incident(stage)
    await report(stage, channel, TACTICAL, **WORDS, **{"Next update": "15"})
    await stage.settle()
    await stage.advance(minutes=16)
    await told_directly(stage, ADA, f"The update of {name}")
    await stage.advance(minutes=1)

    async def late() -> list[dict[str, Any]]:
        return [m for m in await stage.direct_messages(ADA, f"The update of {name}") if "is late" in m["text"]]

    [told] = await stage.eventually(late)
    await stage.settle()
    assert len(await late()) == 1, "who leads and promised is told once"
    await stage.slack.act_in_message(ADA, told["channel"], told["ts"], "update_remind_again")
    await told_only(stage, ADA, told["channel"], "You are reminded again in 10 minutes.")
    await stage.advance(minutes=11)

    async def again() -> bool:
        return any("minutes late" in m["text"] for m in await stage.direct_messages(ADA, f"The update of {name}"))

    await stage.eventually(again)
    await report(stage, channel, TACTICAL)
    assert [r["promise"] for r in await rows(stage, "select promise from report order by id")] == ["late", ""]
    assert "is late" in await timeline(stage, name)


@pytest.mark.seed("/dispatch-report-executive", "/dispatch-notifications-group")
async def test_an_executive_report_is_a_document_and_a_mail(stage: Stage, mailbox: Mailbox) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, GROUP)
    answer = await stage.slack.submit(ADA, view["id"], {"E-mail addresses": "ceo@example.com, Board@Example.com\n"})
    assert answer["outcome"] == "closed", answer
    await report(stage, channel, EXECUTIVE, **BOARD)
    await says(stage, channel, BO, f"Executive report 1 of {name}")
    await stage.settle()
    mails = [m for m in mailbox.arrived.values() if str(m["Subject"]).startswith("Executive report 1")]
    assert sorted(str(m["To"]) for m in mails) == ["board@example.com", "ceo@example.com"]
    assert "A bad release" in str(mails[0].get_body(("plain",)).get_content())
    seen = await timeline(stage, name)
    assert "Ada Lovelace changed the notifications group: added board@example.com, ceo@example.com" in seen
    browser = await stage.sign_in("bo@example.com")
    [document] = await rows(stage, "select url from resource where title like '%Executive report 1'")
    assert "A bad release" in (await browser.get(document["url"])).text
    await browser.aclose()
    # The same from the page: it begins with the last one, and sent twice it is one.
    ada = await stage.sign_in("ada@example.com")
    asked = (await ada.get(f"/default/incidents/{name}/dialogs/report?kind=executive")).text
    assert "Mailed to 2 addresses: board@example.com, ceo@example.com." in asked
    assert "A bad release</textarea>" in asked
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked))
    sent = hidden | {
        "current_status": "Over",
        "overview": "A bad release",
        "next_steps": "Learn from it",
        "next_update": "60",
    }
    for _ in range(2):
        assert (await ada.post(f"/default/incidents/{name}/reports", data=sent)).status_code == 200
    await says(stage, channel, BO, f"Executive report 2 of {name}")
    await stage.settle()
    assert sum(str(m["Subject"]).startswith("Executive report 2") for m in mailbox.arrived.values()) == 2
    assert len(await rows(stage, "select id from report where kind = 'executive'")) == 2
    await ada.aclose()


async def test_a_report_survives_a_mail_that_is_refused(stage: Stage) -> None:
    """W-47: the report is there, whatever happens to its way out; no second form makes a second one."""
    name, channel = await incident(stage)
    view = await typed(stage, ADA, channel, EXECUTIVE)
    answers = await asyncio.gather(
        *(stage.slack.submit(ADA, view["id"], dict(BOARD)) for _ in range(2)), return_exceptions=True
    )
    assert any(isinstance(a, dict) and a["outcome"] == "closed" for a in answers)
    await stage.settle()
    assert len(await rows(stage, "select id from report")) == 1
    states = {s["name"]: (s["state"], s["reason"]) for s in await stage.steps(name)}
    assert states["mail"][0] == "skipped"
    assert "notifications group is empty" in states["mail"][1]
    await says(stage, channel, BO, f"Executive report 1 of {name}")


async def test_two_people_edit_the_group_and_both_edits_count(stage: Stage) -> None:
    _, channel = await incident(stage)
    await stage.slack.invite(ADA, channel, DEE)
    first = await typed(stage, ADA, channel, GROUP)
    await stage.slack.submit(ADA, first["id"], {"E-mail addresses": "one@example.com two@example.com"})
    adas = await typed(stage, ADA, channel, GROUP)
    dees = await typed(stage, DEE, channel, GROUP)
    assert "one@example.com" in str(dees["blocks"])
    await stage.slack.submit(DEE, dees["id"], {"E-mail addresses": "one@example.com two@example.com three@example.com"})
    await stage.slack.submit(ADA, adas["id"], {"E-mail addresses": "two@example.com"})
    found = await rows(stage, "select email from notification_address order by email")
    assert [row["email"] for row in found] == ["three@example.com", "two@example.com"]


async def test_refusals(stage: Stage) -> None:
    _, channel = await incident(stage)
    for command, words in (
        (TACTICAL, "To write a report"),
        (EXECUTIVE, "To write a report"),
        (GROUP, "To edit the notifications group"),
    ):
        assert words in await refused(stage, BO, channel, command)
        assert "in the channel of an incident" in await refused(stage, ADA, stage.general, command)
    view = await typed(stage, ADA, channel, GROUP)
    answer = await stage.slack.submit(ADA, view["id"], {"E-mail addresses": "not-an-address"})
    assert answer["errors"] == {"addresses": "This is no e-mail address: not-an-address."}


async def test_a_worse_severity_brings_the_promise_forward_and_a_milder_one_keeps_it(stage: Stage) -> None:
    async with stage.house.db.tx(await org_id(stage)) as t:
        for name, minutes in (("Low", 240), ("High", 30)):
            await t.execute(update(Severity).where(Severity.name == name).values(update_minutes=minutes))
    name, channel = await incident(stage, Severity="Low")
    soon, now = clock.now() + timedelta(minutes=60), "select next_update_at as at from situation where name = :name"
    assert (await rows(stage, now, name=name))[0]["at"] > soon
    await behind_the_back(stage, name, severity="High")
    promised = (await rows(stage, now, name=name))[0]["at"]
    assert promised < soon
    await behind_the_back(stage, name, severity="Low")
    assert (await rows(stage, now, name=name))[0]["at"] == promised
    await stage.settle()
    assert f"Next update: {promised:%H:%M} UTC" in (await stage.channel_of(name))["topic"]
    await stage.advance(minutes=26)
    await told_directly(stage, ADA, f"The update of {name} is due in")
    # After a report it is its writer's word that counts.
    await report(stage, channel, TACTICAL, **WORDS, **{"Next update": "in 1 hour"})
    promised = (await rows(stage, now, name=name))[0]["at"]
    await behind_the_back(stage, name, severity="High")
    assert (await rows(stage, now, name=name))[0]["at"] == promised
