"""SIGKILL after the acknowledgement: every event that Slack was told is ours has its effect, once."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from dispatch.desk import sample
from tests.process.stack import BO, Stack, running_stack

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]

CHANNELS, PEOPLE = 10, 34
JOINS, MESSAGES, REACTIONS = 334, 333, 333
KINDS = ["member_joined_channel", "message.groups", "reaction_added"]

#: What each kind leaves behind: all of it, and how much of it would be there without doubles.
EFFECTS = {
    "join": "select count(*), count(distinct (p.situation_id, p.person_id)) from participant p"
    " join person on person.org_id = p.org_id and person.id = p.person_id where person.email like 'p%%@example.com'",
    "message": "select coalesce(sum(p.messages), 0), (select count(distinct message) from counted_message) from participant p",
    "reaction": "select count(*), count(distinct (situation_id, message)) from timeline_note where source = 'reaction'",
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as made:
        yield made


class Crowd:
    """Thirty-four people nobody knows yet, and ten incidents' channels they come into."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.slack = httpx.Client(base_url=f"{stack.slack_url}/sandbox", timeout=60)
        self.people = [f"U0P{n:03d}" for n in range(PEOPLE)]
        users = [
            {"id": id, "name": id.lower(), "real_name": f"Person {id}", "email": f"p{n}@example.com"}
            for n, id in enumerate(self.people)
        ]
        team = {"id": sample.TEAM, "name": "Example Company", "domain": "example"}
        self.slack.post("/workspaces", json={"team": team, "users": users}).raise_for_status()
        for n in range(CHANNELS):
            stack.declare(f"Crowded {n}", key=f"crowded-{n}")
        stack.settle(120)
        found = stack.rows("select external_id from resource where kind = 'conversation' order by 1")
        self.channels = [str(row[0]) for row in found][-CHANNELS:]
        self.places = list(itertools.product(self.channels, self.people))[:JOINS]
        self.said: list[tuple[str, str, str]] = []

    def join(self, n: int) -> None:
        channel, who = self.places[n]
        self.slack.post(f"/users/{BO}/invitations", json={"channel": channel, "users": [who]}).raise_for_status()

    def write(self, n: int) -> None:
        channel, who = self.places[n]
        said = (
            self.slack.post(f"/users/{who}/messages", json={"channel": channel, "text": f"Word {n}"})
            .raise_for_status()
            .json()
        )
        self.said.append((channel, who, said["ts"]))

    def react(self, n: int) -> None:
        channel, who, ts = self.said[n]
        mark = {"channel": channel, "ts": ts, "name": "stopwatch"}
        self.slack.post(f"/users/{who}/reactions", json=mark).raise_for_status()

    def acknowledged(self) -> set[str]:
        """Ids of the events that Dispatch took, once Slack has no other to send."""
        until = time.monotonic() + 120
        while (found := self.slack.get("/deliveries").json())["pending"] or found["sending"]:
            assert time.monotonic() < until
            time.sleep(0.1)
        return {each["event_id"] for each in found["deliveries"] if each["kind"] == "event" and each["status"] == 200}

    def stored(self) -> dict[str, set[str]]:
        """By kind: ids of the events in the inbox."""
        found: dict[str, set[str]] = defaultdict(set)
        for kind, id in self.stack.rows("select kind, event_id from slack_inbox where kind = any(%s)", KINDS):
            found[kind].add(id)
        return found

    def effects(self) -> dict[str, tuple[int, int]]:
        """By kind: effects, and distinct ones."""
        return {name: tuple(map(int, self.stack.rows(query)[0])) for name, query in EFFECTS.items()}  # type: ignore[misc]


def at_once(act: Callable[[int], Any], numbers: Iterable[int]) -> None:
    with ThreadPoolExecutor(16) as several:
        list(several.map(act, numbers))


def test_a_thousand_acknowledged_events_have_a_thousand_effects(stack: Stack) -> None:
    stack.start_workers(1)
    crowd = Crowd(stack)
    before = crowd.effects()["message"][0]
    at_once(crowd.join, range(JOINS // 2))
    stack.kill_worker(0)
    at_once(crowd.join, range(JOINS // 2, JOINS))
    at_once(crowd.write, range(MESSAGES))
    stack.kill_worker(0)
    at_once(crowd.react, range(REACTIONS // 2))
    # The last ones find no worker: what they were promised is only in the inbox when all is killed.
    stack.stop_workers()
    at_once(crowd.react, range(REACTIONS // 2, REACTIONS))
    acknowledged = crowd.acknowledged()
    stack.kill_web()
    stored = crowd.stored()
    # More than a thousand: Slack tells of what the app writes, too, and of each join with a message.
    assert len(stored["reaction_added"]) == REACTIONS
    assert len(stored["member_joined_channel"]) >= JOINS and len(stored["message.groups"]) >= MESSAGES
    assert set().union(*stored.values()) <= acknowledged
    handled = sum(distinct for _, distinct in crowd.effects().values())
    print(f"{handled} of 1000 had their effect when all was killed")
    assert handled < 1000

    stack.start_web()
    stack.start_workers(1)
    deaths = [handled + (1000 - handled) * share // 4 for share in (1, 2, 3)]
    until = time.monotonic() + 240
    while stack.rows("select from slack_inbox where state = 'waiting'") and time.monotonic() < until:
        if deaths and sum(distinct for _, distinct in crowd.effects().values()) >= deaths[0]:
            deaths.pop(0)
            stack.kill_worker(0)
        time.sleep(0.1)
    states = dict(stack.rows("select state, count(*) from slack_inbox where kind = any(%s) group by 1", KINDS))
    assert states == {"done": sum(map(len, crowd.stored().values()))}
    assert before == 0
    assert crowd.effects() == {
        "join": (JOINS, JOINS),
        "message": (MESSAGES, MESSAGES),
        "reaction": (REACTIONS, REACTIONS),
    }
    stack.stop_workers()
