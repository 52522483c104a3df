"""The single measurements. Each takes the place and how long it may run, and answers plain figures."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import uvloop
from bench.fake_slack import message_ts
from bench.load import Figure, closed_loop, figure, median
from bench.machine import cpu_seconds, megabytes
from bench.place import BO, Place
from bench.rows import grow_to
from bench.wire import request

from dispatch.kit import embedded
from dispatch.kit.db import Database, OrgId
from dispatch.people.queries import person
from dispatch.situations.actions import change_status

Result = dict[str, Any]


def loop(
    place: Place, port: int | list[int], make: Callable[[int], bytes], *, seconds: float, runs: int,
    after: Callable[[], None] = lambda: None, **more: Any,
) -> Result:  # fmt: skip
    """The middle of several runs, each with the yardstick right before it and the processor time it cost."""
    yardsticks, figures, costs = [], [], []
    postmaster = embedded.status(place.folder).pid or 0
    for _ in range(runs):
        yardsticks.append(
            uvloop.run(closed_loop(place.raw_port, lambda _: request("GET", "/"), seconds=min(5.0, seconds)))
        )
        web, db = sum(cpu_seconds(p.pid) for p in place.webs), cpu_seconds(postmaster)
        one = uvloop.run(closed_loop(port, make, seconds=seconds, **more))
        figures.append(one)
        costs.append(
            (
                (sum(cpu_seconds(p.pid) for p in place.webs) - web) / max(1, one.count) * 1000,
                (cpu_seconds(postmaster) - db) / max(1, one.count) * 1000,
            )
        )
        after()
    chosen = median(figures)
    web_ms, db_ms = costs[figures.index(chosen)]
    return {
        **asdict(chosen),
        "raw_per_second": median(yardsticks).per_second,
        "raw_p95": median(yardsticks).p95,
        "web_cpu_ms": web_ms,
        "db_cpu_ms": db_ms,
        "runs": [round(f.per_second, 1) for f in figures],
    }


def command_ack(place: Place, seconds: float, runs: int) -> Result:
    """/dispatch-report-incident typed by 16 people: answered when the modal is open."""
    made = loop(place, place.port, place.command, seconds=seconds, runs=runs)
    opened = place.slack("/calls")["counts"].get("views.open", 0)
    return {**made, "modals_opened": opened}


def event_ack(place: Place, kind: str, seconds: float, runs: int) -> Result:
    """Events in ten channels of incidents: durable before Slack is answered, handled by the worker in order.

    Args:
        kind: `join`: somebody comes; `message`: somebody writes; `reaction`: each message marked by four people for the
            timeline, and read in Slack before it is entered there.
    """
    place.latency(0)
    names = [report(place, f"Events {n}") for n in range(10)]
    settle(place, names, 120)
    channels = [
        row[0] for row in place.rows("select external_id from resource where org_id = 1 and kind = 'conversation'")
    ]
    people = ["U0ADA", "U0BO", "U0DEE", "U0JOY"]
    number = itertools.count()
    start = int(time.time())

    def happened(n: int) -> dict[str, Any]:
        user, channel, ts = people[n % len(people)], channels[n // len(people) % len(channels)], f"{time.time():.6f}"
        if kind == "join":
            return {"type": "member_joined_channel", "user": user, "channel": channel, "team": "T0DEMO", "event_ts": ts}
        if kind == "message":
            said = {"text": f"Word {n}", "channel_type": "group", "client_msg_id": f"{n}"}
            return {"type": "message", "user": user, "channel": channel, "ts": ts, "event_ts": ts, **said}
        item = {"type": "message", "channel": channel, "ts": message_ts(start, n // len(people) // len(channels))}
        return {"type": "reaction_added", "user": user, "reaction": "stopwatch", "item": item, "event_ts": ts}

    def event(_: int) -> bytes:
        n = next(number)
        body = {
            "type": "event_callback", "team_id": "T0DEMO", "api_app_id": "A0DISPATCH", "event_id": f"Ev{start}{n:07d}",
            "event_time": int(time.time()), "event": happened(n),
        }  # fmt: skip
        return place.signed("event", orjson.dumps(body), "application/json")

    left, drained = 0, 0.0
    waiting = "select count(*) from slack_inbox where state = 'waiting'"

    def settled() -> None:
        """After each run, so that none pays for the one before it; the longest counts."""
        nonlocal left, drained
        ended = time.monotonic()
        left = max(left, place.rows(waiting)[0][0])
        while place.rows(waiting)[0][0] and time.monotonic() - ended < 300:
            time.sleep(0.1)
        drained = max(drained, time.monotonic() - ended)

    made = loop(place, place.port, event, seconds=seconds, runs=runs, after=settled)
    done, dead = place.rows(
        "select count(*) filter (where state = 'done'), count(*) filter (where state = 'dead') from slack_inbox"
    )[0]
    entries = (
        place.rows("select count(*) from timeline_note where source = 'reaction'")[0][0] if kind == "reaction" else None
    )
    return {
        **made, "waiting_at_end": left, "drained_after": drained, "done": done, "dead": dead,
        "entries": entries, "expected_entries": -(-next(number) // len(people)),
    }  # fmt: skip


def lists(place: Place, seconds: float, runs: int) -> Result:
    """The incident list at three sizes, by one person and by sixteen; the search at the largest."""
    made: Result = {}
    for size in (1_000, 10_000, 100_000):
        grow_to(place, size)
        page = place.page("/default/incidents")
        for clients in (1, 16):
            made[f"list_{size}_{clients}"] = loop(
                place, place.port, lambda _, page=page: page, seconds=seconds, runs=runs, clients=clients
            )
    for name, typed in (("common", "failover"), ("rare", "failover+unreachable+99999"), ("none", "zebra")):
        found = place.page(f"/default/incidents?q={typed}")
        made[f"search_{name}"] = loop(place, place.port, lambda _: found, seconds=seconds, runs=runs, clients=1)  # noqa: B023
    one = place.page("/default/incidents/INC-500")
    made["incident_page"] = loop(place, place.port, lambda _: one, seconds=seconds, runs=runs, clients=1)
    return made


def status_change(place: Place, seconds: float, runs: int) -> Result:
    """The action alone, committed: what a click costs beyond the request around it."""
    grow_to(place, 1_000)
    rows = place.rows("select id from situation where org_id = 1 and status = 'Active' order by id desc limit 200")

    async def work() -> Figure:
        db = Database(place.env["DISPATCH_DATABASE_URL"])
        times = []
        async with db.read(OrgId(1)) as t:
            ada = await person(t, 1)
        # The first few pay for what every process prepares once.
        for n, (id,) in enumerate(rows):
            began = time.perf_counter()
            async with db.tx(OrgId(1)) as t:
                await change_status(t, id, "Stable", by=ada)
            if n >= 5:
                times.append(time.perf_counter() - began)
        await db.close()
        return figure(times, wrong=0, seconds=sum(times) or 1, load_before=0)

    return asdict(uvloop.run(work()))


def submit(place: Place, times: int) -> Result:
    """From pressing Report to the channel with reporter and commander, and to the end of all steps."""
    made: Result = {}
    settle(place, [report(place, "Warm up")], 60)
    for name, latency, together in (("150ms", 0.15, 1), ("0ms", 0.0, 1), ("0ms_8", 0.0, 8)):
        place.latency(latency)
        people, everything = [], []
        for round_ in range(times if together == 1 else max(1, times // 4)):
            place.slack("/clear")
            began, names = press_report(place, [f"Submit {name} {round_} {n}" for n in range(together)])
            settle(place, names, 120)
            calls = place.slack("/calls")["calls"]
            ids = {c["channel"] for c in calls if c["method"] == "conversations.create"}
            invited = [c["at"] for c in calls if c["method"] == "conversations.invite" and c["channel"] in ids]
            people.append(max(invited) - began)
            done = place.rows(
                "select extract(epoch from max(s.done_at)) from flow_step s join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
                " join situation i on i.org_id = r.org_id and i.id = r.subject_id where i.name = any(%s) and r.flow = 'incident.set_up'",
                names,
            )[0][0]
            everything.append(float(done) - began)
        made[name] = {
            "people": statistics.median(people), "people_worst": max(people), "all": statistics.median(everything),
            "all_worst": max(everything), "times": len(people), "together": together,
        }  # fmt: skip
    place.latency(0)
    return made


def report(place: Place, title: str) -> str:
    """Through Slack's requests: the command, the filled form; the incident's name."""
    return press_report(place, [title])[1][0]


def press_report(place: Place, titles: list[str]) -> tuple[float, list[str]]:
    """All at once; (when Report was pressed, the incidents' names)."""
    return asyncio.run(_report_together(place, titles))


async def _report_together(place: Place, titles: list[str]) -> tuple[float, list[str]]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", timeout=60) as http:
        view = await form_in_slack(place, http)
        pressed = time.time()
        return pressed, list(
            await asyncio.gather(*(submit_in_slack(place, http, view, title, n) for n, title in enumerate(titles)))
        )


async def form_in_slack(place: Place, http: httpx.AsyncClient) -> dict[str, Any]:
    """The form as Dispatch draws it, taken from the fake Slack."""
    await _send(http, place.command(int(time.time() * 1e6), user=BO))
    async with asyncio.timeout(30):
        while True:
            view: dict[str, Any] = place.slack("/view")
            if any(block["type"] == "input" for block in view.get("blocks", [])):
                return view
            await asyncio.sleep(0.02)


async def submit_in_slack(place: Place, http: httpx.AsyncClient, view: dict[str, Any], title: str, n: int) -> str:
    """Press Report; the incident's name."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        typed: dict[str, Any] = {"type": element["type"]}
        if element["type"] == "plain_text_input":
            typed["value"] = title
        elif element.get("initial_option"):
            typed["selected_option"] = element["initial_option"]
        values[block["block_id"]] = {element["action_id"]: typed}
    payload = {
        "type": "view_submission", "team": {"id": "T0DEMO"}, "api_app_id": "A0DISPATCH", "user": {"id": BO},
        "view": {**view, "id": f"V{time.time_ns()}{n}", "state": {"values": values}},
    }  # fmt: skip
    answer = await _send(http, place.signed("action", urlencode({"payload": orjson.dumps(payload)}).encode()))
    said = answer.json()
    assert said.get("response_action") == "update", said
    return str(said["view"]["title"]["text"])


async def _send(http: httpx.AsyncClient, raw: bytes) -> httpx.Response:
    """A request made for the load generator, sent by an ordinary client."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines if not line.startswith(("host", "content-length")))
    return (await http.request(method, path, content=body, headers=headers)).raise_for_status()


def settle(place: Place, names: list[str], seconds: float) -> None:
    """Until every step of these incidents ended."""
    until = time.monotonic() + seconds
    left = (
        "select count(*) from flow_step s join flow_run r on r.org_id = s.org_id and r.id = s.run_id"
        " join situation i on i.org_id = r.org_id and i.id = r.subject_id"
        " where i.name = any(%s) and s.state in ('pending', 'running')"
    )
    while place.rows(left, names)[0][0]:
        if time.monotonic() > until:
            late = place.rows(left.replace("count(*)", "i.name, s.name, s.state, s.attempts, s.reason"), names)
            raise AssertionError(f"did not end: {late[:5]}")
        time.sleep(0.1)


def cold_start(place: Place, times: int) -> Result:
    """From exec to ready, the database being up."""
    took = []
    place.stop()
    for _ in range(times):
        began = time.perf_counter()
        place.start_web()
        took.append(time.perf_counter() - began)
        place.stop()
    place.start()
    return {"median": statistics.median(took), "worst": max(took), "times": times}


def footprint(place: Place, idle_seconds: float) -> Result:
    """Memory after 1,000 requests of all kinds, and what runs when nobody asks for anything."""
    page, api = place.page("/default/incidents"), place.api("GET", "/default/incidents")
    kinds = [
        lambda n: place.command(n),
        lambda _: page,
        lambda _: api,
        lambda _: place.page("/default/incidents/INC-5"),
    ]

    async def thousand() -> None:
        from bench.wire import Connection  # noqa: PLC0415

        connection = await Connection.to(place.port)
        for n in range(1000):
            await connection.ask(kinds[n % len(kinds)](n))
        connection.close()

    uvloop.run(thousand())
    time.sleep(3)
    postmaster = embedded.status(place.folder).pid or 0
    pids = {"web": place.webs[0].pid, "worker": place.workers[0].pid, "postgres": postmaster}
    made: Result = {f"{name}_mb": megabytes(pid) for name, pid in pids.items()}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(idle_seconds)
    made |= {
        f"{name}_idle_percent": (cpu_seconds(pid) - before[name]) / idle_seconds * 100 for name, pid in pids.items()
    }
    return made
