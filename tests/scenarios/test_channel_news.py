"""Channels that people rename, archive or delete, and what the incident page says then."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy import select, text

from dispatch.people.queries import by_chat
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.scenarios.test_leaving import page, ready
from tests.scenarios.test_requests_from_slack import org_id, slack_of
from tests.stage import ADA, BO, Stage, over_both


async def resource(stage: Stage, channel: str) -> dict[str, Any]:
    async with stage.house.db.read(await org_id(stage)) as t:
        row = await t.execute(
            text("select title, state from resource where external_id = :channel"), {"channel": channel}
        )
        return dict(row.one()._mapping)


@over_both
async def test_a_renamed_and_archived_channel_is_named_on_the_page(stage: Stage) -> None:
    name, channel = await ready(stage)
    before = (await resource(stage, channel))["title"]
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 20})
    await stage.slack.rename_channel(channel, "inc-13-shop", by=BO)

    async def renamed() -> bool:
        return (await resource(stage, channel))["title"] == "#inc-13-shop"

    await stage.eventually(renamed)
    await stage.slack.archive_channel(channel, by=BO)

    async def archived() -> bool:
        return (await resource(stage, channel))["state"] == "archived"

    await stage.eventually(archived)
    await stage.settle()
    timeline = await page(stage, "ada@example.com", name, "timeline")
    assert timeline.count(f"Channel {before} was renamed to #inc-13-shop") == 1
    assert timeline.count("Channel #inc-13-shop was archived") == 1
    assert "archived" in (await page(stage, "ada@example.com", name, "resources")).lower()
    assert not await stage.direct_messages(ADA, f"You lead {name} and were brought back")


async def test_what_dispatch_archives_itself_is_written_down_once(stage: Stage) -> None:
    name, channel = await ready(stage)
    browser = await stage.sign_in("ada@example.com")
    async with stage.house.db.tx(await org_id(stage)) as t:
        ada = await by_chat(t, team=stage.app["team_id"], user=ADA)
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        assert ada is not None
        await actions.change_status(t, situation.id, "Closed", by=ada)

    async def archived() -> bool:
        return (await resource(stage, channel))["state"] == "archived"

    await stage.eventually(archived)
    await stage.settle()
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert timeline.count("was archived") == 1
    await browser.aclose()


async def test_a_deleted_channel_is_warned_of_and_a_successor_made_when_asked_for(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.delete_channel(channel, by=ADA)

    async def warned() -> Any:
        return [s for s in await stage.steps(name) if s["name"] == "offer" and s["state"] == "failed"]

    [offer] = await stage.eventually(warned)
    assert "was deleted in Slack" in offer["reason"]
    browser = await stage.sign_in("ada@example.com")
    shown = (await browser.get(f"/default/incidents/{name}")).text
    assert "Retry: Make a channel that takes over" in shown
    assert "deleted" in await page(stage, "bo@example.com", name, "resources")
    assert not [c for c in await stage.slack.channels() if (c["name"] or "").startswith("inc-13")]

    csrf = shown.split('name="csrf" content="')[1].split('"')[0]
    address = f"/default/incidents/{name}/steps/{offer['id']}/retry"
    assert (await browser.post(address, headers={"X-CSRF-Token": csrf})).status_code == 200
    await stage.settle()
    successor = await stage.channel_of(name)
    assert {ADA, BO} <= set(successor["members"])
    words = [m["text"] for m in await stage.slack.messages(successor["id"], as_=BO)]
    assert any(w.startswith(f"Summary of {name}") for w in words)
    await browser.aclose()


@pytest.mark.parametrize("seed", range(3))
async def test_names_and_states_end_as_slack_has_them_whatever_is_told_first(stage: Stage, seed: int) -> None:
    _, channel = await ready(stage)
    slack, began, dice = slack_of(stage), time.time(), random.Random(seed)
    told: list[dict[str, Any]] = [
        {"type": "group_rename", "channel": {"id": channel, "name": "inc-a"}},
        {"type": "group_archive", "channel": channel, "user": BO},
        {"type": "group_unarchive", "channel": channel, "user": BO},
        {"type": "group_rename", "channel": {"id": channel, "name": "inc-b"}},
        *([{"type": "group_archive", "channel": channel, "user": BO}] if seed % 2 else []),
    ]
    sent = [
        (f"Ev0NEWS{n}", happened | {"event_ts": f"{began + n:.6f}"})
        for n, happened in enumerate(told)
        for _ in range(dice.randint(1, 4))
    ]
    dice.shuffle(sent)
    for event_id, happened in sent:
        assert (await slack.event(happened, event_id=event_id)).status_code == 200

    async def as_it_is() -> bool:
        return await resource(stage, channel) == {"title": "#inc-b", "state": "archived" if seed % 2 else ""}

    await stage.settle()
    await stage.eventually(as_it_is)
