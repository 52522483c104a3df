"""One failing call is visible with what to do, and delays nothing else."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import CapturingLogger

from dispatch.kit.flows import runner
from dispatch.kit.slack import opening
from dispatch.plugins.jitsi import Jitsi
from tests.receivers import Mailbox, Pager, link_in
from tests.stage import ADA, BO, COMMAND, Stage, went_well


def states(steps: list[dict[str, Any]]) -> dict[str, str]:
    return {s["name"]: s["state"] for s in steps}


async def test_a_name_that_a_stranger_has_gets_a_suffix(stage: Stage) -> None:
    await stage.slack.channel("T0DEMO", "inc-13-taken-already", creator=BO)
    name = await stage.report(Title="Taken already")
    await stage.settle()
    assert went_well(await stage.steps(name))
    ours = [c for c in await stage.slack.channels() if (c["name"] or "").startswith("inc-13-taken-already-")]
    assert len(ours) == 1
    assert stage.app["bot_user_id"] in ours[0]["members"]


async def test_an_answer_that_never_came_does_not_make_a_second_channel(stage: Stage) -> None:
    await stage.slack.faults(
        {"target": "conversations.create", "kind": "timeout_after_work", "count": 1, "seconds": 0.1}
    )
    name = await stage.report()
    async with asyncio.timeout(30):
        while states(await stage.steps(name))["channel"] != "done":
            await asyncio.sleep(0.1)
    await stage.channel_of(name)


@pytest.mark.parametrize("kind", ["ratelimited", "error5xx", "timeout_after_work"])
async def test_a_post_that_had_to_be_repeated_is_there_once(stage: Stage, kind: str) -> None:
    await stage.slack.faults({"target": "chat.postMessage", "kind": kind, "count": 3, "seconds": 0.1, "retry_after": 1})
    name = await stage.report()
    async with asyncio.timeout(40):
        while not went_well(await stage.steps(name)):
            await asyncio.sleep(0.1)
    channel = (await stage.channel_of(name))["id"]
    texts = [m["text"] for m in await stage.slack.messages(channel, as_=BO) if not m.get("subtype")]
    assert sorted(texts) == [f"{name}: Checkout answers with errors", f"Summary of {name}"]


@pytest.mark.parametrize("defect", ["an exception", "a statement without end"])
async def test_a_defect_of_ours_is_tried_again_and_given_up_with_the_number_in_the_log(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, defect: str
) -> None:
    tries = 0

    async def broken(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        if defect == "an exception":
            raise ZeroDivisionError("a defect")
        async with stage.house.db.system() as t:
            await t.execute(text("set local statement_timeout = 1"))
            await t.execute(text("select pg_sleep(60)"))

    monkeypatch.setattr(runner, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(Jitsi, "create", broken)
    name = await stage.report()

    async def given_up() -> dict[str, Any] | None:
        [bridge] = [s for s in await stage.steps(name) if s["name"] == "bridge"]
        return bridge if bridge["state"] == "failed" else None

    bridge = await stage.eventually(given_up)
    assert tries == runner.MOST_CRASHES
    assert f"broke off {tries} times" in bridge["reason"]
    assert "reference" in bridge["reason"]
    assert "log" in bridge["hint"]
    await stage.settle()
    assert went_well([s for s in await stage.steps(name) if s["name"] != "bridge"])
    # A person mends it and asks again.
    monkeypatch.undo()
    browser = await stage.sign_in("ada@example.com")
    page = (await browser.get(f"/default/incidents/{name}")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    retried = await browser.post(
        f"/default/incidents/{name}/steps/{bridge['id']}/retry", headers={"X-CSRF-Token": csrf}
    )
    assert retried.is_success
    await browser.aclose()
    await stage.settle()
    assert went_well(await stage.steps(name))


async def test_a_missing_scope_is_named_and_the_rest_goes_on(stage: Stage) -> None:
    await stage.slack.faults({"target": "bookmarks.add", "kind": "error:missing_scope", "count": 50})
    name = await stage.report()
    await stage.settle()
    steps = {s["name"]: s for s in await stage.steps(name)}
    assert steps["summary"]["state"] == "failed"
    assert "scope" in steps["summary"]["reason"] + steps["summary"]["hint"]
    assert went_well([s for n, s in steps.items() if n != "summary"])

    await stage.slack.faults()
    browser = await stage.sign_in("ada@example.com")
    page = (await browser.get(f"/default/incidents/{name}")).text
    assert "Retry: Pin the summary" in page
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    retried = await browser.post(
        f"/default/incidents/{name}/steps/{steps['summary']['id']}/retry", headers={"X-CSRF-Token": csrf}
    )
    assert retried.status_code == 200
    await stage.settle()
    assert states(await stage.steps(name))["summary"] == "done"
    assert len((await stage.channel_of(name))["pins"]) == 1
    await browser.aclose()


async def test_a_deactivated_commander_is_named_and_the_others_come(stage: Stage) -> None:
    # Before the news of it has come: later she would not be called at all.
    await stage.slack.switch_events(stage.app["app_id"], enabled=False)
    await stage.slack.change_user(ADA, deleted=True)
    name = await stage.report()
    await stage.settle()
    assert BO in (await stage.channel_of(name))["members"]
    browser = await stage.sign_in("bo@example.com")
    people = (await browser.get(f"/default/incidents/{name}/fragments/participants")).text
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert "Ada Lovelace" in people
    assert "Ada Lovelace could not be brought into the channel" in timeline
    await browser.aclose()


async def test_an_archived_announcement_channel_is_said(stage: Stage) -> None:
    await stage.slack.faults({"target": "chat.postMessage", "kind": "error:is_archived", "count": 50})
    name = await stage.report()
    await stage.settle()
    steps = {s["name"]: s for s in await stage.steps(name)}
    assert steps["announce"]["state"] == "failed"
    assert "archived" in steps["announce"]["reason"]
    assert steps["people"]["state"] == "done"
    assert steps["ticket"]["state"] == "done"


async def test_with_slack_down_the_web_still_reports(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    await stage.slack.faults({"target": "*", "kind": "error5xx", "count": 10_000})
    browser = await stage.sign_in("bo@example.com")
    name = await stage.report_on_the_web(browser)

    async def all_but_slack() -> bool:
        found = states(await stage.steps(name))
        return {found[s] for s in ("page_email", "page_webhook", "ticket", "document", "bridge", "mail_link")} == {
            "done"
        }

    await stage.eventually(all_but_slack, timeout=30)
    assert states(await stage.steps(name))["channel"] == "pending"
    assert len(mailbox.to("ada@example.com", "You are needed")) == len(pager.pages) == 1
    for person in ("ada@example.com", "bo@example.com"):
        [mail] = mailbox.to(person, "Slack does not answer")
        assert link_in(mail, "Open the incident page") == f"{stage.base_url}/default/incidents/{name}"
    page = (await browser.get(f"/default/incidents/{name}")).text
    assert "Slack has been unreachable since" in page
    assert "Create the channel" in page
    assert "The link to this page was mailed to Ada Lovelace and Bo" in page

    await stage.advance(minutes=3)
    await stage.slack.faults()

    async def people_are_in() -> bool:
        return states(await stage.steps(name))["people"] == "done"

    await stage.eventually(people_are_in, timeout=60)

    async def caught_up() -> bool:
        found = states(await stage.steps(name))
        return {found["so_far"], found["welcome"], found["summary"]} == {"done"}

    await stage.eventually(caught_up, timeout=60)
    channel = await stage.channel_of(name)
    [so_far] = [
        m for m in await stage.slack.messages(channel["id"], as_=BO) if m["text"] == f"The timeline of {name} so far"
    ]
    assert f"reported {name}" in str(so_far["blocks"])
    assert "was paged through e-mail" in str(so_far["blocks"])

    async def slack_is_back() -> bool:
        return "Slack has been unreachable" not in (await browser.get(f"/default/incidents/{name}")).text

    await stage.eventually(slack_is_back, timeout=30)
    await browser.aclose()


async def test_with_slack_at_hand_nobody_is_mailed_a_link(stage: Stage, mailbox: Mailbox) -> None:
    name = await stage.report()
    await stage.settle()
    found = states(await stage.steps(name))
    assert (found["mail_link"], found["so_far"]) == ("skipped", "skipped")
    assert not mailbox.to("bo@example.com")


async def test_the_same_join_delivered_often_is_one_entry(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 10})
    channel = (await stage.channel_of(name))["id"]
    await stage.slack.invite(BO, channel, "U0DEE")
    browser = await stage.sign_in("bo@example.com")
    async with asyncio.timeout(60):
        while "Dee Alvarez joined the channel" not in (
            text := (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
        ):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    text = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert text.count("Dee Alvarez joined the channel") == 1
    await browser.aclose()


async def test_a_form_that_slack_did_not_take_at_first_is_shown_all_the_same(stage: Stage) -> None:
    await stage.slack.faults({"target": "views.update", "kind": "error5xx", "count": 2})
    await stage.slack.command(BO, stage.general, COMMAND)
    form = await stage.form(BO)
    assert any(block["type"] == "input" for block in form["blocks"])


async def test_a_form_that_slack_refuses_gives_way_to_a_number_in_the_log(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(opening, "log", log)
    await stage.slack.faults({"target": "views.update", "kind": "error:invalid_arguments", "count": 1})
    await stage.slack.command(BO, stage.general, COMMAND)

    async def said() -> str:
        shown = await stage.slack.view(BO)
        words = str(shown["blocks"]) if shown else ""
        return words if "Reference" in words else ""

    words = await stage.eventually(said)
    assert "Slack did not take this form" in words
    [reference] = re.findall(r"Reference: (\w+)", words)
    [logged] = log.calls
    assert (logged.kwargs["reference"], logged.kwargs["code"]) == (reference, "invalid_arguments")
