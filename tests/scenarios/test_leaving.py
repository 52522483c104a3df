"""Coming into an incident's channel and leaving it, in whatever order that is told."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest
from sqlalchemy import select, text

from dispatch.people.queries import by_chat
from dispatch.situations import actions
from dispatch.situations.models import Situation
from dispatch.tasks.actions import create_task, resolve_task
from tests.scenarios.test_requests_from_slack import org_id, slack_of
from tests.stage import ADA, BO, CY, Stage, over_both

LEFT, CAME = "member_left_channel", "member_joined_channel"


async def ready(stage: Stage, **values: Any) -> tuple[str, str]:
    """An incident that is set up: its name and its channel."""
    name = await stage.report(**values)
    await stage.settle()
    return name, (await stage.channel_of(name))["id"]


async def inside(stage: Stage, user: str) -> dict[str, Any]:
    """What is known of a participant."""
    async with stage.house.db.read(await org_id(stage)) as t:
        row = await t.execute(
            text(
                "select p.in_channel, p.note, p.messages from participant p"
                " join chat_identity c on c.org_id = p.org_id and c.person_id = p.person_id where c.user_id = :user"
                " order by p.situation_id desc limit 1"
            ),
            {"user": user},
        )
        return dict(row.one()._mapping)


async def page(stage: Stage, email: str, name: str, part: str) -> str:
    """A part of the incident page as this person sees it."""
    browser = await stage.sign_in(email)
    try:
        return (await browser.get(f"/default/incidents/{name}/fragments/{part}")).text
    finally:
        await browser.aclose()


@over_both
async def test_a_commander_who_leaves_is_brought_back_and_told_how_to_leave(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.leave(ADA, channel)

    async def told() -> Any:
        return await stage.direct_messages(ADA, f"You lead {name} and were brought back")

    [word] = await stage.eventually(told)
    assert "hand the command over first" in str(word["blocks"])
    assert ADA in (await stage.channel_of(name))["members"]
    await stage.settle()
    timeline = await page(stage, "bo@example.com", name, "timeline")
    assert timeline.count("Ada Lovelace left the channel") == 1
    assert timeline.count("Ada Lovelace was brought back into the channel") == 1
    assert (await inside(stage, ADA))["in_channel"] is True


async def test_the_guard_holds_each_time_and_is_not_fooled_by_copies(stage: Stage) -> None:
    name, channel = await ready(stage)
    for turn in (1, 2):
        await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 20})
        await stage.slack.leave(ADA, channel)

        async def back(turn: int = turn) -> bool:
            return len(await stage.direct_messages(ADA, f"You lead {name} and were brought back")) == turn

        await stage.eventually(back)
        await stage.settle()
        assert ADA in (await stage.channel_of(name))["members"]
    assert (await page(stage, "bo@example.com", name, "timeline")).count("Ada Lovelace left the channel") == 2


@pytest.mark.seed("event member_left_channel")
async def test_others_may_leave_and_are_marked_as_outside(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.leave(BO, channel)

    async def outside() -> bool:
        return (await inside(stage, BO))["in_channel"] is False

    await stage.eventually(outside)
    await stage.settle()
    assert BO not in (await stage.channel_of(name))["members"]
    assert "Left the channel" in await page(stage, "ada@example.com", name, "participants")
    await stage.slack.invite(ADA, channel, BO)

    async def back() -> bool:
        return (await inside(stage, BO))["in_channel"] is True

    await stage.eventually(back)


async def test_who_handed_the_command_over_may_leave(stage: Stage) -> None:
    name, channel = await ready(stage)
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = await t.scalar(select(Situation).where(Situation.name == name))
        bo = await by_chat(t, team=stage.app["team_id"], user=BO)
        assert situation is not None
        assert bo is not None
        await actions.take_command(t, situation, by=bo, reason="Ada goes home")
    await stage.slack.leave(ADA, channel)

    async def outside() -> bool:
        return (await inside(stage, ADA))["in_channel"] is False

    await stage.eventually(outside)
    await stage.settle()
    assert ADA not in (await stage.channel_of(name))["members"]
    assert not await stage.direct_messages(ADA, f"You lead {name} and were brought back")


@pytest.mark.parametrize("seed", range(4))
async def test_moving_in_and_out_ends_as_it_was_whatever_is_told_first(stage: Stage, seed: int) -> None:
    """Each 1 to 4 times, shuffled, late: the latest by Slack's clock holds."""
    _, channel = await ready(stage)
    await stage.slack.invite(ADA, channel, CY)
    await stage.settle()
    slack, began, dice = slack_of(stage), time.time(), random.Random(seed)
    last_in = bool(seed % 2)
    kinds = [LEFT, CAME, LEFT, CAME] if last_in else [LEFT, CAME, LEFT]
    sent = [
        (f"Ev0MOVE{seed}{n}", {"type": kind, "user": CY, "channel": channel, "event_ts": f"{began + n:.6f}"})
        for n, kind in enumerate(kinds, 1)
        for _ in range(dice.randint(1, 4))
    ]
    dice.shuffle(sent)
    for event_id, happened in sent:
        assert (await slack.event(happened, event_id=event_id)).status_code == 200
        if dice.random() < 0.3:
            await asyncio.sleep(0.05)
    await stage.settle()

    async def as_it_was() -> bool:
        return (await inside(stage, CY))["in_channel"] is last_in

    await stage.eventually(as_it_was)


async def test_who_has_open_tasks_is_brought_back_until_they_are_done(stage: Stage) -> None:
    name, channel = await ready(stage)
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        bo = await by_chat(t, team=stage.app["team_id"], user=BO)
        assert bo is not None
        task = await create_task(t, situation, "Restart the workers", by=bo, assignees=[bo], source="web")
    await stage.settle()
    await stage.slack.leave(BO, channel)

    async def told() -> Any:
        return await stage.direct_messages(BO, f"You have open tasks in {name}")

    [word] = await stage.eventually(told)
    assert "Restart the workers" in str(word["blocks"])
    await stage.settle()
    assert BO in (await stage.channel_of(name))["members"]
    assert "Bo Nilsson was brought back into the channel" in await page(stage, "ada@example.com", name, "timeline")
    async with stage.house.db.tx(await org_id(stage)) as t:
        await resolve_task(t, task.id, by=bo)
    await stage.slack.leave(BO, channel)

    async def outside() -> bool:
        return (await inside(stage, BO))["in_channel"] is False

    await stage.eventually(outside)
    await stage.settle()
    assert BO not in (await stage.channel_of(name))["members"]
