"""Every provider but Slack hangs: mail server and paging webhook take connections and never answer."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import orjson
from bench.measures import press_report, report, settle
from bench.place import Place

from dispatch.desk import sample
from dispatch.kit.crypto import Vault
from dispatch.kit.db import Database
from dispatch.people.queries import organization
from dispatch.plugins import discover
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.queries import projects

#: Seconds between two reports.
EVERY = 10.0


def outage(place: Place, seconds: float) -> dict[str, Any]:
    """While it lasts, an incident every ten seconds: until channel with people, announcement, and a join's participant."""
    place.latency(0)
    with silent() as port:
        # The first one pays for what every process prepares once.
        settle(place, [report(place, "Warm up")], 60)
        asyncio.run(_configure(place, port))
        people, announced, joined = [], [], []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number = len(people)
            place.slack("/clear")
            began, [name] = press_report(place, [f"Outage {number}"])
            channel = _until(partial(_channel, place, name))
            calls = _until(partial(_done, place, channel))
            people.append(max(c["at"] for c in calls if _brings_in(c, channel)) - began)
            announced.append(max(c["at"] for c in calls if c["channel"] == "#incidents") - began)
            joined.append(_join(place, name, channel, f"U0JOIN{number}"))
            print(
                f"{number:3} people {people[-1]:.2f} announced {announced[-1]:.2f} joined {joined[-1]:.2f}", flush=True
            )
            time.sleep(max(0.0, EVERY - (time.time() - began)))
        stuck = place.rows("select count(*) from flow_step where state in ('pending', 'running') and attempts > 0")[0][
            0
        ]
    return {
        "seconds": seconds, "incidents": len(people), "stuck_steps": stuck,
        "people": statistics.median(people), "people_worst": max(people),
        "announced": statistics.median(announced), "announced_worst": max(announced),
        "joined": statistics.median(joined), "joined_worst": max(joined),
    }  # fmt: skip


@contextmanager
def silent() -> Iterator[int]:
    """A port where connections are taken by the system and nobody ever says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4096)
        yield int(listener.getsockname()[1])


async def _configure(place: Place, port: int) -> None:
    plugins = dict(discover())
    vault = Vault.from_text(place.env["DISPATCH_SECRET_KEY"])
    db = Database(place.env["DISPATCH_DATABASE_URL"])
    try:
        async with db.system() as t:
            org = await organization(t, sample.SLUG)
        assert org is not None
        async with db.tx(org.id) as t:
            for project in await projects(t):
                for slug, values in (
                    ("smtp", {"host": "127.0.0.1", "port": port, "security": "none", "sender": "dispatch@example.com"}),
                    ("webhook", {"url": f"http://127.0.0.1:{port}/", "signing_secret": "a-secret-of-the-bench"}),
                ):
                    await configure_plugin(t, project, plugins[slug], values, vault=vault, enabled=True)
    finally:
        await db.close()


def _channel(place: Place, name: str) -> str | None:
    found = place.rows(
        "select r.external_id from resource r join situation s on s.org_id = r.org_id and s.id = r.situation_id"
        " where s.name = %s and r.kind = 'conversation'",
        name,
    )
    return found[0][0] if found else None


def _done(place: Place, channel: str) -> list[dict[str, Any]] | None:
    calls: list[dict[str, Any]] = place.slack("/calls")["calls"]
    announced = any(c["channel"] == "#incidents" for c in calls)
    return calls if announced and any(_brings_in(c, channel) for c in calls) else None


def _brings_in(call: dict[str, Any], channel: str) -> bool:
    """Into this channel: people who are called for earlier incidents are brought into theirs meanwhile."""
    return bool(call["method"] == "conversations.invite" and call["channel"] == channel)


def _join(place: Place, name: str, channel: str, user: str) -> float:
    """Somebody nobody knows comes into the channel; the seconds until they are a participant."""
    now = time.time()
    body = {
        "type": "event_callback", "team_id": "T0DEMO", "api_app_id": "A0DISPATCH", "event_id": f"EvJOIN{user}",
        "event_time": int(now),
        "event": {"type": "member_joined_channel", "user": user, "channel": channel, "team": "T0DEMO", "event_ts": f"{now:.6f}"},
    }  # fmt: skip
    raw = place.signed("event", orjson.dumps(body), "application/json")
    head, _, content = raw.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    headers.pop("content-length", None)
    url = f"http://127.0.0.1:{place.port}/api/v1/{sample.SLUG}/events/slack/event"
    httpx.post(url, content=content, headers=headers).raise_for_status()
    there = (
        "select 1 from participant p join situation s on s.org_id = p.org_id and s.id = p.situation_id"
        " join person on person.org_id = p.org_id and person.id = p.person_id where s.name = %s and person.email = %s"
    )
    email = f"{user.removeprefix('U0').lower()}@example.com"
    _until(lambda: place.rows(there, name, email))
    return time.time() - now


def _until(ask: Any, seconds: float = 60.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < until, "not within a minute"
        time.sleep(0.02)
    return found
