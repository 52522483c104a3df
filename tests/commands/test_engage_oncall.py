"""/dispatch-engage-oncall: who is on call is brought in, called until somebody answers, and every call is a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from dispatch.kit import clock
from dispatch.oncall.models import Rotation, RotationOverride
from dispatch.people.models import Person
from dispatch.projects.models import Project
from tests.playing import DEE, ELI, JOY, incident, org_id, refused, rows, timeline, told_directly, told_only, typed
from tests.receivers import Mailbox, Pager
from tests.scenarios.test_paging import link_in
from tests.stage import ADA, BO, CY, Stage, over_both

COMMAND = "/dispatch-engage-oncall"
PAGES = (
    "select g.state, g.through, g.round, who.email from page g join person who on who.org_id = g.org_id and who.id = g.person_id"
    " where g.subject_kind = 'engagement' order by g.id"
)


async def rotation(stage: Stage, *keys: str) -> None:
    """A rotation of the default project; the first is on call."""
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        people = {p.email: p.id for p in await t.scalars(select(Person))}
        project = (await t.execute(select(Project.id).where(Project.slug == "default"))).scalar_one()
        await t.execute(
            insert(Rotation).values(
                org_id=org, project_id=project, name="Databases", starts_at=clock.now(), shift_hours=10_000,
                members=[people[f"{key}@example.com"] for key in keys],
            )
        )  # fmt: skip


async def engage(stage: Stage, by: str, channel: str, **values: Any) -> dict[str, Any]:
    view = await typed(stage, by, channel, COMMAND)
    answer = await stage.slack.submit(by, view["id"], {"Service": "Databases", **values})
    assert answer["outcome"] == "updated", answer
    return answer


@over_both
@pytest.mark.seed("/dispatch-engage-oncall")
async def test_who_is_on_call_is_called_and_answers(stage: Stage) -> None:
    name, channel = await incident(stage)
    await rotation(stage, "dee", "eli")
    answer = await engage(stage, BO, channel, Note="The replica <lags>")
    assert "Dee Alvarez, on call for Databases, is called until somebody answers" in answer["view"]["text"].replace(
        "*", ""
    )
    call = await told_directly(stage, DEE, f"{name} needs you, on call for Databases")
    assert "The replica &lt;lags&gt;" in str(call["blocks"])
    await stage.settle()
    assert DEE in (await stage.channel_of(name))["members"]
    assert [(p["state"], p["through"], p["email"]) for p in await rows(stage, PAGES)] == [
        ("delivered", "Slack DM", "dee@example.com")
    ]
    await stage.slack.act_in_message(DEE, call["channel"], call["ts"], "answer_call")
    await told_only(stage, DEE, call["channel"], f"You are expected in {name}")
    assert [p["state"] for p in await rows(stage, PAGES)] == ["acknowledged"]
    seen = await timeline(stage, name)
    assert "Bo Nilsson engaged Dee Alvarez, on call for Databases" in seen
    assert "Dee Alvarez answered the call for Databases" in seen


async def test_the_commanders_answer_does_not_end_this_call(stage: Stage) -> None:
    _, channel = await incident(stage, acknowledged=False)
    await rotation(stage, "dee")
    await engage(stage, BO, channel)
    await stage.settle()
    [page, *_] = await stage.direct_messages(ADA, "You are needed")
    await stage.slack.act_in_message(ADA, page["channel"], page["ts"], "acknowledge_command")
    await stage.settle()
    assert [p["state"] for p in await rows(stage, PAGES)] == ["delivered"]
    await stage.advance(minutes=3)
    await stage.eventually(lambda: _rounds(stage, 2))


async def test_without_an_answer_the_next_is_called_and_then_the_asker_is_told(stage: Stage) -> None:
    name, channel = await incident(stage)
    await rotation(stage, "dee", "eli")
    await engage(stage, BO, channel)
    await told_directly(stage, DEE, f"{name} needs you")
    for calls in (2, 3, 4):
        await stage.advance(minutes=3)
        await stage.eventually(lambda calls=calls: _rounds(stage, calls))
    assert [p["email"].split("@")[0] for p in await rows(stage, PAGES)] == ["dee", "dee", "eli", "eli"]
    late = await told_directly(stage, ELI, f"{name} needs you")
    first = await told_directly(stage, DEE, f"{name} needs you")
    await stage.advance(minutes=3)
    await told_directly(stage, BO, f"Nobody on Databases answered for {name}")
    # Who answers after all is heard, and whoever else presses reads who it was.
    await stage.slack.act_in_message(ELI, late["channel"], late["ts"], "answer_call")
    await told_only(stage, ELI, late["channel"], f"You are expected in {name}")
    await stage.slack.act_in_message(DEE, first["channel"], first["ts"], "answer_call")
    await told_only(stage, DEE, first["channel"], "Eli Tanaka answered this call already.")


async def test_after_who_stands_in_come_those_on_the_rotation(stage: Stage) -> None:
    """As for the commander: the one called first once more, whoever they stand in for, and the next."""
    name, channel = await incident(stage)
    await rotation(stage, "dee", "eli")
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        joy = (await t.execute(select(Person.id).where(Person.email == "joy@example.com"))).scalar_one()
        found = (await t.scalars(select(Rotation).where(Rotation.name == "Databases"))).one()
        t.add(
            RotationOverride(
                org_id=org, rotation_id=found.id, person_id=joy, starts_at=clock.now() - timedelta(hours=1),
                ends_at=clock.now() + timedelta(hours=8),
            )
        )  # fmt: skip
    await engage(stage, BO, channel)
    await told_directly(stage, JOY, f"{name} needs you")
    for calls in range(2, 7):
        await stage.advance(minutes=3)
        await stage.eventually(lambda calls=calls: _rounds(stage, calls))
    called = [p["email"].split("@")[0] for p in await rows(stage, PAGES)]
    assert called == ["joy", "joy", "dee", "dee", "eli", "eli"]
    await stage.advance(minutes=3)
    await told_directly(stage, BO, f"Nobody on Databases answered for {name}")


async def test_a_call_that_comes_late_still_comes(stage: Stage) -> None:
    """Slack is away until the next one's turn: whom nobody has called yet is called all the same."""
    name, channel = await incident(stage)
    await rotation(stage, "dee", "eli")
    await stage.slack.faults({"target": "conversations.open", "kind": "error5xx", "count": 1000})
    await engage(stage, BO, channel)
    for calls in (2, 3):
        await stage.advance(minutes=3)

        async def due(calls: int = calls) -> bool:
            return bool(await rows(stage, "select 1 from engagement where calls = :calls", calls=calls))

        await stage.eventually(due)
    assert not await rows(stage, PAGES)
    await stage.slack.faults()

    async def both_called() -> bool:
        return {p["email"] for p in await rows(stage, PAGES)} == {"dee@example.com", "eli@example.com"}

    await stage.eventually(both_called, timeout=100)
    assert await stage.direct_messages(DEE, f"{name} needs you")


async def _rounds(stage: Stage, count: int) -> bool:
    return len(await rows(stage, PAGES)) == count


async def test_every_channel_is_used(stage: Stage, mailbox: Mailbox, pager: Pager) -> None:
    _, channel = await incident(stage)
    await rotation(stage, "dee")
    await engage(stage, BO, channel)
    await stage.settle()
    assert sorted(p["through"] for p in await rows(stage, PAGES)) == ["Slack DM", "e-mail", "webhook"]


async def test_the_link_in_the_mail_asks_before_it_answers(stage: Stage, mailbox: Mailbox) -> None:
    """Following it changes nothing; the button answers for whom it was sent to; a restricted incident is not told."""
    name, channel = await incident(stage, Visibility="restricted", Title="Layoffs leaked")
    await rotation(stage, "dee", "eli", "joy")
    await engage(stage, BO, channel, Note="The list is out")
    await stage.settle()
    [letter] = mailbox.to("dee@example.com", f"You are needed: {name}")
    words = str(letter["Subject"]) + "".join(letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Layoffs" not in words
    assert "The list is out" not in words
    link = link_in(letter, "Acknowledge")
    async with httpx.AsyncClient(timeout=60) as anybody:
        asked = await anybody.get(link)
        assert f"Are you coming to {name}?" in asked.text
        assert "Layoffs" not in asked.text
        assert {p["state"] for p in await rows(stage, PAGES)} == {"sent", "delivered"}
        # Dee was called twice, then Eli; who was called once may still say that they come.
        for calls in (2, 3, 4, 5):
            await stage.advance(minutes=3)
            await stage.eventually(lambda calls=calls: _called(stage, calls))
        assert mailbox.to("dee@example.com", "(call 2)")
        for person in ("joy", "eli"):
            link = link_in(mailbox.to(f"{person}@example.com", f"You are needed: {name}")[0], "Acknowledge")
            answered = await anybody.post(link)
            assert f"{name} expects you" in answered.text
            assert "Thank you, <bdi>" in answered.text
        assert f"{name} expects you" in (await anybody.get(link)).text
    assert {p["state"] for p in await rows(stage, PAGES)} == {"acknowledged"}
    [made] = await rows(stage, "select due_at, acknowledged_at from engagement")
    assert made["due_at"] is None
    assert made["acknowledged_at"] is not None


async def _called(stage: Stage, calls: int) -> bool:
    """Every channel of this call is written down."""
    return [p["round"] for p in await rows(stage, PAGES)].count(calls) == 2


async def test_refusals(stage: Stage) -> None:
    _, channel = await incident(stage)
    assert "in the channel of an incident" in await refused(stage, BO, stage.general, COMMAND)
    await rotation(stage, "dee", "eli")
    await engage(stage, BO, channel)
    view = await typed(stage, BO, channel, COMMAND)
    answer = await stage.slack.submit(BO, view["id"], {"Service": "Databases"})
    assert "Dee Alvarez is being called for Databases already." in str(answer["errors"])
    await stage.settle()
    call = await told_directly(stage, DEE, "")
    assert call
    # Somebody who takes no part may not call people out of bed.
    await stage.slack.invite(ADA, channel, CY)
    await stage.settle()
    view = await typed(stage, CY, channel, COMMAND)
    assert view["submit"]
