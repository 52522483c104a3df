"""The channel comes into being after it was needed like that: the incident is closed, open again or restricted by then."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.situations import actions
from tests.scenarios.test_command import cast
from tests.scenarios.test_status import channels, moved, texts
from tests.scenarios.test_when_things_fail import states
from tests.stage import BO, Stage

AWAY = {"target": "*", "kind": "error5xx", "count": 10_000}
ANSWER_LOST = {"target": "conversations.create", "kind": "timeout_after_work", "count": 1, "seconds": 0.1}


async def change(stage: Stage, name: str, status: str) -> None:
    """As `moved`, without waiting for what follows."""
    org, situation, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        assert await actions.change_status(t, situation.id, status, by=ada)


async def reported_while_slack_is_away(stage: Stage) -> str:
    await stage.slack.faults(AWAY)
    browser = await stage.sign_in("bo@example.com")
    name = await stage.report_on_the_web(browser)
    await browser.aclose()
    await tried_anew(stage, name)
    return name


async def tried_anew(stage: Stage, name: str) -> None:
    """A try to make the channel has begun since, and the one before it is over."""

    async def tries() -> int:
        return max(s["attempts"] for s in await stage.steps(name) if s["name"] == "channel")

    before = await tries()

    async def more() -> bool:
        return await tries() > before

    await stage.eventually(more)


async def ended(stage: Stage, name: str, *steps: str) -> dict[str, str]:
    """The states of the steps once all of them have ended."""

    async def all_of_them() -> bool:
        found = states(await stage.steps(name))
        return all(found.get(step) not in (None, "pending", "running", "waiting") for step in steps)

    await stage.eventually(all_of_them, timeout=120)
    return states(await stage.steps(name))


async def test_closed_while_slack_is_away_needs_no_channel(stage: Stage) -> None:
    name = await reported_while_slack_is_away(stage)
    await change(stage, name, "Closed")
    await tried_anew(stage, name)
    await stage.slack.faults()
    await stage.advance(minutes=10)
    found = await ended(stage, name, "channel", "archive")
    assert (found["channel"], found["people"], found["archive"]) == ("skipped", "skipped", "skipped")
    assert await channels(stage, name) == []
    # Open again, people need one.
    await moved(stage, name, "Active")
    [channel] = await channels(stage, name)
    assert BO in channel["members"]
    assert not channel["is_archived"]
    assert f"{name}: the conversation goes on here" in await texts(stage, channel["id"])
    # And it ends like any other.
    await moved(stage, name, "Closed")
    assert [c["is_archived"] for c in await channels(stage, name)] == [True]


async def test_closed_and_open_again_while_slack_is_away_has_one_channel(stage: Stage) -> None:
    name = await reported_while_slack_is_away(stage)
    await change(stage, name, "Closed")
    await change(stage, name, "Active")
    await stage.slack.faults()
    await stage.advance(minutes=10)
    await ended(stage, name, "channel", "people", "archive", "unarchive")
    await stage.settle()
    [channel] = await channels(stage, name)
    assert BO in channel["members"]
    assert not channel["is_archived"]


async def test_closed_while_the_channel_is_being_made_archives_it(stage: Stage) -> None:
    await stage.slack.faults({"target": "conversations.create", "kind": "latency", "seconds": 2, "count": 1})
    name = await stage.report()

    async def being_made() -> bool:
        """Slack has the call, and takes its time."""
        return not any(fault.get("count") for fault in (await stage.slack.active_faults())["faults"])

    await stage.eventually(being_made)
    await change(stage, name, "Closed")
    found = await ended(stage, name, "channel", "archive")
    assert (found["channel"], found["archive"]) == ("done", "done")
    assert [c["is_archived"] for c in await channels(stage, name)] == [True]


async def test_closed_after_the_answer_was_lost_archives_what_was_made(stage: Stage) -> None:
    await stage.slack.faults(ANSWER_LOST)
    name = await stage.report()

    async def lost() -> bool:
        return any(
            s["name"] == "channel" and s["attempts"] and s["state"] == "pending" for s in await stage.steps(name)
        )

    await stage.eventually(lost)
    await change(stage, name, "Closed")
    await stage.advance(minutes=1)
    await ended(stage, name, "channel", "archive")
    assert [c["is_archived"] for c in await channels(stage, name)] == [True]


async def test_restricted_after_the_answer_was_lost_leaves_nothing_open_to_others(stage: Stage) -> None:
    await stage.configure("slack-conversation", {"private_channels": False})
    await stage.slack.faults(ANSWER_LOST)
    name = await stage.report(Title="Stolen laptop of the CFO")

    async def lost() -> bool:
        return any(
            s["name"] == "channel" and s["attempts"] and s["state"] == "pending" for s in await stage.steps(name)
        )

    await stage.eventually(lost)
    org, situation, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        await actions.change_visibility(t, situation.id, "restricted", by=ada)
    await stage.advance(minutes=1)
    found = await ended(stage, name, "channel", "people", "leave", "list")
    assert found["channel"] == "done"
    await stage.settle()
    old, new = sorted(await channels(stage, name), key=lambda c: c["is_private"])
    assert (old["is_private"], old["is_archived"]) == (False, True)
    assert (new["is_private"], new["is_archived"]) == (True, False)
    assert BO in new["members"]
    assert "laptop" not in new["name"]
    browser = await stage.sign_in("bo@example.com")
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert f"public channel #{old['name']}" in timeline
    await browser.aclose()


@pytest.mark.parametrize("user_token", [False, True])
async def test_reopened_at_once_goes_on_in_its_channel(stage: Stage, user_token: bool) -> None:
    """Closed by mistake: the channel is not archived yet, and no successor is needed."""
    if user_token:
        await stage.configure("slack-conversation", {"user_oauth_token": stage.app["user_token"]})
    name = await stage.report()
    await stage.settle()
    await stage.slack.faults({"target": "conversations.setTopic", "kind": "latency", "seconds": 2, "count": 1})
    await change(stage, name, "Closed")
    await change(stage, name, "Active")
    await ended(stage, name, "archive", "unarchive")
    await stage.settle()
    room: dict[str, Any] = await stage.channel_of(name)
    assert not room["is_archived"]
    assert f"{name} is Active" in await texts(stage, room["id"])
