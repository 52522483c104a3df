"""The same scenarios over Socket Mode: every test of the main job, and what is special about sockets."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from dispatch.kit.errors import Refused
from dispatch.kit.slack import sockets
from dispatch.kit.slack.registry import Installation
from dispatch.kit.slack.sockets import AppSocket, Sockets, run_named
from tests.scenarios import test_report_incident as main_job
from tests.scenarios.test_requests_from_slack import configure, org_id
from tests.stage import BO, COMMAND, CY, Stage, connected, over_sockets

pytestmark = over_sockets

globals().update({name: test for name, test in vars(main_job).items() if name.startswith("test_")})


async def open_sockets(stage: Stage) -> int:
    return int((await stage.slack.call("GET", f"apps/{stage.app['app_id']}/socket"))["connections"])


async def disturb(stage: Stage, reason: str) -> None:
    await stage.slack.call("POST", f"apps/{stage.app['app_id']}/socket", {"reason": reason})


async def ours(stage: Stage) -> Installation:
    return (await stage.house.installations.of_org(await org_id(stage)))[0]


def keeper(stage: Stage, holder: str) -> Sockets:
    """Another process that looks after sockets."""
    h = stage.house
    return Sockets(h.db, h.dispatcher, open_link=h.installations.socket_link, session=h.http, holder=holder, every=0.1)


async def work(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = (await stage.web.get("/healthz/work")).json()
    return found


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "drop"])
@pytest.mark.seed("socket mode", "setting Socket Mode App Token")
async def test_a_person_does_not_notice_that_the_connection_is_renewed(stage: Stage, reason: str) -> None:
    await disturb(stage, reason)
    for _ in range(5):
        answer = await stage.slack.command(BO, stage.general, COMMAND)
        if answer["ack"]["error"] is None:
            break
        # Between a connection that broke without a word and the next one there is none; people try again.
        assert reason in ("drop", "refresh_requested")
        await asyncio.sleep(0.5)
    assert (await stage.form(BO))["blocks"]
    await connected(stage.slack, stage.app["app_id"])


async def test_events_sent_while_the_connection_breaks_arrive(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    await stage.slack.faults({"target": "event", "kind": "drop_socket", "count": 2})
    await stage.slack.invite(BO, channel, CY)
    browser = await stage.sign_in("bo@example.com")

    async def there() -> bool:
        await stage.slack.advance(70)
        return "Cy Okafor" in (await browser.get(f"/default/incidents/{name}/fragments/participants")).text

    await stage.eventually(there, timeout=40)
    await browser.aclose()


async def test_a_second_process_opens_no_second_socket(stage: Stage) -> None:
    second = asyncio.create_task(keeper(stage, "second").run())
    await asyncio.sleep(0.6)
    assert await open_sockets(stage) == 1
    async with stage.house.db.system() as t:
        rows = (await t.execute(sockets.text("select holder from slack_socket"))).scalars().all()
    assert rows == [stage.house.name]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def test_a_dead_process_is_replaced_after_its_lease(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage.house.db.system() as t:
        # What a killed process leaves behind: a lease that nobody renews, and a socket Slack has closed.
        await t.execute(
            sockets.text(
                "insert into slack_socket (app_key, holder, org_id, instance_id, named, lease_until, connections, trouble)"
                " select app_key, 'killed', org_id, instance_id, true, clock_timestamp() + interval '1 second', 1, ''"
                " from slack_socket"
            )
        )
    await connected(stage.slack, stage.app["app_id"], count=0)
    await connected(stage.slack, stage.app["app_id"], count=1)
    async with stage.house.db.system() as t:
        assert (await t.execute(sockets.text("select holder from slack_socket"))).scalars().all() == [stage.house.name]


async def test_a_process_started_for_the_app_goes_before(stage: Stage) -> None:
    h = stage.house
    app = AppSocket(
        h.db,
        h.dispatcher,
        await ours(stage),
        open_link=h.installations.socket_link,
        session=h.http,
        holder="named",
        named=True,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(run_named(app, stop))

    async def taken() -> bool:
        async with h.db.system() as t:
            return (
                await t.execute(sockets.text("select holder from slack_socket where connections > 0"))
            ).scalars().all() == ["named"]

    await stage.eventually(taken)
    await connected(stage.slack, stage.app["app_id"])
    assert (await stage.slack.command(BO, stage.general, COMMAND))["ack"]["error"] is None
    stop.set()
    await asyncio.wait_for(task, 15)

    async def back() -> bool:
        async with h.db.system() as t:
            return (
                await t.execute(sockets.text("select holder from slack_socket where connections > 0"))
            ).scalars().all() == [h.name]

    await stage.eventually(back)


async def test_link_disabled_is_said_and_a_named_process_ends(stage: Stage) -> None:
    h = stage.house
    app = AppSocket(
        h.db,
        h.dispatcher,
        await ours(stage),
        open_link=h.installations.socket_link,
        session=h.http,
        holder="named",
        named=True,
    )
    task = asyncio.create_task(run_named(app, asyncio.Event()))

    async def both() -> bool:
        return app.socket.health.connections == 1

    await stage.eventually(both)
    await disturb(stage, "link_disabled")
    with pytest.raises(Refused, match="Socket Mode is turned off"):
        await asyncio.wait_for(task, 15)

    async def troubled() -> bool:
        found = (await work(stage))["sockets"]
        return bool(found["connected"] == 0 and found["troubled"] == 1)

    await stage.eventually(troubled)


async def test_health_tells_how_the_sockets_do(stage: Stage) -> None:
    async def well() -> bool:
        answer = await stage.web.get("/healthz/work")
        found = answer.json()["sockets"]
        return bool(
            answer.status_code == 200
            and found["connected"] == 1
            and found["troubled"] == 0
            and found["silent_seconds"] < 60
        )

    await stage.eventually(well)
    metrics = (await stage.web.get("/metrics")).text
    assert 'dispatch_slack_sockets{state="connected"} 1.0' in metrics
    [silent] = re.findall(r"^dispatch_slack_socket_silent_seconds ([0-9.]+)", metrics, re.M)
    assert float(silent) < 60


async def test_an_app_token_taken_away_closes_the_socket_and_a_new_one_opens_it(stage: Stage) -> None:
    for project in ("default", "payments"):
        await configure(stage, {"socket_mode_app_token": ""}, project=project)
    await connected(stage.slack, stage.app["app_id"], count=0)
    await configure(stage, {"socket_mode_app_token": stage.app["app_token"]})
    await connected(stage.slack, stage.app["app_id"])
