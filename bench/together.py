"""Two web and two worker processes on one database: throughput, nothing crosses, one of each killed without loss."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from typing import Any

import orjson
from bench.place import Place
from bench.wire import Connection, request

from dispatch.kit.db import Database
from dispatch.people.actions import create_organization
from dispatch.people.machines import create_token
from dispatch.projects.actions import create_project

SECOND = "other"
WORDS = "Declared by the bench."


def two_and_two(place: Place, seconds: float) -> dict[str, Any]:
    """Incidents are reported over the API to two organizations through two web processes by 16 clients.

    In the middle one web process and one worker are killed. Clients send again what was not answered, under the same
    key, to the other process.
    """
    place.stop()
    place.start(webs=2, workers=2)
    other = asyncio.run(_second_organization(place))
    tokens = {"default": place.token, SECOND: other}
    accepted: dict[str, dict[str, str]] = {slug: {} for slug in tokens}
    repeated = 0
    number = itertools.count()
    end = time.monotonic() + seconds
    counted: list[float] = []

    async def client(which: int) -> None:
        nonlocal repeated
        port = which % 2
        connection = await Connection.to(place.ports[port])
        while time.monotonic() < end:
            n = next(number)
            slug = ("default", SECOND)[n % 2]
            key = f"{slug}-{n}"
            title = f"{slug} {n}"
            body = orjson.dumps({"title": title, "description": WORDS, "priority": "Low"})
            raw = request(
                "POST", f"/api/v1/{slug}/incidents", body=body,
                headers={
                    "authorization": f"Bearer {tokens[slug]}", "content-type": "application/json", "idempotency-key": key,
                },
            )  # fmt: skip
            while True:
                try:
                    status, answer = await connection.ask(raw)
                except OSError:
                    repeated += 1
                    port = 1 - port
                    connection = await Connection.to(place.ports[port])
                    continue
                break
            assert status == 201, answer
            accepted[slug][title] = orjson.loads(answer)["name"]
            counted.append(time.monotonic())

    def kill() -> None:
        place.webs[1].kill()
        place.workers[1].kill()

    killing = threading.Timer(seconds / 2, kill)
    killing.start()

    async def everybody() -> None:
        await asyncio.gather(*(client(n) for n in range(16)))

    asyncio.run(everybody())
    killing.join()
    half = end - seconds / 2
    before = [at for at in counted if at < half]
    return {
        "per_second_two": len(before) / (seconds / 2),
        "per_second_after_kill": (len(counted) - len(before)) / (seconds / 2),
        "repeated": repeated,
        **_compared(place, accepted),
    }


def _compared(place: Place, accepted: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What was answered, against what is stored: lost, doubled, in the wrong organization."""
    rows = place.rows(
        "select o.slug, s.name, s.title from situation s join organization o on o.id = s.org_id where s.description = %s",
        WORDS,
    )
    stored = {(slug, title): name for slug, name, title in rows}
    lost = [
        title for slug, told in accepted.items() for title, name in told.items() if stored.get((slug, title)) != name
    ]
    crossed = [title for slug, _, title in rows if title.split()[0] != slug]
    doubled = len(rows) - len(stored)
    return {
        "answered": sum(map(len, accepted.values())),
        "stored": len(rows),
        "lost": len(lost),
        "doubled": doubled,
        "crossed": len(crossed),
    }


async def _second_organization(place: Place) -> str:
    db = Database(place.env["DISPATCH_DATABASE_URL"])
    try:
        async with db.system() as t:
            org = await create_organization(t, SECOND)
        async with db.tx(org.id) as t:
            await create_project(t, "default", is_default=True)
            _, token = await create_token(t, name="bench", role="member")
        return token
    finally:
        await db.close()
