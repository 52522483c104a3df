"""What is written in an incident's channel: counted once, and answered quietly where that helps."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.kit import clock
from tests.scenarios.test_leaving import inside, page, ready
from tests.scenarios.test_requests_from_slack import configure, org_id, slack_of
from tests.stage import ADA, BO, CY, Stage, over_both

THREADS, LATE = "instead of in threads", "so an answer may take a while"


async def whispers(stage: Stage, user: str, channel: str, words: str) -> list[str]:
    """What only this person reads in the channel, with these words in it."""
    return [
        m["text"] for m in await stage.slack.messages(channel, as_=user) if m.get("ephemeral") and words in m["text"]
    ]


async def participants(stage: Stage) -> list[tuple[int, str]]:
    """Who takes part, and in which roles."""
    async with stage.house.db.read(await org_id(stage)) as t:
        rows = await t.execute(
            text(
                "select p.person_id, r.role from participant p left join participant_role r on r.participant_id = p.id order by 1, 2"
            )
        )
        return [(row.person_id, row.role) for row in rows]


async def counted(stage: Stage, user: str, number: int) -> None:
    """Until so many messages of the person count; and no more."""

    async def so_many() -> bool:
        return bool((await inside(stage, user))["messages"] >= number)

    await stage.eventually(so_many)
    await stage.settle()
    assert (await inside(stage, user))["messages"] == number


@over_both
@pytest.mark.seed("event message.groups", "setting App User Id")
async def test_messages_of_people_count_once_and_nothing_else_does(stage: Stage) -> None:
    _, channel = await ready(stage)
    await stage.slack.faults({"target": "event", "kind": "duplicate", "count": 3})
    first = await stage.slack.say(BO, channel, "Looking at it")
    for said in ("The database is slow.", "Restarting it now."):
        await stage.slack.say(BO, channel, said)
    await stage.slack.edit(BO, channel, first["ts"], "Looking at it now")
    await stage.slack.set_topic(BO, channel, "a topic")
    await stage.slack.delete(BO, channel, first["ts"])
    await counted(stage, BO, 3)


@pytest.mark.seed("setting App User Id")
async def test_what_the_app_does_itself_is_nobodys_doing(stage: Stage) -> None:
    """Slack tells the app of its own joins, messages and reactions, too."""
    name, channel = await ready(stage)
    own = stage.app["bot_user_id"]
    before = (await stage.slack.calls())[-1]["n"]
    people = await participants(stage)
    summary = next(m for m in await stage.slack.messages(channel) if m.get("user") == own and m.get("blocks"))
    mark = {"reaction": "stopwatch", "item": {"type": "message", "channel": channel, "ts": summary["ts"]}}
    for n, happened in enumerate(
        (
            {"type": "member_joined_channel", "channel": channel, "team": stage.app["team_id"]},
            {
                "type": "message",
                "channel_type": "group",
                "channel": channel,
                "text": "Is it over?",
                "ts": f"{time.time():.6f}",
            },
            {"type": "reaction_added", **mark},
        )
    ):
        said = {**happened, "user": own, "event_ts": f"{time.time():.6f}"}
        assert (await slack_of(stage).event(said, event_id=f"Ev0OWN{n}")).status_code == 200
    await stage.slack.say(BO, channel, "Not yet.")
    # In order: what came before it was handled, too.
    await counted(stage, BO, 1)
    asked = [row["args"].get("user") for row in await stage.slack.calls(before) if row["method"] == "users.info"]
    assert own not in asked
    assert await participants(stage) == people
    timeline = await page(stage, "bo@example.com", name, "timeline")
    assert "Is it over?" not in timeline
    assert f"Summary of {name}" not in timeline


async def test_who_writes_in_a_channel_gets_no_account(stage: Stage) -> None:
    """W-56: a guest of the workspace takes part, and is no member of the organization; nobody can sign in as them."""
    name, channel = await ready(stage)
    accounts = "select (select count(*) from account) + (select count(*) from account_organization) as n"
    members = "select count(*) as n from membership"

    async def counts() -> list[Any]:
        async with stage.house.db.tx(await org_id(stage)) as t:
            return [(await t.execute(text(each))).scalar_one() for each in (accounts, members)]

    before = await counts()
    guest = await stage.slack.add_user(
        "T0DEMO", "gil", real_name="Gil Guest", email="gil@partner.example", is_restricted=True
    )
    await stage.slack.invite(ADA, channel, guest["id"])
    await stage.settle()
    await stage.slack.say(guest["id"], channel, "Our side looks fine")
    await counted(stage, guest["id"], 1)
    assert await counts() == before
    ada = await stage.sign_in("ada@example.com")
    assert "Gil Guest" in (await ada.get(f"/default/incidents/{name}")).text
    assert "Gil Guest" not in (await ada.get("/default/settings/members", params={"q": "Gil"})).text
    await ada.aclose()


async def test_late_shuffled_and_repeated_messages_count_once_each(stage: Stage) -> None:
    _, channel = await ready(stage)
    slack, began, dice = slack_of(stage), time.time(), random.Random(7)
    sent = []
    for n in range(20):
        ts = f"{began + n / 10:.6f}"
        said = {"type": "message", "channel_type": "group", "channel": channel, "user": BO, "text": f"{n}", "ts": ts}
        # Two events with ids of their own for one message: as when Slack's own copy comes under another id.
        ids = [f"Ev0TALK{n}", *([f"Ev0TALK{n}B"] if n % 5 == 0 else [])]
        sent += [(each, said | {"event_ts": ts}) for each in ids for _ in range(dice.randint(1, 4))]
    dice.shuffle(sent)
    for event_id, happened in sent:
        assert (await slack.event(happened, event_id=event_id)).status_code == 200
    await counted(stage, BO, 20)


async def test_an_observer_who_writes_takes_part(stage: Stage) -> None:
    name, channel = await ready(stage)
    await stage.slack.invite(ADA, channel, CY)
    await stage.settle()
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(
            text(
                "update participant_role r set role = 'Observer' from participant p join chat_identity c on"
                " c.org_id = p.org_id and c.person_id = p.person_id where p.org_id = r.org_id and p.id = r.participant_id"
                " and c.user_id = :cy"
            ),
            {"cy": CY},
        )
    await stage.slack.say(CY, channel, "My customer sees it, too.")
    await counted(stage, CY, 1)
    assert "Cy Okafor takes part from now on" in await page(stage, "bo@example.com", name, "timeline")


async def test_who_writes_in_threads_is_reminded_once_per_thread(stage: Stage) -> None:
    _, channel = await ready(stage)
    parents = [(await stage.slack.say(ADA, channel, f"Plan {n}."))["ts"] for n in (1, 2)]
    for thread in (parents[0], parents[0], parents[1]):
        await stage.slack.say(BO, channel, "I would rather wait.", thread_ts=thread)

    async def both() -> bool:
        return len(await whispers(stage, BO, channel, THREADS)) >= 2

    await stage.eventually(both)
    await counted(stage, BO, 3)
    assert len(await whispers(stage, BO, channel, THREADS)) == 2
    assert not await whispers(stage, ADA, channel, THREADS)


@pytest.mark.seed("setting Ban Threads")
async def test_threads_are_left_alone_where_they_are_allowed(stage: Stage) -> None:
    await configure(stage, {"ban_threads": False})
    _, channel = await ready(stage)
    thread = (await stage.slack.say(ADA, channel, "Plan."))["ts"]
    await stage.slack.say(BO, channel, "Fine.", thread_ts=thread)
    await counted(stage, BO, 1)
    assert not await whispers(stage, BO, channel, THREADS)


@pytest.mark.parametrize(("hour", "told"), [(3, True), (11, False)])
async def test_who_asks_a_commander_off_duty_is_told_the_time_there_once(stage: Stage, hour: int, told: bool) -> None:
    _, channel = await ready(stage)
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(text("update person set tz = 'UTC' where email = 'ada@example.com'"))
    ahead = clock.now() + timedelta(days=1)
    ahead += timedelta(days=(2 - ahead.weekday()) % 7)
    wanted = datetime(ahead.year, ahead.month, ahead.day, hour, tzinfo=UTC)
    await stage.advance(seconds=(wanted - clock.now()).total_seconds())
    await stage.slack.say(BO, channel, "No question here.")
    await stage.slack.say(BO, channel, "@cy are you there?")
    await counted(stage, BO, 2)
    assert not await whispers(stage, BO, channel, LATE)
    await stage.slack.say(BO, channel, "@ada please look")
    await stage.slack.say(BO, channel, "Shall we roll back?")
    await counted(stage, BO, 4)
    found = await whispers(stage, BO, channel, LATE)
    assert len(found) == (1 if told else 0)
    assert not told or "Wednesday 03:00 (UTC)" in found[0]
    assert not await whispers(stage, ADA, channel, LATE)


async def test_messages_that_make_no_sense_break_nothing(stage: Stage) -> None:
    _, channel = await ready(stage)
    slack = slack_of(stage)
    base: dict[str, Any] = {"type": "message", "channel_type": "group", "channel": channel}
    odd: list[dict[str, Any]] = [
        {}, {"user": BO}, {"user": 7, "ts": "1.0"}, {"user": BO, "ts": {"a": 1}}, {"subtype": ["x"], "user": BO, "ts": "5.0"},
        {"subtype": "message_changed"}, {"subtype": "message_changed", "message": "no"},
        {"subtype": "message_deleted", "deleted_ts": None}, {"user": "U0NOBODY", "ts": "3.0", "text": "hi"},
        {"user": BO, "ts": "9" * 200, "text": "x"}, {"user": BO, "ts": f"{time.time():.6f}", "text": "🙂\u202e\0" * 1000},
    ]  # fmt: skip
    for n, more in enumerate(odd):
        assert (await slack.event(base | more, event_id=f"Ev0ODD{n}")).status_code == 200
    await slack.event(base | {"user": BO, "ts": f"{time.time() + 1:.6f}", "text": "sound"}, event_id="Ev0SOUND")
    await stage.settle()
    async with stage.house.db.system() as t:
        states = dict(tuple(row) for row in await t.execute(text("select state, count(*) from slack_inbox group by 1")))
    assert set(states) == {"done"}
