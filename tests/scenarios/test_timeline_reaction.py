"""The reaction that puts a message into the timeline."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy import text

from tests.scenarios.test_leaving import page, ready
from tests.scenarios.test_requests_from_slack import configure, org_id, slack_of
from tests.scenarios.test_talk import whispers
from tests.stage import ADA, BO, Stage, over_both

MARK = "stopwatch"


async def notes(stage: Stage) -> list[dict[str, Any]]:
    """Entries that stand, oldest first."""
    async with stage.house.db.read(await org_id(stage)) as t:
        rows = await t.execute(
            text(
                "select n.text, n.url, n.message, a.email as author, b.email as added_by, n.history from timeline_note n"
                " join person a on a.org_id = n.org_id and a.id = n.author_id"
                " join person b on b.org_id = n.org_id and b.id = n.added_by where n.removed_at is null order by n.id"
            )
        )
        return [dict(row._mapping) for row in rows]


async def until(stage: Stage, *texts: str) -> list[dict[str, Any]]:
    """Until exactly these entries stand, and nothing is under way that could change it."""

    async def there() -> bool:
        return [each["text"] for each in await notes(stage)] == list(texts)

    await stage.eventually(there)
    await stage.settle()
    found = await notes(stage)
    assert [each["text"] for each in found] == list(texts)
    return found


@over_both
async def test_the_exact_message_stands_in_the_timeline_for_all_and_its_marker_is_told(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.say(ADA, channel, "Just before")
    said = await stage.slack.say(ADA, channel, "Rolled back to v41, @bo watches & waits")
    await stage.slack.say(ADA, channel, "Just after")
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 4})
    await stage.slack.react(BO, channel, said["ts"], MARK)
    [note] = await until(stage, "Rolled back to v41, @Bo Nilsson watches & waits")
    assert (note["author"], note["added_by"]) == ("ada@example.com", "bo@example.com")
    assert note["url"].endswith(f"/archives/{channel}/p{said['ts'].replace('.', '')}")
    timeline = await page(stage, "ada@example.com", name, "timeline")
    assert "Rolled back to v41" in timeline
    assert note["url"] in timeline

    async def told() -> Any:
        return await whispers(stage, BO, channel, f"timeline> of {name}")

    assert len(await stage.eventually(told)) == 1
    assert not await whispers(stage, ADA, channel, f"timeline> of {name}")


async def test_replies_and_messages_of_apps_can_be_marked(stage: Stage) -> None:
    _, channel = await ready(stage)
    parent = await stage.slack.say(ADA, channel, "The first message")
    replies = [await stage.slack.say(ADA, channel, f"Reply {n}", thread_ts=parent["ts"]) for n in (1, 2, 3)]
    await stage.slack.react(BO, channel, replies[1]["ts"], MARK)
    [note] = await until(stage, "Reply 2")
    assert f"?thread_ts={parent['ts']}&cid={channel}" in note["url"]
    by_app = next(m for m in await stage.slack.messages(channel, as_=BO) if m.get("bot_id"))
    await stage.slack.react(BO, channel, by_app["ts"], MARK)

    async def both() -> bool:
        return len(await notes(stage)) == 2

    await stage.eventually(both)
    entry = (await notes(stage))[1]
    assert entry["text"].startswith("Dispatch: ")
    assert by_app["text"][:20] in entry["text"]


async def test_it_stands_once_and_as_long_as_somebody_marks_it(stage: Stage) -> None:
    name, channel = await ready(stage)
    said = (await stage.slack.say(ADA, channel, "Traffic is back"))["ts"]
    for user in (BO, ADA):
        await stage.slack.react(user, channel, said, MARK)
    await stage.slack.react(BO, channel, said, "eyes")
    await until(stage, "Traffic is back")
    await stage.slack.react(BO, channel, said, MARK, remove=True)
    await until(stage, "Traffic is back")
    await stage.slack.react(ADA, channel, said, MARK, remove=True)
    await until(stage)
    assert "removed" in await page(stage, "bo@example.com", name, "timeline")
    await stage.slack.react(BO, channel, said, MARK)
    await until(stage, "Traffic is back")


async def test_it_follows_edits_and_deletions(stage: Stage) -> None:
    name, channel = await ready(stage)
    said = (await stage.slack.say(ADA, channel, "Outage began 03:01"))["ts"]
    await stage.slack.react(BO, channel, said, MARK)
    await until(stage, "Outage began 03:01")
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 6})
    await stage.slack.edit(ADA, channel, said, "Outage began 03:10")
    [note] = await until(stage, "Outage began 03:10")
    assert [each["text"] for each in note["history"]] == ["Outage began 03:01"]
    await stage.slack.delete(ADA, channel, said)
    await until(stage)
    assert "the message was deleted" in await page(stage, "bo@example.com", name, "timeline")


@pytest.mark.seed("setting Timeline Event Reaction")
async def test_the_reaction_is_a_setting_that_holds_at_once(stage: Stage) -> None:
    _, channel = await ready(stage)
    said = (await stage.slack.say(ADA, channel, "Noted"))["ts"]
    await configure(stage, {"timeline_event_reaction": "pushpin"})
    await stage.slack.react(BO, channel, said, MARK)
    await stage.slack.react(ADA, channel, said, "pushpin")
    [note] = await until(stage, "Noted")
    assert note["added_by"] == "ada@example.com"


@pytest.mark.parametrize("seed", range(4))
async def test_adding_and_removing_in_any_order_ends_as_slack_has_it(stage: Stage, seed: int) -> None:
    """Each 1 to 4 times, shuffled: the latest by Slack's clock holds, for each person."""
    _, channel = await ready(stage)
    said = (await stage.slack.say(ADA, channel, "Once only"))["ts"]
    slack, began, dice = slack_of(stage), time.time(), random.Random(seed)
    stays = seed % 2 == 1
    moves = [(BO, "added"), (BO, "removed"), (ADA, "added"), (BO, "added"), (BO, "removed"), (ADA, "removed")]
    if stays:
        moves.append((BO, "added"))
    sent = []
    for n, (user, what) in enumerate(moves):
        happened = {
            "type": f"reaction_{what}", "user": user, "reaction": MARK, "event_ts": f"{began + n:.6f}",
            "item": {"type": "message", "channel": channel, "ts": said},
        }  # fmt: skip
        sent += [(f"Ev0MARK{n}", happened)] * dice.randint(1, 4)
    dice.shuffle(sent)
    for event_id, happened in sent:
        assert (await slack.event(happened, event_id=event_id)).status_code == 200
    await stage.settle()
    await until(stage, *(["Once only"] if stays else []))


async def test_a_hundred_marks_at_once_take_few_calls(stage: Stage) -> None:
    _, channel = await ready(stage)
    written = [(await stage.slack.say(ADA, channel, f"Step {n}"))["ts"] for n in range(100)]
    await stage.settle()
    before = len(await stage.slack.calls())
    slack = slack_of(stage)
    for n, ts in enumerate(written):
        item = {"type": "message", "channel": channel, "ts": ts}
        happened = {"type": "reaction_added", "user": BO, "reaction": MARK, "event_ts": ts, "item": item}
        assert (await slack.event(happened, event_id=f"Ev0MANY{n}")).status_code == 200

    async def all_there() -> bool:
        return len(await notes(stage)) == 100

    await stage.eventually(all_there, timeout=60)
    await stage.settle()
    reads = [c for c in (await stage.slack.calls())[before:] if c["method"].startswith("conversations.")]
    assert len(reads) < 40, [c["method"] for c in reads]
