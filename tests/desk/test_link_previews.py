"""Links to incident pages in Slack: who posts them decides what is shown, and other companies read none."""

from __future__ import annotations

from tests.playing import rows
from tests.scenarios.test_another_workspace import OTHER
from tests.scenarios.test_leaving import ready
from tests.stage import ADA, BO, Stage


async def previewed(stage: Stage, by: str, channel: str, name: str) -> str:
    """What stands below a message with a link to the incident, once Dispatch has looked at it."""
    said = await stage.slack.say(by, channel, f"Look: {stage.base_url}/default/incidents/{name}")
    await stage.settle()
    [message] = [m for m in await stage.slack.messages(channel, as_=by) if m["ts"] == said["ts"]]
    return str(message.get("attachments") or "")


async def test_a_member_shows_what_a_guest_cannot_spy_out(stage: Stage) -> None:
    name, _ = await ready(stage, Title="Keys were stolen")
    assert "Keys were stolen" in await previewed(stage, BO, stage.general, name)
    # Somebody Dispatch has never met, once as a full member, then as a guest of the workspace.
    new = (await stage.slack.add_user(stage.app["team_id"], "nia", real_name="Nia New", email="nia@example.com"))["id"]
    await stage.slack.join(new, stage.general)
    assert "Keys were stolen" in await previewed(stage, new, stage.general, name)
    await stage.slack.change_user(new, is_restricted=True)
    assert await previewed(stage, new, stage.general, name) == ""
    assert not await rows(stage, "select 1 from chat_identity where user_id = :user", user=new)


async def test_people_of_other_workspaces_read_no_preview(stage: Stage) -> None:
    name, _ = await ready(stage, Title="Keys were stolen")
    await stage.slack.workspace(OTHER, [{"name": "zoe", "real_name": "Zoe Other", "email": "zoe@other.test"}])
    await stage.slack.share_channel(stage.general, "T0OTHER", by=ADA)
    assert await previewed(stage, BO, stage.general, name) == ""
