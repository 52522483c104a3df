"""The commander is called through every channel there is, again and again, until somebody answers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from dispatch.kit.errors import Refused
from dispatch.kit.events import Subject
from dispatch.kit.flows import bulkhead
from dispatch.oncall.actions import note_page
from dispatch.people.models import Person
from dispatch.plugins.slack_conversation.provider import SlackConversations
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.queries import project
from dispatch.situations.models import Situation
from tests.playing import org_id
from tests.projects.settings_pages import sealed_with_another_key
from tests.receivers import Mailbox, Pager, link_in
from tests.stage import ADA, BO, Stage

DEE, GUS = "U0DEE", "U0GUS"


async def open_pages(stage: Stage, incident: str) -> list[tuple[str, str, str, int]]:
    return [(p["through"], p["email"], p["state"], p["round"]) for p in await stage.pages(incident)]


def of(rows: list[dict[str, Any]], round: int) -> list[dict[str, Any]]:
    return [p for p in rows if p["round"] == round]


async def test_a_page_goes_through_every_channel(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    name = await stage.report(Priority="High")
    await stage.settle()

    assert sorted(await open_pages(stage, name)) == [
        ("Slack DM", "ada@example.com", "delivered", 1),
        ("e-mail", "ada@example.com", "sent", 1),
        ("webhook", "ada@example.com", "delivered", 1),
    ]
    [_] = await stage.direct_messages(ADA, "You are needed")
    [mail] = mailbox.to("ada@example.com", "You are needed")
    assert name in mail["Subject"]
    [page] = pager.pages.values()
    assert (page["name"], page["email"], page["title"]) == (name, "ada@example.com", "Checkout answers with errors")
    browser = await stage.sign_in("bo@example.com")
    shown = (await browser.get(f"/default/incidents/{name}/fragments/pages")).text
    assert shown.count("Ada Lovelace") == 3
    await browser.aclose()


async def test_a_broken_channel_holds_up_no_other(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    mailbox.down = pager.down = True
    name = await stage.report()

    async def slack_was_reached() -> bool:
        return any(p["through"] == "Slack DM" for p in await stage.pages(name))

    await stage.eventually(slack_was_reached)
    stuck = {s["name"]: s for s in await stage.steps(name)}
    assert stuck["page_email"]["state"] != "done"
    assert stuck["page_webhook"]["state"] != "done"
    mailbox.down = pager.down = False

    async def all_reached() -> bool:
        return {p["through"] for p in await stage.pages(name)} == {"Slack DM", "e-mail", "webhook"}

    await stage.eventually(all_reached, timeout=60)
    assert len(mailbox.to("ada@example.com", "You are needed")) == len(pager.pages) == 1


async def test_a_later_call_elsewhere_does_not_replace_one_that_is_late(stage: Stage, mailbox: Mailbox) -> None:
    """Mail is down until somebody else has been called in Slack: whom mail has not reached yet still gets it."""
    mailbox.down = True
    name = await stage.report()
    for call in (1, 2, 3):

        async def called(call: int = call) -> bool:
            return bool(of(await stage.pages(name), call))

        await stage.eventually(called)
        if call < 3:
            await stage.advance(minutes=2, seconds=5)
    assert not mailbox.to("ada@example.com", "You are needed")
    mailbox.down = False

    async def ada_has_mail() -> bool:
        return bool(mailbox.to("ada@example.com", "You are needed"))

    await stage.eventually(ada_has_mail, timeout=60)


async def test_a_pager_that_a_later_call_overtook_is_left_out_with_the_reason(stage: Stage, pager: Pager) -> None:
    pager.down = True
    name = await stage.report()

    async def webhook() -> dict[str, Any]:
        return next(s for s in await stage.steps(name) if s["name"] == "page_webhook")

    async def tried() -> bool:
        return (await webhook())["attempts"] > 0

    await stage.eventually(tried)
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        ada = (await t.scalars(select(Person).where(Person.email == "ada@example.com"))).one()
        await note_page(
            t,
            Subject("incident", situation.id),
            ada,
            through="webhook",
            key="later",
            call=2,
            message={},
            repeated=False,
        )

    # The pager stays away: a try that is on its way at this moment must not get through.
    async def ended() -> bool:
        return (await webhook())["state"] not in ("pending", "running")

    await stage.eventually(ended)
    step = await webhook()
    assert (step["state"], step["reason"]) == ("skipped", "A later call through webhook went out meanwhile.")
    assert not pager.pages


async def test_a_pager_whose_settings_cannot_be_used_keeps_no_other_from_calling(stage: Stage, pager: Pager) -> None:
    await sealed_with_another_key(stage, "webhook")
    async with stage.house.db.tx(await org_id(stage)) as t:
        await configure_plugin(
            t, await project(t, "default"), stage.house.providers.plugins["webhook"], pager.settings,
            vault=stage.house.vault, enabled=True, new=True, label="second",
        )  # fmt: skip
    name = await stage.report()

    async def called() -> bool:
        return bool(pager.pages)

    await stage.eventually(called)
    await stage.settle()
    rows = [p for p in await stage.pages(name) if p["through"] == "webhook"]
    assert sorted(p["state"] for p in rows) == ["delivered", "failed"]
    [failed] = [p for p in rows if p["state"] == "failed"]
    assert "is not in DISPATCH_SECRET_KEY" in failed["note"]


async def test_whom_slack_may_not_even_look_up_is_followed_by_the_next_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada was never seen in Slack, and the token may not ask for addresses: still somebody is called in the end."""

    async def refused(_self: SlackConversations, _email: str) -> str | None:
        raise Refused("The token lacks users:read.email.", code="missing_scope")

    monkeypatch.setattr(SlackConversations, "find_user", refused)
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(
            text("delete from chat_identity where person_id = (select id from person where email = 'ada@example.com')")
        )
    name = await stage.report()
    await stage.settle()
    [first] = [p for p in await stage.pages(name) if p["through"] == "Slack DM"]
    assert (first["email"], first["state"]) == ("ada@example.com", "failed")
    await stage.advance(minutes=2, seconds=5)

    async def the_next_one() -> bool:
        return any(p["email"] != "ada@example.com" for p in await stage.pages(name))

    await stage.eventually(the_next_one)


async def test_a_channel_that_hangs_takes_few_places_of_the_worker(
    stage: Stage, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkhead, "SLOW", 0.0)
    pager.hangs = asyncio.Event()
    names = [await stage.report(Title=f"Hangs {n}") for n in range(bulkhead.MOST_OF_A_KIND + 2)]

    async def webhook_steps() -> list[dict[str, Any]]:
        return [next(s for s in await stage.steps(name) if s["name"] == "page_webhook") for name in names]

    async def the_others_let_go() -> bool:
        steps = await webhook_steps()
        # Not counted as tries: what they wait for next is the first.
        tries = sorted(s["attempts"] for s in steps)
        return sum("does not answer" in s["reason"] for s in steps) == 2 and tries == [0, 0, 1, 1, 1]

    await stage.eventually(the_others_let_go)
    assert pager.waiting == bulkhead.MOST_OF_A_KIND
    pager.hangs.set()
    pager.hangs = None

    async def all_are_done() -> bool:
        return {s["state"] for s in await webhook_steps()} == {"done"}

    # Not `settle`: those which let go wait for their time.
    await stage.eventually(all_are_done)
    assert len(pager.pages) == len(names)


async def test_a_refused_channel_is_a_failed_page(stage: Stage, mailbox: Mailbox) -> None:
    await stage.slack.faults({"target": "conversations.open", "kind": "error:user_disabled", "count": 50})
    name = await stage.report()
    await stage.settle()
    rows = {p["through"]: p for p in await stage.pages(name)}
    assert rows["Slack DM"]["state"] == "failed"
    assert rows["Slack DM"]["note"]
    assert rows["e-mail"]["state"] == "sent"


async def test_the_link_in_the_mail_asks_before_it_acknowledges(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    name = await stage.report()
    await stage.settle()
    link = link_in(mailbox.to("ada@example.com", "You are needed")[0], "Acknowledge")

    async with httpx.AsyncClient(timeout=60) as anybody:
        # A mail scanner follows the link and changes nothing.
        asked = await anybody.get(link)
        assert asked.status_code == 200
        assert f"Do you lead {name}?" in asked.text
        assert {p["state"] for p in await stage.pages(name)} == {"sent", "delivered"}

        answered = await anybody.post(link)
        assert f"You lead {name}" in answered.text
        assert {p["state"] for p in await stage.pages(name)} == {"acknowledged"}
        assert f"You lead {name}" in (await anybody.get(link)).text

    browser = await stage.sign_in("bo@example.com")
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert "Ada Lovelace acknowledged the command" in timeline
    await browser.aclose()


async def test_a_link_that_is_cut_or_old_says_so(stage: Stage, mailbox: Mailbox) -> None:
    name = await stage.report()
    await stage.settle()
    link = link_in(mailbox.to("ada@example.com", "You are needed")[0], "Acknowledge")
    async with httpx.AsyncClient(timeout=60) as anybody:
        cut = await anybody.post(link[:-3])
        assert cut.status_code == 410
        assert "not complete" in cut.text
        elsewhere = await anybody.post(link.replace("/default/", "/elsewhere/"))
        assert elsewhere.status_code == 410
        await stage.advance(hours=25)
        old = await anybody.post(link)
        assert old.status_code == 410
        assert "too old" in old.text
    assert "acknowledged" not in {p["state"] for p in await stage.pages(name)}


async def test_the_only_channel_is_away_for_long(stage: Stage) -> None:
    """Nobody is reachable for half an hour. Then the call goes out, and is repeated like any other."""
    await stage.slack.faults({"target": "conversations.open", "kind": "error5xx", "count": 1000})
    name = await stage.report()

    async def page_waits() -> bool:
        return any(s["name"] == "page" and s["state"] == "pending" and s["attempts"] for s in await stage.steps(name))

    await stage.eventually(page_waits)
    await stage.advance(minutes=30)
    assert not await stage.pages(name)
    await stage.slack.faults()

    async def called_twice() -> bool:
        return {p["round"] for p in await stage.pages(name)} == {1, 2}

    async def called() -> bool:
        return bool(await stage.pages(name))

    await stage.eventually(called, timeout=100)
    await stage.advance(minutes=2, seconds=5)
    await stage.eventually(called_twice)
    await stage.settle()
    assert {p["email"] for p in await stage.pages(name)} == {"ada@example.com"}
    assert len(await stage.direct_messages(ADA, "You are needed")) == 2


async def test_nobody_answers(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    """Twice each along the rotation, through all channels side by side; then the reporter hears that nobody answered."""
    name = await stage.report()
    expected = [("ada", 1), ("ada", 2), ("dee", 3), ("dee", 4), ("gus", 5), ("gus", 6)]
    for who, call in expected:

        async def called(who: str = who, call: int = call) -> bool:
            rows = of(await stage.pages(name), call)
            return len(rows) == 3 and {p["email"] for p in rows} == {f"{who}@example.com"}

        await stage.eventually(called)
        await stage.advance(minutes=2, seconds=5)

    async def told() -> bool:
        return bool(await stage.direct_messages(BO, f"Nobody answered for {name}")) and bool(
            mailbox.to("bo@example.com", "Nobody answered")
        )

    await stage.eventually(told)
    await stage.settle()
    rows = await stage.pages(name)
    assert len(rows) == 18
    assert {p["state"] for p in rows} == {"escalated"}
    assert [len(await stage.direct_messages(user, "You are needed")) for user in (ADA, DEE, GUS)] == [2, 2, 2]
    assert len(pager.pages) == 6
    assert len(await stage.direct_messages(BO, "Nobody answered")) == len(mailbox.to("bo@example.com")) == 1


async def test_an_answer_ends_the_calls(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    name = await stage.report()
    await stage.settle()
    [dm] = await stage.direct_messages(ADA, "You are needed")
    await stage.slack.act_in_message(ADA, dm["channel"], dm["ts"], "acknowledge_command")

    async def answered() -> bool:
        return {p["state"] for p in await stage.pages(name)} == {"acknowledged"}

    await stage.eventually(answered)
    assert all(p["due_at"] is None for p in await stage.pages(name))


async def test_whoever_cannot_be_reached_is_not_tried_twice(stage: Stage) -> None:
    await stage.slack.faults({"target": "conversations.open", "kind": "error:user_disabled", "count": 50})
    name = await stage.report()
    await stage.settle()
    await stage.slack.faults()
    await stage.advance(minutes=2, seconds=5)

    async def dee_is_called() -> bool:
        return any(p["email"] == "dee@example.com" for p in await stage.pages(name))

    await stage.eventually(dee_is_called)
    assert [p["email"] for p in await stage.pages(name)] == ["ada@example.com", "dee@example.com"]


async def test_a_restricted_title_does_not_leave_the_house(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    name = await stage.report(Visibility="restricted", Title="Stolen laptop of the CFO")
    await stage.settle()
    [mail] = mailbox.to("ada@example.com", "You are needed")
    assert "laptop" not in mail.as_string()
    [page] = pager.pages.values()
    assert page["title"] == name


async def test_whoever_is_called_next_leads_by_answering(stage: Stage, mailbox: Mailbox) -> None:
    name = await stage.report()
    await stage.settle()
    for call in (2, 3):
        await stage.advance(minutes=2, seconds=5)

        async def called(call: int = call) -> bool:
            return len(of(await stage.pages(name), call)) == 2

        await stage.eventually(called)
    link = link_in(mailbox.to("dee@example.com", "You are needed")[0], "Acknowledge")
    async with httpx.AsyncClient(timeout=60) as anybody:
        assert f"You lead {name}" in (await anybody.post(link)).text
        # Ada's link comes too late.
        late = link_in(mailbox.to("ada@example.com", "You are needed")[0], "Acknowledge")
        assert f"Dee Alvarez leads {name} already" in (await anybody.post(late)).text
    browser = await stage.sign_in("dee@example.com")
    assert "Dee Alvarez" in (await browser.get(f"/default/incidents/{name}/fragments/summary")).text
    await browser.aclose()

    async def topic_says_so() -> bool:
        return str((await stage.channel_of(name))["topic"]).endswith("Commander: Dee Alvarez")

    await stage.eventually(topic_says_so)
    assert all(p["due_at"] is None for p in await stage.pages(name))

    async def in_the_channel() -> bool:
        return DEE in (await stage.channel_of(name))["members"]

    await stage.eventually(in_the_channel)
