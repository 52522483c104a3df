"""Who leads: handing over in two steps, taking the command, and that nobody is locked out at night."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text, update

from dispatch.kit import clock
from dispatch.kit.db import OrgId
from dispatch.kit.errors import Conflict, NotAllowed
from dispatch.people.models import Person
from dispatch.people.queries import organization, viewer_of_person
from dispatch.situations import actions, queries
from dispatch.situations.access import require, require_take_command, standing
from dispatch.situations.models import HandOff, Situation
from tests.stage import ADA, BO, Stage


async def org_id(stage: Stage) -> OrgId:
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    return org.id


async def cast(stage: Stage, name: str, who: str) -> tuple[OrgId, Situation, Person]:
    org = await org_id(stage)
    async with stage.house.db.read(org) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        person = (await t.scalars(select(Person).where(Person.email == f"{who}@example.com"))).one()
    return org, situation, person


async def message_to(stage: Stage, user: str, starts: str) -> dict[str, Any]:
    """The message to that person, once it is there."""

    async def look() -> dict[str, Any] | None:
        for channel in await stage.slack.channels(as_=user):
            for message in await stage.slack.messages(channel["id"], as_=user):
                if message["text"].startswith(starts):
                    return {"channel": channel["id"], "ts": message["ts"], "text": message["text"]}
        return None

    found: dict[str, Any] = await stage.eventually(look)
    return found


async def leader(stage: Stage, name: str) -> str:
    org, situation, _ = await cast(stage, name, "ada")
    async with stage.house.db.read(org) as t:
        return (await queries.brief(t, situation.id)).commander


async def test_the_command_is_handed_over_in_two_steps(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, dee = await cast(stage, name, "dee")
    async with stage.house.db.tx(org) as t:
        await actions.acknowledge_command(t, situation.id, by=ada)
        assert await actions.assign_role(t, situation, dee, "Commander", by=ada) is not None
    assert await leader(stage, name) == "Ada Lovelace"

    asked = await message_to(stage, "U0DEE", "Ada Lovelace asks you to lead")
    await stage.slack.act_in_message("U0DEE", asked["channel"], asked["ts"], "accept_command")
    await stage.eventually(lambda: _is(stage, name, "Dee Alvarez"))
    channel = (await stage.channel_of(name))["id"]
    assert "U0DEE" in (await stage.channel_of(name))["members"]
    told = await message_to(stage, BO, f"Dee Alvarez leads {name} now")
    assert told["channel"] == channel

    # The button is stale now: it tells how things are and changes nothing.
    await stage.slack.act_in_message("U0DEE", asked["channel"], asked["ts"], "decline_command")

    async def told() -> bool:
        return bool(await stage.direct_messages("U0DEE", "This offer was accepted; Dee Alvarez leads now."))

    await stage.eventually(told)
    assert await leader(stage, name) == "Dee Alvarez"


async def test_who_accepted_while_slack_was_away_is_not_said_to_be_silent(stage: Stage) -> None:
    name = await stage.report(Priority="High")
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, dee = await cast(stage, name, "dee")
    async with stage.house.db.tx(org) as t:
        await actions.acknowledge_command(t, situation.id, by=ada)
        offer = await actions.assign_role(t, situation, dee, "Commander", by=ada)
    assert offer is not None
    await message_to(stage, "U0DEE", "Ada Lovelace asks you to lead")
    await stage.advance(minutes=6)
    await message_to(stage, "U0DEE", "Still waiting for your answer")
    await stage.slack.faults({"target": "chat.postMessage", "kind": "error5xx", "count": 1000})
    await stage.advance(minutes=6)

    async def step() -> dict[str, Any] | None:
        return next((s for s in await stage.steps(name) if s["name"] == "offer"), None)

    async def tried() -> bool:
        return bool((await step() or {"attempts": 0})["attempts"])

    await stage.eventually(tried)
    async with stage.house.db.tx(org) as t:
        await actions.answer_hand_off(t, offer.id, accept=True, by=dee)

    # Slack stays away: a try that is on its way at this moment must not get through.
    async def ended() -> bool:
        return (await step() or {})["state"] in ("done", "skipped", "failed")

    await stage.eventually(ended)
    await stage.slack.faults()
    ending = await step()
    assert ending is not None and (ending["state"], ending["reason"]) == ("skipped", "It was answered meanwhile.")
    channel = (await stage.channel_of(name))["id"]
    said = [m["text"] for m in await stage.slack.messages(channel, as_=BO)]
    assert f"{name} needs a commander" not in said


async def test_an_offer_ends_with_the_incident(stage: Stage) -> None:
    """Accept pressed too late says how things are; nobody comes to lead what is over, also not by an offer of an earlier version."""
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, dee = await cast(stage, name, "dee")
    async with stage.house.db.tx(org) as t:
        await actions.acknowledge_command(t, situation.id, by=ada)
        offer = await actions.assign_role(t, situation, dee, "Commander", by=ada)
    assert offer is not None
    asked = await message_to(stage, "U0DEE", "Ada Lovelace asks you to lead")
    async with stage.house.db.tx(org) as t:
        await actions.change_status(t, situation.id, "Closed", by=ada)
    await stage.settle()
    await stage.slack.act_in_message("U0DEE", asked["channel"], asked["ts"], "accept_command")

    async def told() -> bool:
        return bool(await stage.direct_messages("U0DEE", "This offer was withdrawn; Ada Lovelace leads now."))

    await stage.eventually(told)
    async with stage.house.db.tx(org) as t:
        await t.execute(update(HandOff).where(HandOff.org_id == org).values(state="offered", due_at=clock.now()))
        with pytest.raises(Conflict, match="closed"):
            await actions.answer_hand_off(t, offer.id, accept=True, by=dee)
    assert await leader(stage, name) == "Ada Lovelace"


async def test_two_who_hand_over_at_once_do_not_wait_for_each_other(stage: Stage) -> None:
    """Dee accepts while Ada asks somebody else: one of the two is first, and the other reads how things are."""
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, dee = await cast(stage, name, "dee")
    _, _, gus = await cast(stage, name, "gus")
    async with stage.house.db.tx(org) as t:
        await actions.acknowledge_command(t, situation.id, by=ada)
        offer = await actions.assign_role(t, situation, dee, "Commander", by=ada)
    assert offer is not None
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

    async def accept() -> str:
        try:
            async with stage.house.db.tx(org) as t:
                await actions.answer_hand_off(t, offer.id, accept=True, by=dee)
        except Conflict as why:
            return str(why)
        return "accepted"

    async with stage.house.db.tx(org) as t:
        await actions.locked(t, situation.id)
        accepting = asyncio.create_task(accept())

        async def accepting_waits() -> bool:
            async with stage.house.db.system() as look:
                return bool(await look.scalar(text(waits)))

        await stage.eventually(accepting_waits)
        assert await actions.assign_role(t, situation, gus, "Commander", by=ada) is not None
    assert await accepting == "This offer was withdrawn; Ada Lovelace leads now."


async def test_whoever_left_is_brought_back_with_a_role(stage: Stage) -> None:
    """ "Somebody who is not in the channel yet is brought in", says the form; also who was in it before."""
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, bo = await cast(stage, name, "bo")
    channel = (await stage.channel_of(name))["id"]

    async def bo_is_in() -> bool:
        return BO in (await stage.channel_of(name))["members"]

    for role in ("Scribe", "Liaison"):
        await stage.slack.leave(BO, channel)
        await stage.settle()
        assert not await bo_is_in()
        async with stage.house.db.tx(org) as t:
            await actions.assign_role(t, situation, bo, role, by=ada)
        await stage.eventually(bo_is_in)
        await stage.settle()
    # Who is there is not invited once more.
    before = len(await stage.direct_messages(BO, "You were brought into"))
    async with stage.house.db.tx(org) as t:
        await actions.take_command(t, situation, by=bo, reason="Ada is on a plane")
    await stage.settle()
    assert len(await stage.direct_messages(BO, "You were brought into")) == before == 2


async def _is(stage: Stage, name: str, who: str) -> bool:
    return await leader(stage, name) == who


async def test_an_offer_is_declined_and_the_other_reads_it(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, bo = await cast(stage, name, "bo")
    async with stage.house.db.tx(org) as t:
        await actions.assign_role(t, situation, bo, "Commander", by=ada)
    asked = await message_to(stage, BO, "Ada Lovelace asks you to lead")
    await stage.slack.act_in_message(BO, asked["channel"], asked["ts"], "decline_command")
    await message_to(stage, ADA, f"Bo Nilsson declined to lead {name}")
    assert await leader(stage, name) == "Ada Lovelace"


async def test_an_unanswered_offer_reminds_and_then_opens_the_command(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, dee = await cast(stage, name, "dee")
    async with stage.house.db.tx(org) as t:
        await actions.acknowledge_command(t, situation.id, by=ada)
        await actions.assign_role(t, situation, dee, "Commander", by=ada)
    await stage.advance(minutes=16)
    await message_to(stage, "U0DEE", "Still waiting for your answer")
    await stage.advance(minutes=16)
    offer = await message_to(stage, BO, f"{name} needs a commander")
    await stage.slack.act_in_message(BO, offer["channel"], offer["ts"], "take_command")
    await stage.eventually(lambda: _is(stage, name, "Bo Nilsson"))


async def test_a_command_nobody_acknowledged_may_be_taken_by_any_participant(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, bo = await cast(stage, name, "bo")
    async with stage.house.db.read(org) as t:
        before = await standing(t, await viewer_of_person(t, bo), situation)
    with pytest.raises(NotAllowed, match="still has time to acknowledge"):
        require_take_command(before)
    await stage.advance(minutes=16)
    offer = await message_to(stage, BO, f"{name} needs a commander")
    await stage.slack.act_in_message(BO, offer["channel"], offer["ts"], "take_command")
    await stage.eventually(lambda: _is(stage, name, "Bo Nilsson"))
    await message_to(stage, ADA, f"Bo Nilsson leads {name} now")


async def test_of_two_who_take_an_open_command_at_once_one_leads_and_the_other_reads_who(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, bo = await cast(stage, name, "bo")
    _, _, dee = await cast(stage, name, "dee")
    async with stage.house.db.tx(org) as t:
        await actions.assign_role(t, situation, dee, "Scribe", by=bo)
    await stage.advance(minutes=16)
    await message_to(stage, BO, f"{name} needs a commander")
    # Both were asked before either had written.
    async with stage.house.db.read(org) as t:
        for each in (bo, dee):
            require_take_command(await standing(t, await viewer_of_person(t, each), situation))
    async with stage.house.db.tx(org) as t:
        await actions.take_command(t, situation, by=bo)
    with pytest.raises(Conflict, match=f"Bo Nilsson was faster and leads {name} now"):
        async with stage.house.db.tx(org) as t:
            await actions.take_command(t, situation, by=dee)
    assert await leader(stage, name) == "Bo Nilsson"


async def test_on_the_highest_priority_any_member_may_take_it_with_a_reason(stage: Stage) -> None:
    name = await stage.report(Priority="High")
    await stage.settle()
    org, situation, cy = await cast(stage, name, "cy")
    async with stage.house.db.read(org) as t:
        here = await standing(t, await viewer_of_person(t, cy), situation)
    with pytest.raises(NotAllowed, match="give a reason"):
        require_take_command(here)
    require_take_command(here, reason="Ada is on a plane")


async def test_the_reporter_steers_until_the_commander_answers(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, bo = await cast(stage, name, "bo")
    _, _, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        require(await standing(t, await viewer_of_person(t, bo), situation), "update")
        await actions.acknowledge_command(t, situation.id, by=ada)
    async with stage.house.db.read(org) as t:
        now = await standing(t, await viewer_of_person(t, bo), situation)
    with pytest.raises(NotAllowed) as refused:
        require(now, "update")
    assert str(refused.value) == (
        "To change this you need to be Commander, Scribe or an admin of the project or the organization. "
        "Ask Ada Lovelace, who leads, or an admin (Dee Alvarez, Joy Mensah, Ada Lovelace)."
    )


async def test_an_outsider_cannot_take_the_command(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, cy = await cast(stage, name, "cy")
    async with stage.house.db.read(org) as t:
        here = await standing(t, await viewer_of_person(t, cy), situation)
    with pytest.raises(NotAllowed, match="Join the channel first"):
        require_take_command(here)
    # Asked for at the page's address, too, where no button stands.
    browser = await stage.sign_in("cy@example.com")
    page = (await browser.get(f"/default/incidents/{name}")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    refused = await browser.post(f"/default/incidents/{name}/take-command", data={"csrf": csrf, "reason": "I want to"})
    assert refused.status_code == 403
    assert "Join the channel first" in refused.text
    assert await leader(stage, name) == "Ada Lovelace"
    await browser.aclose()
