"""Whoever cannot be called any more is passed over on the rotation, and whoever can mend it is told."""

from __future__ import annotations

import httpx
from sqlalchemy import select

from dispatch.oncall.models import Rotation
from dispatch.people.membership import admit, deactivate
from dispatch.people.models import Person
from dispatch.people.queries import Viewer
from tests.playing import incident, org_id, rows, says, timeline, told_only
from tests.stage import ADA, BO, Stage


async def on_it(stage: Stage) -> tuple[int, list[str]]:
    """The default project's rotation: its id, and the e-mail addresses of those on it."""
    async with stage.house.db.read(await org_id(stage)) as t:
        rotation = (await t.scalars(select(Rotation).order_by(Rotation.id))).first()
        assert rotation is not None
        who = {p.id: p.email for p in await t.scalars(select(Person))}
        return rotation.id, [who[int(m)] for m in rotation.members]


async def commander_of_a_new_incident(stage: Stage, title: str) -> str:
    name = await stage.report(BO, Title=title)
    await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
    [found] = await rows(
        stage,
        "select p.email from participant_role r join participant a on a.org_id = r.org_id and a.id = r.participant_id"
        " join person p on p.org_id = a.org_id and p.id = a.person_id join situation s on s.org_id = a.org_id"
        " and s.id = a.situation_id where s.name = :name and r.role = 'Commander' and r.renounced_at is null",
        name=name,
    )
    return str(found["email"])


async def test_a_deactivated_person_is_passed_over_and_the_owner_is_told(stage: Stage) -> None:
    rotation, emails = await on_it(stage)
    assert emails[0] == "ada@example.com" and len(emails) > 1
    assert await commander_of_a_new_incident(stage, "Before") == "ada@example.com"
    joy: httpx.AsyncClient = await stage.sign_in("joy@example.com")
    assert "passed over" not in (await joy.get("/default")).text

    # In Slack: the workspace tells of it.
    await stage.slack.change_user(ADA, deleted=True)

    async def told() -> bool:
        return "Ada Lovelace was deactivated and is passed over" in (await joy.get("/default")).text

    await stage.eventually(told)
    home = (await joy.get("/default")).text
    settings = f"/default/settings/projects/default/oncall/{rotation}"
    assert f'href="{settings}"' in home
    page = (await joy.get(settings)).text
    assert "Ada Lovelace was deactivated" in page and "Their turns go to the next person" in page
    assert "Ada Lovelace was deactivated" not in (await joy.get(f"{settings}/edit")).text
    assert "Ada Lovelace on" in (await joy.get("/default/settings/projects/default/oncall")).text
    assert await commander_of_a_new_incident(stage, "After") == emails[1]

    # Here: the membership ends.
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        owner = (await t.scalars(select(Person).where(Person.email == "ada@example.com"))).one()
        gone = (await t.scalars(select(Person).where(Person.email == emails[1]))).one()
        await deactivate(t, Viewer(org, "default", "x", "owner", owner.id, "Ada", owner.email, "UTC"), gone.id)
    left = [each for each in emails[2:] if each not in emails[:2]]
    assert await commander_of_a_new_incident(stage, "Last") == (left[0] if left else "bo@example.com")
    # Back again, back on: nothing was forgotten.
    await stage.slack.change_user(ADA, deleted=False)

    async def back() -> bool:
        return "Ada Lovelace was deactivated" not in (await joy.get(settings)).text

    await stage.eventually(back)
    assert await commander_of_a_new_incident(stage, "Again") == "ada@example.com"
    await joy.aclose()


async def test_whoever_leads_and_is_no_member_any_more_keeps_nobody_from_leading(stage: Stage) -> None:
    name, channel = await incident(stage)
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        joy = (await admit(t, email="joy@example.com", name="Joy Mensah", role="owner")).person
        ada = (await t.scalars(select(Person).where(Person.email == "ada@example.com"))).one()
        await deactivate(t, Viewer(org, "default", "x", "owner", joy.id, joy.name, joy.email, "UTC"), ada.id)
    offer = await says(stage, channel, BO, f"{name} needs a commander")
    assert "Ada Lovelace led, and their account was deactivated" in str(offer["blocks"])
    await stage.slack.act_in_message(BO, channel, offer["ts"], "take_command")
    await told_only(stage, BO, channel, f"You lead {name} now")
    seen = await timeline(stage, name)
    assert "Ada Lovelace was deactivated" in seen


async def test_a_report_that_names_somebody_who_left_calls_whoever_is_on_call(stage: Stage) -> None:
    _, emails = await on_it(stage)
    await stage.slack.change_user("U0DEE", deleted=True)

    async def gone() -> bool:
        return bool(
            await rows(
                stage,
                "select 1 from chat_identity c join person p on p.org_id = c.org_id and p.id = c.person_id"
                " where p.email = 'dee@example.com' and c.deactivated_at is not null",
            )
        )

    await stage.eventually(gone)
    token = await stage.token("member")
    answer = await stage.web.post(
        "/api/v1/default/incidents",
        json={"title": "It burns", "description": "All of it", "commander": "dee@example.com"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201, answer.text
    seen = await timeline(stage, answer.json()["name"])
    assert "Dee Alvarez was chosen and is deactivated; on call for" in seen
    [led] = await rows(
        stage, "select data->>'person_id' as id from event where fact = 'commander.named' order by id desc limit 1"
    )
    assert (await rows(stage, "select email from person where id = :id", id=int(led["id"])))[0]["email"] == emails[0]
