"""Stable, closed, opened again, restricted after the fact: what the people in the channel see."""

from __future__ import annotations

from typing import Any

from dispatch.situations import actions
from tests.scenarios.test_command import cast
from tests.stage import ADA, BO, CY, Stage


async def moved(stage: Stage, name: str, status: str) -> None:
    org, situation, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        assert await actions.change_status(t, situation.id, status, by=ada)
    await stage.settle()


async def texts(stage: Stage, channel: str, user: str = BO) -> list[str]:
    return [m["text"] for m in await stage.slack.messages(channel, as_=user) if not m.get("subtype")]


async def channels(stage: Stage, name: str) -> list[dict[str, Any]]:
    return [c for c in await stage.slack.channels() if (c["name"] or "").startswith(name.lower() + "-")]


async def test_stable_is_said_and_shown(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    await moved(stage, name, "Stable")
    channel = await stage.channel_of(name)
    assert channel["topic"].startswith("Stable |")
    assert f"{name} is Stable" in await texts(stage, channel["id"])


async def test_closing_says_so_and_archives_the_channel(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    await moved(stage, name, "Closed")
    channel = await stage.channel_of(name)
    assert channel["is_archived"]
    assert channel["topic"].startswith("Closed |")
    assert f"{name} is Closed" in await texts(stage, channel["id"])
    states = {s["name"]: s["state"] for s in await stage.steps(name)}
    assert {states[step] for step in ("tell", "topic", "summary", "archive")} == {"done"}


async def test_without_a_user_token_reopening_makes_a_successor(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    await moved(stage, name, "Closed")
    await moved(stage, name, "Active")
    old, new = sorted(await channels(stage, name), key=lambda c: not c["is_archived"])
    assert old["is_archived"]
    assert not new["is_archived"]
    assert set(old["members"]) == set(new["members"])
    said = await texts(stage, new["id"])
    assert f"{name}: the conversation goes on here" in said
    assert f"{name} is Active" in said
    assert [p["text"] for p in new["pins"]] == [f"Summary of {name}"]
    assert new["topic"].startswith("Active |")
    # Once more: the successor is closed and succeeded, too.
    await moved(stage, name, "Closed")
    await moved(stage, name, "Active")
    assert [c["is_archived"] for c in await channels(stage, name)].count(False) == 1
    assert len(await channels(stage, name)) == 3


async def test_with_a_user_token_the_same_channel_is_reopened(stage: Stage) -> None:
    await stage.configure("slack-conversation", {"user_oauth_token": stage.app["user_token"]})
    name = await stage.report()
    await stage.settle()
    await moved(stage, name, "Closed")
    await moved(stage, name, "Active")
    channel = await stage.channel_of(name)
    assert not channel["is_archived"]
    assert f"{name} is Active" in await texts(stage, channel["id"])


async def test_a_user_token_that_works_no_more_leaves_nobody_without_a_channel(stage: Stage) -> None:
    """Whose token it is has left the company: the incident that is opened again gets a successor."""
    await stage.configure("slack-conversation", {"user_oauth_token": stage.app["user_token"]})
    name = await stage.report()
    await stage.settle()
    await moved(stage, name, "Closed")
    await stage.slack.faults({"target": "conversations.unarchive", "kind": "error:account_inactive", "count": 1})
    await moved(stage, name, "Active")
    [new] = [c for c in await channels(stage, name) if not c["is_archived"]]
    assert {ADA, BO} <= set(new["members"])
    said = [str(m) for m in await stage.slack.messages(new["id"], as_=BO)]
    assert any("Slack did not reopen the archived channel (" in each for each in said)
    assert f"{name} is Active" in await texts(stage, new["id"])


async def test_restricted_later_moves_to_a_private_channel_and_lists_what_left(stage: Stage) -> None:
    await stage.configure("slack-conversation", {"private_channels": False})
    name = await stage.report(Title="Stolen laptop of the CFO")
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        await actions.change_visibility(t, situation.id, "restricted", by=ada)
    await stage.settle()
    old, new = sorted(await channels(stage, name), key=lambda c: c["is_private"])
    assert old["is_archived"]
    assert new["is_private"]
    assert "laptop" not in new["name"]
    assert BO in new["members"]
    assert (await texts(stage, old["id"], CY))[-1] == "This channel is archived"
    assert not [c for c in await stage.slack.channels(as_=CY) if c["id"] == new["id"]]
    browser = await stage.sign_in("bo@example.com")
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert "announced in #incidents" in timeline
    await browser.aclose()


async def test_restricted_while_its_channel_is_being_made(stage: Stage) -> None:
    """Slack is slow: the channel that others can see comes into being after everybody was shut out."""
    await stage.configure("slack-conversation", {"private_channels": False})
    await stage.slack.faults({"target": "conversations.create", "kind": "latency", "seconds": 2, "count": 1})
    name = await stage.report(Title="Stolen laptop of the CFO")

    async def being_made() -> bool:
        return any(s["name"] == "channel" and s["state"] == "running" for s in await stage.steps(name))

    await stage.eventually(being_made)
    org, situation, ada = await cast(stage, name, "ada")
    async with stage.house.db.tx(org) as t:
        await actions.change_visibility(t, situation.id, "restricted", by=ada)

    async def among_themselves() -> bool:
        rooms = await channels(stage, name)
        return any(c["is_private"] and BO in c["members"] for c in rooms) and all(
            c["is_private"] or c["is_archived"] for c in rooms
        )

    await stage.eventually(among_themselves)


async def test_somebody_added_later_is_invited_and_told_why(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org, situation, ada = await cast(stage, name, "ada")
    _, _, cy = await cast(stage, name, "cy")
    async with stage.house.db.tx(org) as t:
        await actions.add_participant(
            t, situation, cy, role="Participant", reason="knows the customer", by=ada.id, bring_in=True
        )
    await stage.settle()
    assert CY in (await stage.channel_of(name))["members"]
    direct = [c for c in await stage.slack.channels(as_=CY) if not c["name"]]
    assert f"You were brought into {name}" in [
        m["text"] for c in direct for m in await stage.slack.messages(c["id"], as_=CY)
    ]
