"""Events are stored before Slack is answered, handled in order per channel, and never lost without a word."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid, Refused, Unavailable
from dispatch.kit.slack import drain, registry
from dispatch.kit.slack.drain import Drain
from dispatch.kit.slack.inbox import SlackDelivery, prune
from dispatch.kit.slack.registry import Installation, Listening
from tests.scenarios.test_requests_from_slack import configure, org_id, slack_of
from tests.slack_side import own_channel
from tests.stage import BO, CY, Stage, over_both

KIND = "message.groups"


class Probe:
    """A handler that notes what it is given, and fails as told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.where: list[Installation] = []
        self.fail: dict[str, list[Exception]] = {}

    async def one(self, installation: Installation, _db: Database, happened: Mapping[str, Any]) -> None:
        said = str(happened.get("text"))
        if self.fail.get(said):
            raise self.fail[said].pop(0)
        self.seen.append(said)
        self.where.append(installation)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    made = Probe()
    monkeypatch.setitem(registry.events, KIND, [Listening(one=made.one)])
    monkeypatch.setattr(drain, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(drain, "LOOK", 0.1)
    return made


def said(what: str, channel: str = "C0OURS", *, at: float = 0.0) -> dict[str, Any]:
    happened: dict[str, Any] = {
        "type": "message",
        "channel_type": "group",
        "channel": channel,
        "user": BO,
        "text": what,
    }
    return happened | ({"event_ts": f"{1_700_000_000 + at:.6f}"} if at else {})


async def rows(stage: Stage) -> list[SlackDelivery]:
    async with stage.house.db.system() as t:
        found = await t.execute(
            text(
                "select event_id, state, aside, attempts, channel_id, kind, body, trouble from slack_inbox order by id"
            )
        )
        return list(found)  # type: ignore[arg-type]


async def ours(stage: Stage, *channels: str) -> None:
    for channel in channels or ("C0OURS",):
        await own_channel(
            stage.house.db, await org_id(stage), stage.app["team_id"], channel, subject=random.randrange(10**6, 10**9)
        )


async def test_only_what_concerns_us_is_stored_and_nothing_of_it_can_be_read(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    slack = slack_of(stage)
    for happened in (said("a secret plan"), said("gossip", "C0FOREIGN"), {"type": "pin_added", "channel_id": "C0OURS"}):
        assert (await slack.event(happened)).status_code == 200
    await stage.settle()
    assert probe.seen == ["a secret plan"]
    [row] = await rows(stage)
    assert (row.state, row.channel_id, row.kind) == ("done", "C0OURS", KIND)
    assert b"secret" not in row.body


@pytest.mark.seed("events mode: event")
async def test_the_same_event_is_handled_once_however_often_and_at_once_it_comes(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    slack = slack_of(stage)
    answers = await asyncio.gather(*(slack.event(said("once"), event_id="Ev0SAME") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    await stage.settle()
    await slack.event(said("once"), event_id="Ev0SAME")
    await stage.settle()
    assert probe.seen == ["once"]


async def test_each_channel_keeps_its_order_and_all_channels_are_emptied(stage: Stage, probe: Probe) -> None:
    """Many at once, shuffled, some several times: the end is the same."""
    channels = [f"C0OURS{n}" for n in range(5)]
    await ours(stage, *channels)
    slack = slack_of(stage)
    everything = [(channel, n) for channel in channels for n in range(1, 21)]
    sent = [each for each in everything for _ in range(random.randint(1, 4))]
    random.shuffle(sent)
    stage_drain = asyncio.Semaphore(16)

    async def send(channel: str, n: int) -> None:
        async with stage_drain:
            answer = await slack.event(said(f"{channel} {n}", channel, at=n), event_id=f"Ev{channel}{n}")
            assert answer.status_code == 200

    await asyncio.gather(*(send(*each) for each in sent))
    await stage.settle()
    assert sorted(probe.seen) == sorted(f"{channel} {n}" for channel, n in everything)


async def test_what_waits_in_a_channel_is_handled_in_the_order_it_happened(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    slack = slack_of(stage)
    probe.fail["first"] = [Unavailable("not yet") for _ in range(3)]
    await slack.event(said("first", at=1))

    async def failed() -> bool:
        return len(probe.fail["first"]) < 3

    await stage.eventually(failed)
    for n in (5, 3, 4, 2):
        await slack.event(said(f"number {n}", at=n))

    async def all_there() -> bool:
        return len(probe.seen) == 5

    await stage.eventually(all_there)
    assert probe.seen == ["first", "number 2", "number 3", "number 4", "number 5"]


async def test_a_poisonous_event_does_not_hold_up_its_channel_for_ever(
    stage: Stage, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "HOLDS_UP", 3)
    await ours(stage)
    slack = slack_of(stage)
    probe.fail["poison"] = [Unavailable("never") for _ in range(100)]
    await slack.event(said("poison", at=1))
    await slack.event(said("good", at=2))

    async def good() -> bool:
        return probe.seen == ["good"]

    await stage.eventually(good)
    await stage.settle()
    [poison] = [row for row in await rows(stage) if row.state == "waiting"]
    assert poison.aside and poison.attempts >= 3


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (Refused("Slack says no.", hint="Ask an admin."), "Slack says no."),
        (Invalid("That cannot be."), "That cannot be."),
        (KeyError("x"), "Dispatch itself failed (KeyError)."),
    ],
    ids=["refused", "rule", "mistake"],
)
async def test_what_cannot_be_handled_is_shown_with_its_reason_and_can_be_tried_again(
    stage: Stage, probe: Probe, why: Exception, reason: str
) -> None:
    await ours(stage)
    slack = slack_of(stage)
    probe.fail["bad"] = [why, why, why]
    await slack.event(said("bad", at=1))
    await slack.event(said("next", at=2))

    async def dead() -> list[Any]:
        return [row for row in await rows(stage) if row.state == "dead"]

    [row] = await stage.eventually(dead)
    assert reason.encode() not in row.trouble

    async def next_one() -> bool:
        return probe.seen == ["next"]

    await stage.eventually(next_one)
    assert (await stage.web.get("/healthz/work")).json()["inbox"]["dead_letters"] == 1
    assert 'dispatch_slack_inbox{state="dead"} 1.0' in (await stage.web.get("/metrics")).text

    member = await stage.sign_in("bo@example.com")
    assert (await member.get("/default/settings/deliveries")).status_code == 403
    admin = await stage.sign_in("dee@example.com")
    page = (await admin.get("/default/settings/deliveries")).text
    assert reason in page and "A message in a private channel" in page
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    action = page.split('action="/default/settings/deliveries/')[1].split('"')[0]
    assert (await member.post(f"/default/settings/deliveries/{action}", data={"csrf": csrf})).status_code in (400, 403)
    probe.fail.clear()
    again = await admin.post(f"/default/settings/deliveries/{action}", data={"csrf": csrf})
    assert "is being handled again" in again.text
    await stage.settle()
    assert probe.seen == ["next", "bad"]
    assert "Nothing was given up" in (await admin.get("/default/settings/deliveries")).text


async def test_a_dead_letter_can_be_discarded_by_its_own_organization_only(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    probe.fail["bad"] = [Refused("no")]
    await slack_of(stage).event(said("bad"))

    async def dead() -> bool:
        return [row.state for row in await rows(stage)] == ["dead"]

    await stage.eventually(dead)
    admin = await stage.sign_in("dee@example.com")
    page = (await admin.get("/default/settings/deliveries")).text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    number = page.split('data-dialog="discard-')[1].split('"')[0]
    assert (
        await admin.post(f"/default/settings/deliveries/{int(number) + 1}/discard", data={"csrf": csrf})
    ).status_code == 404
    await admin.post(f"/default/settings/deliveries/{number}/discard", data={"csrf": csrf})
    assert await rows(stage) == []


async def test_a_batch_handler_gets_what_waits_and_only_the_culprit_waits(
    stage: Stage, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[str]] = []

    async def many(_installation: Installation, _db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
        texts = [str(each["text"]) for each in happened]
        if "bad" in texts:
            raise Refused("not this one")
        batches.append(texts)

    monkeypatch.setitem(registry.events, KIND, [Listening(many=many)])
    await ours(stage)
    slack = slack_of(stage)
    # Stored while nobody works on the channel.
    locks = Drain(
        stage.house.db, stage.house.inbox, stage.house.installations, stage.house.dispatcher.project_of
    )._locks
    lane = drain.Lane(await org_id(stage), stage.app["team_id"], "C0OURS")
    assert await locks.take(lane)
    for n, word in enumerate(["a", "b", "bad", "c", "d"], 1):
        await slack.event(said(word, at=n))
    await locks.give(lane)
    await locks.close()
    await stage.settle()
    assert sorted(word for batch in batches for word in batch) == ["a", "b", "c", "d"]
    assert [row.state for row in await rows(stage)] == ["done", "done", "dead", "done", "done"]


async def test_what_kills_the_worker_is_found_by_halving_and_takes_no_other_along(
    stage: Stage, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a death leaves it: begun, without an outcome, the lock let go."""
    batches: list[list[str]] = []

    async def many(_installation: Installation, _db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
        batches.append([str(each["text"]) for each in happened])
        if "deadly" in batches[-1]:
            raise asyncio.CancelledError

    monkeypatch.setitem(registry.events, KIND, [Listening(many=many)])
    await ours(stage)
    slack = slack_of(stage)
    locks = Drain(
        stage.house.db, stage.house.inbox, stage.house.installations, stage.house.dispatcher.project_of
    )._locks
    lane = drain.Lane(await org_id(stage), stage.app["team_id"], "C0OURS")
    assert await locks.take(lane)
    words = [*(f"w{n}" for n in range(70)), "deadly", *(f"w{n}" for n in range(70, 99))]
    for n, word in enumerate(words, 1):
        await slack.event(said(word, at=n))
    await locks.give(lane)
    await locks.close()

    async def ended() -> bool:
        return not [row for row in await rows(stage) if row.state == "waiting"]

    await stage.eventually(ended)
    handled = [word for batch in batches if "deadly" not in batch for word in batch]
    assert handled == [word for word in words if word != "deadly"]
    assert [len(batch) for batch in batches if "deadly" in batch] == [100, 100, 38, 31, 15, 7, 3, 1]
    found = {row.state for row in await rows(stage)}
    assert found == {"done", "dead"} and len([row for row in await rows(stage) if row.state == "dead"]) == 1
    page = (await (await stage.sign_in("dee@example.com")).get("/default/settings/deliveries")).text
    assert "The worker ended 8 times while it handled this." in page


async def test_two_workers_share_the_work_and_leave_nothing_behind(stage: Stage, probe: Probe) -> None:
    channels = [f"C0OURS{n}" for n in range(3)]
    await ours(stage, *channels)
    other = Database(stage.house.db.url)
    second = asyncio.create_task(
        Drain(other, stage.house.inbox, stage.house.installations, stage.house.dispatcher.project_of).run()
    )
    slack = slack_of(stage)
    for n in range(1, 61):
        await slack.event(said(f"{n}", channels[n % 3], at=n))
    await stage.settle()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    await other.close()
    assert sorted(probe.seen, key=int) == [str(n) for n in range(1, 61)]
    for channel in range(3):
        mine = [int(word) for word in probe.seen if int(word) % 3 == channel]
        assert mine == sorted(mine)


async def test_without_an_enabled_plugin_the_events_wait_for_a_person(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    probe.fail["late"] = [Unavailable("not yet")]
    await slack_of(stage).event(said("late"))
    for project in ("default", "payments"):
        await configure(stage, {}, project=project, enabled=False)

    async def state() -> bool:
        return [row.state for row in await rows(stage)] in (["dead"], ["done"])

    await stage.eventually(state)
    if not probe.seen:
        page = (await (await stage.sign_in("dee@example.com")).get("/default/settings/deliveries")).text
        assert "No enabled Slack plugin serves" in page


async def test_what_was_handled_is_deleted_after_a_day(stage: Stage, probe: Probe) -> None:
    await ours(stage)
    await slack_of(stage).event(said("old"))
    await stage.settle()
    assert await prune(stage.house.db) == 0
    async with stage.house.db.system() as t:
        await t.execute(text("update slack_inbox set handled_at = :then"), {"then": clock.now() - timedelta(hours=25)})
    assert await prune(stage.house.db) == 1
    assert await rows(stage) == []


async def test_without_the_database_slack_is_told_to_come_back(
    stage: Stage, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    async def away(*_: Any) -> Any:
        raise OperationalError("insert", {}, Exception("gone"))

    await ours(stage)
    monkeypatch.setattr(stage.house.inbox, "put", away)
    assert (await slack_of(stage).event(said("x"), event_id="Ev0LATER")).status_code == 503
    monkeypatch.undo()
    assert (await slack_of(stage).event(said("x"), event_id="Ev0LATER")).status_code == 200


@over_both
async def test_a_join_delivered_often_late_and_in_disorder_is_one_participant(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    await stage.slack.faults(
        {"target": "event", "kind": "duplicate", "probability": 0.7},
        {"target": "event", "kind": "timeout_after_work", "probability": 0.5},
        {"target": "event", "kind": "reorder", "probability": 0.5, "seconds": 0.1},
        seed=3,
    )
    await stage.slack.invite(BO, channel, CY)
    await stage.slack.say(CY, channel, "here I am")
    await stage.slack.advance(400)
    browser = await stage.sign_in("bo@example.com")

    async def quiet() -> bool:
        pending = (await stage.slack.deliveries())["pending"]
        if pending:
            await stage.slack.advance(400)
        return not pending

    await stage.eventually(quiet)
    await stage.settle()
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert timeline.count("Cy Okafor joined the channel") == 1
    attempts = [
        each for each in (await stage.slack.deliveries())["deliveries"] if each["name"] == "member_joined_channel"
    ]
    assert len(attempts) > 3
    await browser.aclose()
