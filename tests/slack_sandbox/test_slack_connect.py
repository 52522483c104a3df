"""A channel shared with another workspace: who sees what of whom."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from stage_set import EVENTS, Stage, manifest, refusal

from slack_sandbox.client import Refused

OTHER = {"id": "T0OTHER", "name": "Other", "domain": "other"}


@pytest.fixture
async def zoe(stage: Stage) -> str:
    """Zoe of the other workspace."""
    events = [*EVENTS, "channel_shared", "channel_unshared", "channel_id_changed"]
    await stage.people.app(stage.team, manifest(stage.app.url, events=events))
    made = await stage.people.workspace(
        OTHER, [{"name": "zoe", "real_name": "Zoe Other", "email": "zoe@other.test", "tz": "Asia/Tokyo"}]
    )
    person: str = made["users"][0]["id"]
    return person


def envelopes(stage: Stage, kind: str) -> list[dict[str, Any]]:
    return [body for body in stage.app.of("event") if body["event"]["type"] == kind]


async def test_people_of_another_workspace_come_by_a_shared_channel_only(stage: Stage, zoe: str) -> None:
    channel = await stage.room("inc-1", stage.ada)
    with pytest.raises(SlackApiError) as refused:
        await stage.bot.users_info(user=zoe)
    assert refusal(refused) == "user_not_found"
    with pytest.raises(Refused, match="channel_not_found"):
        await stage.people.join(zoe, channel)
    await stage.people.share_channel(channel, "T0OTHER", by=stage.ada)
    await stage.people.join(zoe, channel)
    user = (await stage.bot.users_info(user=zoe))["user"]
    assert (user["team_id"], user["is_stranger"], user["real_name"]) == ("T0OTHER", False, "Zoe Other")
    assert "email" not in user["profile"]
    assert "tz" not in user
    info = (await stage.bot.conversations_info(channel=channel))["channel"]
    assert (info["is_ext_shared"], info["shared_team_ids"]) == (True, [stage.team, "T0OTHER"])
    assert zoe in (await stage.bot.conversations_members(channel=channel))["members"]
    with pytest.raises(SlackApiError):
        await stage.bot.users_lookupByEmail(email="zoe@other.test")


async def test_events_of_a_shared_channel_name_both_workspaces(stage: Stage, zoe: str) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.people.share_channel(channel, "T0OTHER", by=stage.ada)
    await stage.people.join(zoe, channel)
    await stage.people.say(zoe, channel, "hello from outside")
    await stage.app.until(
        lambda: any(one["event"].get("text") == "hello from outside" for one in envelopes(stage, "message"))
    )
    envelope = next(one for one in envelopes(stage, "message") if one["event"].get("text") == "hello from outside")
    assert (envelope["team_id"], envelope["context_team_id"], envelope["is_ext_shared_channel"]) == (
        stage.team,
        stage.team,
        True,
    )
    assert (envelope["event"]["user_team"], envelope["event"]["source_team"]) == ("T0OTHER", "T0OTHER")
    await stage.app.until(lambda: any(one["event"]["user"] == zoe for one in envelopes(stage, "member_joined_channel")))
    assert (await stage.people.messages(channel, zoe))[-1]["text"] == "hello from outside"


async def test_an_outsider_presses_a_button_but_has_no_commands(stage: Stage, zoe: str) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.people.share_channel(channel, "T0OTHER", by=stage.ada)
    await stage.people.join(zoe, channel)
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    sent = await stage.bot.chat_postMessage(
        channel=channel, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    await stage.people.act_in_message(zoe, channel, sent["ts"], "go")
    assert stage.app.of("action")[-1]["user"]["team_id"] == "T0OTHER"
    with pytest.raises(Refused, match="unknown_command"):
        await stage.people.command(zoe, channel, "/probe")


async def test_sharing_ends_and_takes_its_people_along(stage: Stage, zoe: str) -> None:
    channel = await stage.room("inc-1", stage.ada)
    moved = (await stage.people.share_channel(channel, "T0OTHER", by=stage.ada, new_id=True))["id"]
    assert moved != channel
    await stage.app.until(lambda: envelopes(stage, "channel_id_changed") and envelopes(stage, "channel_shared"))
    assert (
        envelopes(stage, "channel_id_changed")[0]["event"] | {"old_channel_id": channel, "new_channel_id": moved}
        == (envelopes(stage, "channel_id_changed")[0]["event"])
    )
    assert envelopes(stage, "channel_shared")[0]["event"]["connected_team_id"] == "T0OTHER"
    await stage.bot.chat_postMessage(channel=moved, text="still here")
    with pytest.raises(SlackApiError):
        await stage.bot.chat_postMessage(channel=channel, text="nobody here")
    await stage.people.join(zoe, moved)
    await stage.people.unshare_channel(moved, "T0OTHER", by=stage.ada)
    await stage.app.until(lambda: envelopes(stage, "channel_unshared"))
    assert envelopes(stage, "channel_unshared")[0]["event"]["is_ext_shared"] is False
    assert zoe not in (await stage.bot.conversations_members(channel=moved))["members"]
    with pytest.raises(Refused, match="already_shared"):
        await stage.people.share_channel(moved, stage.team, by=stage.ada)
