"""SIGKILL after the acknowledgement: every event that Slack was told is ours has its effect, once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from dispatch.desk import sample
from dispatch.kit.embedded.testing import database_url
from dispatch.kit.slack.manifest import manifest
from tests.process.stack import Stack, running_stack
from tests.slack_side import SlackSide

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

PEOPLE, CHANNELS = 100, 10


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as made:
        yield made


def prepared(stack: Stack) -> SlackSide:
    """Ten past incidents have a channel, and the workspace a hundred people nobody knows yet."""
    app = httpx.post(
        f"{stack.slack_url}/sandbox/apps", json={"team": sample.TEAM, "manifest": manifest(stack.web_url, sample.SLUG)}
    ).json()
    people = [
        {"id": f"U0P{n:03d}", "name": f"p{n}", "real_name": f"Person {n}", "email": f"p{n}@example.com"} for n in range(PEOPLE)
    ]
    team = {"id": sample.TEAM, "name": "Example Company", "domain": "example"}
    httpx.post(f"{stack.slack_url}/sandbox/workspaces", json={"team": team, "users": people}, timeout=60).raise_for_status()
    with psycopg.connect(database_url(stack.cluster.superuser_url, "dispatch")) as connection:
        connection.execute(
            "insert into slack_channel (team_id, name, org_id, subject_kind, subject_id, channel_id, foreign_name, reserved_at)"
            " select %s, 'past-' || n, org_id, 'incident', id, 'C0PAST' || n, false, now()"
            " from (select row_number() over (order by id) as n, org_id, id from situation) s where n <= %s",
            [sample.TEAM, CHANNELS],
        )
    web = httpx.AsyncClient(base_url=stack.web_url, timeout=30)
    return SlackSide(web, sample.SLUG, app["team_id"], app["app_id"], app["signing_secret"], bot=app["bot_user_id"])


def arrived(stack: Stack) -> int:
    return int(
        stack.rows(
            "select count(*) from participant p join situation s on s.org_id = p.org_id and s.id = p.situation_id"
            " join person on person.org_id = p.org_id and person.id = p.person_id"
            " join slack_channel c on c.subject_id = s.id where person.email like 'p%%@example.com'"
        )[0][0]
    )


def test_a_thousand_acknowledged_events_have_a_thousand_effects(stack: Stack) -> None:
    slack = prepared(stack)
    joins = [(f"U0P{n:03d}", f"C0PAST{c + 1}") for n in range(PEOPLE) for c in range(CHANNELS)]
    random.Random(5).shuffle(joins)
    stack.start_workers(1)

    async def send() -> float:
        queue = iter(enumerate(joins))

        async def client() -> None:
            for n, (user, channel) in queue:
                happened = {"type": "member_joined_channel", "user": user, "channel": channel, "channel_type": "C"}
                answer = await slack.event(happened, event_id=f"Ev0JOIN{n:05d}")
                assert answer.status_code == 200
                if n == 400:
                    stack.kill_worker(0)

        began = time.monotonic()
        await asyncio.gather(*(client() for _ in range(16)))
        took = time.monotonic() - began
        await slack.web.aclose()
        return took

    took = asyncio.run(send())
    stack.kill_web()
    stack.kill_worker(0)
    handled = arrived(stack)
    print(f"{len(joins)} acknowledged in {took:.1f} s ({len(joins) / took:.0f}/s); {handled} had their effect when all was killed")
    assert handled < len(joins)

    stack.start_web()
    until = time.monotonic() + 200
    deaths = [handled + (len(joins) - handled) * share // 4 for share in (1, 2, 3)]
    while (there := arrived(stack)) < len(joins) and time.monotonic() < until:
        if deaths and there >= deaths[0]:
            deaths.pop(0)
            stack.kill_worker(0)
        time.sleep(0.2)
    assert arrived(stack) == len(joins)
    while stack.rows("select from slack_inbox where state = 'waiting'") and time.monotonic() < until:
        time.sleep(0.2)
    assert stack.rows("select state, count(*) from slack_inbox where kind like 'member%%' group by state") == [("done", len(joins))]
    doubled = stack.rows(
        "select person_id, situation_id from participant group by 1, 2 having count(*) > 1"
    )
    assert doubled == []
    stack.stop_workers()
