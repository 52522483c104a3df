"""Events reach the app: subscribed, scoped, signed, retried."""

import asyncio

from stage_set import Stage
from starlette.responses import PlainTextResponse


async def test_the_bot_hears_of_its_own_and_others_joining(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.app.until(lambda: len(stage.app.events("member_joined_channel")) == 2)
    joined = stage.app.events("member_joined_channel")
    assert {event["user"] for event in joined} == {stage.keys["bot_user_id"], stage.ada}
    assert {event["channel"] for event in joined} == {channel}
    envelope = stage.app.of("event")[0]
    assert envelope["authorizations"][0]["user_id"] == stage.keys["bot_user_id"]
    await stage.people.leave(stage.ada, channel)
    await stage.app.until(lambda: stage.app.events("member_left_channel"))


async def test_the_bot_does_not_hear_of_channels_it_is_not_in(stage: Stage) -> None:
    await stage.people.say(stage.ada, stage.general, "hello")
    await stage.people.react(stage.ada, stage.general, (await stage.people.messages(stage.general))[-1]["ts"], "eyes")
    await asyncio.sleep(0.1)
    assert not stage.app.events("message")
    assert not stage.app.events("reaction_added")


async def test_messages_edits_and_deletions_are_told(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, private=True)
    said = await stage.people.say(stage.ada, channel, "hello @bo")
    await stage.people.edit(stage.ada, channel, said["ts"], "hello all")
    await stage.people.react(stage.ada, channel, said["ts"], "stopwatch")
    await stage.people.delete(stage.ada, channel, said["ts"])
    await stage.app.until(lambda: any(one.get("subtype") == "message_deleted" for one in stage.app.events("message")))
    plain = next(one for one in stage.app.events("message") if one.get("client_msg_id"))
    assert (plain["text"], plain["channel_type"]) == (f"hello <@{stage.bo}>", "group")
    changed = next(one for one in stage.app.events("message") if one.get("subtype") == "message_changed")
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("hello all", f"hello <@{stage.bo}>")
    await stage.app.until(lambda: stage.app.events("reaction_added"))
    assert stage.app.events("reaction_added")[0]["item"] == {"type": "message", "channel": channel, "ts": said["ts"]}


async def test_an_event_is_tried_four_times_by_the_sandboxs_own_clock(stage: Stage) -> None:
    stage.app.answers["event"] = lambda _: PlainTextResponse("no", 500)
    await stage.people.change_user(stage.bo, real_name="Bo D.")

    def tries() -> list[dict[str, str]]:
        return [
            headers
            for path, body, headers, _ in stage.app.seen
            if path == "event" and body["event"]["type"] == "user_change"
        ]

    await stage.app.until(lambda: len(tries()) == 2)
    await stage.people.advance(61)
    await stage.app.until(lambda: len(tries()) == 3)
    await stage.people.advance(301)
    await stage.app.until(lambda: len(tries()) == 4)
    assert "x-slack-retry-num" not in tries()[0]
    assert [row["x-slack-retry-num"] for row in tries()[1:]] == ["1", "2", "3"]
    assert {row["x-slack-retry-reason"] for row in tries()[1:]} == {"http_error"}
    assert len({body["event_id"] for body in stage.app.of("event") if body["event"]["type"] == "user_change"}) == 1
    await stage.app.until(lambda: not stage.box.outgoing)


async def test_an_app_can_decline_retries(stage: Stage) -> None:
    stage.app.answers["event"] = lambda _: PlainTextResponse("no", 500, headers={"x-slack-no-retry": "1"})
    await stage.people.change_user(stage.bo, real_name="Bo D.")
    await stage.app.until(lambda: stage.app.events("user_change") and not stage.box.outgoing)
    assert len(stage.app.events("user_change")) == 1


async def test_direct_messages_and_mentions(stage: Stage) -> None:
    direct = await stage.people.direct(stage.ada, stage.keys["bot_user_id"])
    await stage.people.say(stage.ada, direct["id"], "hi")
    channel = await stage.room("inc-1", stage.ada)
    await stage.people.say(stage.ada, channel, "@probe status?")
    await stage.app.until(lambda: stage.app.events("app_mention"))
    assert any(one["channel_type"] == "im" for one in stage.app.events("message"))


async def test_an_uninstalled_app_is_told_and_its_tokens_die(stage: Stage) -> None:
    await stage.people.call("DELETE", f"apps/{stage.keys['app_id']}")
    await stage.app.until(lambda: stage.app.events("app_uninstalled") and stage.app.events("tokens_revoked"))
    answer = await stage.bot.api_call("api.test")
    assert answer["ok"]
    for row in await stage.people.calls():
        assert row["method"] == "api.test"


async def test_an_event_address_is_verified_by_challenge(stage: Stage) -> None:
    path = f"apps/{stage.keys['app_id']}/verify"
    assert not (await stage.people.call("POST", path))["verified"]
    stage.app.answers["event"] = lambda body: {"challenge": body.get("challenge")}
    assert (await stage.people.call("POST", path))["verified"]


async def test_seeding_the_same_people_again_tells_nobody(stage: Stage) -> None:
    await stage.people.workspace(
        {"id": stage.team, "name": "Acme", "domain": "acme"}, [{"name": "ada", "real_name": "Ada Lovelace"}]
    )
    await asyncio.sleep(0.05)
    assert not stage.app.events("user_change")


async def test_an_app_that_never_answers_loses_its_subscription(stage: Stage) -> None:
    await stage.people.settings(events_failing_from=10)
    stage.app.answers["event"] = lambda _: PlainTextResponse("no", 500)
    for turn in range(8):
        await stage.people.change_user(stage.bo, real_name=f"Bo {turn}")

    async def row() -> dict[str, object]:
        found: dict[str, object] = (await stage.people.call("GET", "workspaces"))["workspaces"][0]["apps"][0]
        return found

    await stage.app.until(lambda: stage.box.app(stage.keys["app_id"]).events_disabled)
    assert (await row())["events_disabled"] is True
    await stage.people.advance(61)  # the retries still planned are not made
    await stage.app.until(lambda: not stage.box.outgoing)
    stage.app.seen.clear()
    stage.app.answers.clear()
    await stage.people.change_user(stage.bo, real_name="Bo unheard")
    assert not stage.box.outgoing
    await stage.people.switch_events(stage.keys["app_id"], enabled=True)
    await stage.people.change_user(stage.bo, real_name="Bo heard")
    await stage.app.until(lambda: stage.app.events("user_change"))
    assert [one["user"]["real_name"] for one in stage.app.events("user_change")] == ["Bo heard"]


async def test_few_failures_end_nothing(stage: Stage) -> None:
    stage.app.answers["event"] = lambda _: PlainTextResponse("no", 500, headers={"x-slack-no-retry": "1"})
    for turn in range(20):
        await stage.people.change_user(stage.bo, real_name=f"Bo {turn}")
    await stage.app.until(lambda: len(stage.app.events("user_change")) == 20)


async def test_too_many_events_are_dropped_with_one_notice_a_minute(stage: Stage) -> None:
    await stage.people.settings(rates=True, events_per_hour=5)

    def notices() -> list[dict[str, object]]:
        return [body for body in stage.app.of("event") if body["type"] == "app_rate_limited"]

    def told() -> int:
        return sum(body["type"] == "event_callback" for body in stage.app.of("event"))

    for turn in range(9):
        await stage.people.change_user(stage.bo, real_name=f"Bo {turn}")
    await stage.app.until(lambda: told() == 5 and notices())
    await stage.people.advance(60)
    await stage.people.change_user(stage.bo, real_name="Bo later")
    await stage.app.until(lambda: len(notices()) == 2)
    assert notices()[0]["team_id"] == stage.team
    assert notices()[0]["minute_rate_limited"] % 60 == 0  # type: ignore[operator]
    assert told() == 5
    await stage.people.advance(3600)
    await stage.people.change_user(stage.bo, real_name="Bo much later")
    await stage.app.until(lambda: told() == 6)


async def test_delayed_events_come_hourly_for_a_day(stage: Stage) -> None:
    await stage.people.switch_events(stage.keys["app_id"], delayed=True)
    stage.app.answers["event"] = lambda _: PlainTextResponse("no", 500)
    await stage.people.change_user(stage.bo, real_name="Bo D.")
    for number, pause in enumerate((0, 61, 301, *(3601,) * 24)):
        await stage.people.advance(pause)
        await stage.app.until(lambda number=number: len(stage.app.events("user_change")) >= number + 2)
    await stage.app.until(lambda: not stage.box.outgoing)
    assert len(stage.app.events("user_change")) == 28
