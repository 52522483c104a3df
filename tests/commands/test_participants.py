"""/dispatch-list-participants and /dispatch-update-participant."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from dispatch.kit import clock
from dispatch.people.models import Person
from dispatch.situations.models import Participant, ParticipantRole, Situation
from tests.playing import drawn, incident, org_id, refused, rows, shown, timeline, typed
from tests.stage import ADA, BO, Stage, over_both

LIST, UPDATE = "/dispatch-list-participants", "/dispatch-update-participant"


async def crowd(stage: Stage, name: str, count: int) -> None:
    """So many more people take part."""
    org = await org_id(stage)
    now = clock.now()
    async with stage.house.db.tx(org) as t:
        situation = (await t.execute(select(Situation.id).where(Situation.name == name))).scalar_one()
        people = [
            {"org_id": org, "email": f"p{n}@example.com", "name": f"Person {n:03} 🙂 <&>", "created_at": now,
             "title": "x" * 190, "team": "y" * 190}
            for n in range(count)
        ]  # fmt: skip
        ids = list(await t.scalars(insert(Person).returning(Person.id), people))
        made = list(
            await t.scalars(
                insert(Participant).returning(Participant.id),
                [
                    {
                        "org_id": org,
                        "situation_id": situation,
                        "person_id": i,
                        "added_at": now,
                        "added_reason": "z" * 500,
                    }
                    for i in ids
                ],
            )
        )
        await t.execute(
            insert(ParticipantRole),
            [
                {
                    "org_id": org,
                    "situation_id": situation,
                    "participant_id": i,
                    "role": "Participant",
                    "assumed_at": now,
                }
                for i in made
            ],
        )


@over_both
@pytest.mark.seed("/dispatch-list-participants")
async def test_everybody_in_it_is_listed(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, BO, channel, LIST)
    assert f"{name} · 2 people" in view["text"].replace("*", "")
    assert f"<@{ADA}> · Commander" in str(view["blocks"])
    assert f"<@{BO}> · Reporter" in str(view["blocks"])
    assert "Site reliability lead, Platform" in view["text"]


@over_both
@pytest.mark.seed("/dispatch-update-participant")
async def test_people_say_who_they_are(stage: Stage) -> None:
    name, channel = await incident(stage)
    view = await typed(stage, BO, channel, UPDATE)
    answer = await stage.slack.submit(BO, view["id"], {"Team": "Checkout", "Reason added": "Knows the code"})
    assert answer["outcome"] == "closed", answer
    assert "Checkout" in (await typed(stage, ADA, channel, LIST))["text"]
    assert "Bo Nilsson changed the team and the reason of Bo Nilsson" in await timeline(stage, name)


async def test_about_others_only_who_steers(stage: Stage) -> None:
    """W-55: checked at the submission, too."""
    _, channel = await incident(stage)
    view = await typed(stage, BO, channel, UPDATE)
    [ada] = await rows(stage, "select id from person where email = 'ada@example.com'")
    await stage.slack.act_in_view(BO, view["id"], "participant", str(ada["id"]))
    view = await shown(stage, BO, "Site reliability lead")
    answer = await stage.slack.submit(BO, view["id"], {"Team": "Nobody"})
    assert "To change what is known about others you need to be Commander" in str(answer["errors"])
    assert [row["team"] for row in await rows(stage, "select team from person where email = 'ada@example.com'")] == [
        "Platform"
    ]
    await drawn(stage, BO)


async def test_nobody_gets_what_stood_there_of_another(stage: Stage) -> None:
    """W-74: chosen and sent before the form was drawn again. Bo's title must not become Ada's."""
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, UPDATE)
    [bo] = await rows(stage, "select id, title, team from person where email = 'bo@example.com'")
    await stage.slack.faults({"target": "views.update", "kind": "error5xx", "count": 50})
    await stage.slack.act_in_view(ADA, view["id"], "participant", str(bo["id"]))
    answer = await stage.slack.submit(ADA, view["id"], {"Reason added": "Knows the code"})
    assert answer["outcome"] == "updated", answer
    assert "The form still showed the values of somebody else" in answer["view"]["text"]
    assert f"title@{bo['id']}" in str(answer["view"]["blocks"])
    [same] = await rows(stage, "select id, title, team from person where email = 'bo@example.com'")
    assert same == bo
    await stage.slack.faults()
    answer = await stage.slack.submit(ADA, view["id"], {"Reason added": "Knows the code"})
    assert answer["outcome"] == "closed", answer
    [after] = await rows(
        stage,
        "select who.title, p.added_reason from participant p join person who on who.org_id = p.org_id and who.id = p.person_id"
        " where who.email = 'bo@example.com' order by p.id desc limit 1",
    )
    assert after == {"title": bo["title"], "added_reason": "Knows the code"}


async def test_wrong_place(stage: Stage) -> None:
    for command in (LIST, UPDATE):
        assert "in the channel of an incident" in await refused(stage, ADA, stage.general, command)
