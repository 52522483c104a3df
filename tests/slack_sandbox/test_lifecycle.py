"""Channels, people and the app come, change and go, and the app hears of it."""

import pytest
from slack_sdk.errors import SlackApiError
from stage_set import Stage, refusal

from slack_sandbox.client import Refused


async def test_a_channel_is_renamed_archived_unarchived_and_deleted(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.bo)
    await stage.people.rename_channel(channel, "inc-renamed", by=stage.bo)
    await stage.people.archive_channel(channel, by=stage.bo)
    await stage.people.unarchive_channel(channel, by=stage.bo)
    await stage.people.delete_channel(channel, by=stage.ada)
    kinds = ("channel_rename", "channel_archive", "channel_unarchive", "channel_deleted")
    await stage.app.until(lambda: all(stage.app.events(kind) for kind in kinds))
    renamed = stage.app.events("channel_rename")[0]["channel"]
    assert (renamed["id"], renamed["name"]) == (channel, "inc-renamed")
    assert (
        stage.app.events("channel_archive")[0] | {"channel": channel, "user": stage.bo}
        == stage.app.events("channel_archive")[0]
    )
    assert stage.app.events("channel_deleted")[0]["channel"] == channel
    with pytest.raises(Refused, match="channel_not_found"):
        await stage.people.messages(channel)


async def test_a_private_channel_tells_the_group_events(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.bo, private=True)
    await stage.people.rename_channel(channel, "inc-renamed", by=stage.bo)
    await stage.people.archive_channel(channel, by=stage.bo)
    await stage.people.unarchive_channel(channel, by=stage.bo)
    await stage.app.until(lambda: all(stage.app.events(f"group_{what}") for what in ("rename", "archive", "unarchive")))


async def test_who_may_not_look_after_a_channel(stage: Stage) -> None:
    channel = await stage.room("inc-1", private=True)
    with pytest.raises(Refused, match="channel_not_found"):
        await stage.people.rename_channel(channel, "inc-2", by=stage.bo)
    with pytest.raises(Refused, match="restricted_action"):
        await stage.people.delete_channel(await stage.room("inc-3"), by=stage.bo)
    with pytest.raises(Refused, match="cant_archive_general"):
        await stage.people.archive_channel(stage.general, by=stage.ada)
    with pytest.raises(Refused, match="name_taken"):
        await stage.people.rename_channel(await stage.room("inc-4"), "general", by=stage.ada)


async def test_somebody_joins_the_workspace_and_changes(stage: Stage) -> None:
    eve = await stage.people.add_user(stage.team, "eve", real_name="Eve New", email="eve@acme.test", tz="Asia/Tokyo")
    await stage.people.change_user(eve["id"], real_name="Eve Newer", profile={"title": "SRE"})
    await stage.people.change_user(eve["id"], deleted=True)
    await stage.app.until(lambda: stage.app.events("team_join") and len(stage.app.events("user_change")) == 2)
    assert stage.app.events("team_join")[0]["user"]["profile"]["email"] == "eve@acme.test"
    changes = {one["user"]["deleted"]: one["user"] for one in stage.app.events("user_change")}
    assert changes[False]["profile"]["title"] == "SRE"
    assert changes[True]["id"] == eve["id"]
    with pytest.raises(Refused, match="name_taken"):
        await stage.people.add_user(stage.team, "eve")


async def test_tokens_are_revoked_and_the_app_is_removed_and_comes_back(stage: Stage) -> None:
    assert await stage.people.revoke_tokens(stage.keys["app_id"], "user") == 1
    await stage.app.until(lambda: stage.app.events("tokens_revoked"))
    revoked = stage.app.events("tokens_revoked")[0]["tokens"]
    assert (revoked["oauth"], revoked["bot"]) == ([stage.ada], [])
    assert (await stage.bot.auth_test())["ok"]
    await stage.people.uninstall(stage.keys["app_id"])
    await stage.app.until(lambda: stage.app.events("app_uninstalled"))
    with pytest.raises(SlackApiError) as refused:
        await stage.bot.auth_test()
    assert refusal(refused) == "token_revoked"
    again = await stage.people.app(stage.team, stage.box.app(stage.keys["app_id"]).manifest)
    assert again["bot_token"] == stage.keys["bot_token"]
    assert (await stage.bot.auth_test())["ok"]
