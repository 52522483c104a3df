"""Whatever way Slack delivers - once to four times, late, out of order, over HTTP or a socket - the end is the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from tests.scenarios.test_leaving import ready
from tests.scenarios.test_requests_from_slack import org_id
from tests.stage import ADA, BO, CY, Stage, over_both

MARK = "stopwatch"
DEE, ELI = "U0DEE", "U0ELI"
#: Doubled, answered too late so that it comes again, and overtaken by the next one.
STORM: tuple[dict[str, Any], ...] = (
    {"target": "event", "kind": "duplicate", "probability": 0.5},
    {"target": "event", "kind": "timeout_after_work", "probability": 0.4},
    {"target": "event", "kind": "reorder", "probability": 0.4, "seconds": 0.1},
)


async def play(stage: Stage, channel: str) -> None:
    """People come, write, mark, edit, delete, leave, come back; the channel gets another name."""
    slack = stage.slack
    await slack.invite(BO, channel, CY, DEE, ELI)
    kept, edited, deleted, unmarked = [
        (await slack.say(who, channel, said))["ts"]
        for who, said in ((BO, "Kept."), (CY, "First words."), (DEE, "To be deleted."), (BO, "To be unmarked."))
    ]
    for user, ts in ((ADA, kept), (CY, kept), (BO, edited), (BO, deleted), (ADA, unmarked)):
        await slack.react(user, channel, ts, MARK)
    await slack.react(ADA, channel, kept, MARK, remove=True)
    await slack.react(ADA, channel, unmarked, MARK, remove=True)
    await slack.edit(CY, channel, edited, "Last words.")
    await slack.delete(DEE, channel, deleted)
    await slack.leave(ELI, channel)
    await slack.leave(CY, channel)
    await slack.invite(BO, channel, CY)
    await slack.rename_channel(channel, "inc-13-other", by=BO)
    await slack.rename_channel(channel, "inc-13-shop", by=BO)
    await slack.change_user(BO, profile={"title": "One"})
    await slack.advance(2)
    await slack.change_user(BO, profile={"title": "Two"})


END: dict[str, Any] = {
    "people": [(ADA, True, 0), (BO, True, 2), (CY, True, 1), (DEE, True, 1), (ELI, False, 0)],
    "notes": ["Kept.", "Last words."],
    "channel": "#inc-13-shop",
    "title": "Two",
    "inbox": ["done"],
}


async def end(stage: Stage, channel: str) -> dict[str, Any]:
    async with stage.house.db.read(await org_id(stage)) as t:
        people = await t.execute(
            text(
                "select c.user_id, p.in_channel, p.messages from participant p"
                " join chat_identity c on c.org_id = p.org_id and c.person_id = p.person_id"
                " join resource r on r.org_id = p.org_id and r.situation_id = p.situation_id"
                " where r.external_id = :channel order by c.user_id"
            ),
            {"channel": channel},
        )
        found: dict[str, Any] = {"people": [tuple(row) for row in people]}
        found["notes"] = list(
            (await t.execute(text("select text from timeline_note where removed_at is null order by text"))).scalars()
        )
        found["channel"] = await t.scalar(text("select title from resource where external_id = :c"), {"c": channel})
        found["title"] = await t.scalar(text("select title from person where email = 'bo@example.com'"))
    async with stage.house.db.system() as t:
        found["inbox"] = list((await t.execute(text("select distinct state from slack_inbox"))).scalars())
    return found


@over_both
async def test_the_end_is_the_same_however_it_is_delivered(stage: Stage) -> None:
    _, channel = await ready(stage)
    await stage.slack.faults(*STORM, seed=5)
    await play(stage, channel)

    async def all_told() -> bool:
        """Retries come by the sandbox's clock: at once, after a minute, after five."""
        await stage.slack.advance(400)
        return not (await stage.slack.deliveries())["pending"]

    await stage.eventually(all_told)
    await stage.settle()

    async def as_it_is() -> bool:
        return await end(stage, channel) == END

    try:
        await stage.eventually(as_it_is, timeout=20)
    finally:
        assert await end(stage, channel) == END
    # It was a storm.
    sent = (await stage.slack.deliveries())["deliveries"]
    times = {
        event: len([one for one in sent if one["event_id"] == event]) for event in {one["event_id"] for one in sent}
    }
    assert max(times.values()) >= 3
    assert len([event for event, count in times.items() if count > 1]) > 10
