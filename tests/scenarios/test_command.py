"""Who leads: handing over in two steps, taking the command, and that nobody is locked out at night."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from dispatch.kit.db import OrgId
from dispatch.kit.errors import NotAllowed
from dispatch.people.models import Person
from dispatch.people.queries import organization, viewer_of_person
from dispatch.situations import actions, queries
from dispatch.situations.access import require, require_take_command, standing
from dispatch.situations.models import Situation
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
