"""People of another workspace in an incident's shared channel (Slack Connect): this workspace does not vouch for them."""

from __future__ import annotations

import time

from tests.playing import rows, told_only
from tests.scenarios.test_leaving import page, ready
from tests.scenarios.test_requests_from_slack import slack_of
from tests.scenarios.test_timeline_reaction import MARK, until
from tests.stage import ADA, BO, Stage

OTHER = {"id": "T0OTHER", "name": "Other", "domain": "other"}
KNOWN = "select user_id from chat_identity where user_id = :user"


async def zoe_of_elsewhere(stage: Stage, channel: str) -> str:
    """Her workspace says that Ada's address is hers, and shows it to everybody."""
    made = await stage.slack.workspace(
        OTHER, [{"name": "zoe", "real_name": "Zoe Other", "email": "ada@example.com", "shares_email": True}]
    )
    zoe = str(made["users"][0]["id"])
    await stage.slack.share_channel(channel, "T0OTHER", by=ADA)
    await stage.slack.invite(ADA, channel, zoe)
    return zoe


async def test_nobody_becomes_somebody_else_by_calling_themselves_so(stage: Stage) -> None:
    name, channel = await ready(stage)
    zoe = await zoe_of_elsewhere(stage, channel)
    await stage.slack.say(zoe, channel, "I am Ada, <@U0BO>?")
    profile = {"real_name": "Not Ada", "email": "ada@example.com", "title": "Owner of it all"}
    changed = {"id": zoe, "team_id": "T0OTHER", "name": "zoe", "updated": int(time.time()) + 5, "profile": profile}
    await slack_of(stage).event({"type": "user_change", "user": changed})
    welcome = next(m for m in await stage.slack.messages(channel, as_=BO) if m["text"].startswith(name))
    await stage.slack.act_in_message(zoe, channel, welcome["ts"], "acknowledge_command")
    await told_only(stage, zoe, channel, "Dispatch does not know you yet")
    [incident] = await rows(stage, "select id from situation where name = :name", name=name)
    pressed = {"action_id": "take_command", "value": f"default/{incident['id']}", "type": "button"}
    await slack_of(stage).interaction(
        {
            "type": "block_actions", "user": {"id": zoe, "team_id": "T0OTHER"}, "channel": {"id": channel},
            "actions": [pressed], "trigger_id": "1.2.x",
        }
    )  # fmt: skip
    await told_only(stage, zoe, channel, "you belong to another workspace")
    await stage.settle()
    assert not await rows(stage, KNOWN, user=zoe)
    [ada] = await rows(stage, "select name, title from person where email = 'ada@example.com'")
    assert (ada["name"], ada["title"]) == ("Ada Lovelace", "Site reliability lead")
    assert "Zoe" not in await page(stage, "ada@example.com", name, "participants")


async def test_what_they_say_is_not_put_into_the_mouth_of_whoever_marks_it(stage: Stage) -> None:
    name, channel = await ready(stage)
    zoe = await zoe_of_elsewhere(stage, channel)
    said = await stage.slack.say(zoe, channel, "Our side dropped the packets")
    await stage.slack.react(BO, channel, said["ts"], MARK)
    await until(stage, "Zoe Other: Our side dropped the packets")
    await stage.slack.edit(zoe, channel, said["ts"], "Our side dropped all packets")
    await until(stage, "Zoe Other: Our side dropped all packets")
    assert "Zoe Other: Our side dropped all packets" in await page(stage, "ada@example.com", name, "timeline")
