"""The sandbox's own switches: faults, rates, clock, calls, snapshot, live stream, the program."""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError
from stage_set import WORKSPACE, Stage, manifest, refusal

from slack_sandbox.calls import ApiCall, Log
from slack_sandbox.client import Refused, SandboxClient
from slack_sandbox.testing import running_sandbox

# Seconds a program may take to start or stop: on a busy machine, long.
PATIENCE = 120


async def raw(stage: Stage, method: str, seconds: float = 60, **arguments: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {stage.keys['bot_token']}"}
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        return await http.post(method, data=arguments, headers=headers, timeout=seconds)


async def test_counted_faults_strike_and_end(stage: Stage) -> None:
    await stage.people.faults(
        {"target": "auth.test", "kind": "ratelimited", "retry_after": 7, "count": 1},
        {"target": "team.info", "kind": "error5xx", "count": 1},
        {"target": "users.info", "kind": "error:user_not_found", "count": 1},
    )
    limited = await raw(stage, "auth.test")
    assert (limited.status_code, limited.headers["retry-after"], limited.json()["error"]) == (429, "7", "ratelimited")
    assert (await raw(stage, "auth.test")).json()["ok"]
    assert (await raw(stage, "team.info")).status_code == 503
    assert (await raw(stage, "team.info")).json()["ok"]
    assert (await raw(stage, "users.info", user=stage.ada)).json()["error"] == "user_not_found"
    assert (await raw(stage, "users.info", user=stage.ada)).json()["ok"]


async def test_a_call_can_be_done_and_never_answered(stage: Stage) -> None:
    await stage.people.faults(
        {"target": "conversations.create", "kind": "timeout_after_work", "seconds": 90, "count": 1}
    )
    with pytest.raises(httpx.ReadTimeout):
        await raw(stage, "conversations.create", seconds=5, name="ghost")
    assert (await raw(stage, "conversations.create", name="ghost")).json()["error"] == "name_taken"
    calls = [call for call in await stage.people.calls() if call["method"] == "conversations.create"]
    assert [call["status"] for call in calls] == [0, 200]


async def test_chance_follows_the_seed(stage: Stage) -> None:
    async def strikes() -> list[bool]:
        await stage.people.faults({"target": "*", "kind": "error5xx", "probability": 0.5}, seed=4)
        return [(await raw(stage, "api.test")).status_code == 503 for _ in range(12)]

    first = await strikes()
    assert first == await strikes()
    assert True in first
    assert False in first


async def test_a_fault_can_hold_for_one_workspace(stage: Stage) -> None:
    await stage.people.faults({"target": "auth.test", "kind": "error5xx", "team": "T0OTHER"})
    assert (await raw(stage, "auth.test")).status_code == 200


async def test_events_can_be_doubled_and_delayed_past_each_other(stage: Stage) -> None:
    await stage.people.faults({"target": "event", "kind": "duplicate", "count": 1})
    await stage.people.change_user(stage.bo, real_name="Bo 2")
    await stage.app.until(lambda: len(stage.app.events("user_change")) == 2)
    ids = [body["event_id"] for body in stage.app.of("event") if body["event"]["type"] == "user_change"]
    assert len(set(ids)) == 1
    await stage.people.faults({"target": "event", "kind": "reorder", "count": 1})
    await stage.people.change_user(stage.bo, real_name="Bo 3")
    await stage.people.change_user(stage.bo, real_name="Bo 4")
    await stage.app.until(lambda: len(stage.app.events("user_change")) == 4)
    names = [event["user"]["real_name"] for event in stage.app.events("user_change")][2:]
    assert names == ["Bo 4", "Bo 3"]


async def test_unknown_fault_kinds_are_refused(stage: Stage) -> None:
    with pytest.raises(Refused) as caught:
        await stage.people.faults({"target": "*", "kind": "gremlins"})
    assert caught.value.status == 422


async def test_rates_hold_by_the_sandboxs_clock(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    await stage.people.settings(rates=True)
    codes = [(await raw(stage, "chat.postMessage", channel=channel, text="x")).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    answer = await raw(stage, "chat.postMessage", channel=channel, text="x")
    assert answer.headers["retry-after"] == "1"
    await stage.people.advance(1.1)
    assert (await raw(stage, "chat.postMessage", channel=channel, text="x")).status_code == 200
    for n in range(20):
        await raw(stage, "conversations.create", name=f"c{n}")
    assert (await raw(stage, "conversations.create", name="over")).status_code == 429


async def test_calls_are_logged_without_tokens(stage: Stage) -> None:
    await raw(stage, "users.info", user=stage.ada, token="xoxb-secret")
    call = (await stage.people.calls())[-1]
    assert (call["method"], call["args"], call["token_kind"], call["team"]) == (
        "users.info",
        {"user": stage.ada},
        "bot",
        stage.team,
    )
    assert "xox" not in json.dumps(await stage.people.calls())
    assert await stage.people.calls(since=call["n"]) == []


def test_the_log_of_calls_keeps_the_newest_within_its_size() -> None:
    def call(n: int, size: int) -> ApiCall:
        return ApiCall(n, 0.0, None, None, "api.test", b"{}", b'"' + b"x" * size + b'"', 1.0)

    log: Log[ApiCall] = Log(rows=5, size=1000)
    for _ in range(8):
        log.add(call(log.number(), 10))
    assert [row["n"] for row in log.since(0)] == [4, 5, 6, 7, 8]
    log.add(call(log.number(), 970))
    assert [row["n"] for row in log.since(0)] == [8, 9]
    log.add(call(log.number(), 5000))
    assert [row["n"] for row in log.since(0)] == [10]
    log.add(call(log.number(), 10))
    assert [row["n"] for row in log.since(0)] == [11]


async def test_a_snapshot_brings_everything_back(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    ts = (await stage.bot.chat_postMessage(channel=channel, text="kept"))["ts"]
    await stage.bot.pins_add(channel=channel, timestamp=ts)
    taken = await stage.people.snapshot()
    assert {"id", "users", "channels", "apps"} <= set(taken["workspaces"][0])
    await stage.people.reset()
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.auth_test()
    assert refusal(caught) == "invalid_auth"
    await stage.people.restore(taken)
    assert (await stage.bot.conversations_history(channel=channel))["messages"][1]["text"] == "kept"
    assert (await stage.bot.pins_list(channel=channel))["items"][0]["message"]["ts"] == ts
    with pytest.raises(Refused) as refused:
        await stage.people.restore({"workspaces": [{"name": "no id"}]})
    assert refused.value.status == 422


async def test_the_same_seed_gives_the_same_ids() -> None:
    async def ids() -> Any:
        async with running_sandbox(seed=7) as running:
            made = await running.client.call("POST", "workspaces", WORKSPACE)
            keys = await running.client.app(made["team"]["id"], manifest("http://127.0.0.1:9"))
            return made["team"]["id"], [user["id"] for user in made["users"]], keys

    assert await ids() == await ids()


async def test_seeding_again_changes_instead_of_doubling(stage: Stage) -> None:
    team = {"id": stage.team, "name": "Acme 2", "domain": "acme"}
    made = await stage.people.workspace(team, [{"name": "ada", "real_name": "Ada L."}, {"name": "dee"}])
    assert made["users"][0]["id"] == stage.ada
    keys = await stage.people.app(stage.team, manifest(stage.app.url))
    assert keys == stage.keys
    space = (await stage.people.call("GET", "workspaces"))["workspaces"][0]
    assert (space["name"], len(space["apps"])) == ("Acme 2", 1)
    assert space["apps"][0]["commands"][0]["usage_hint"] == "[text]"


async def test_a_bad_manifest_is_refused_with_pointers(stage: Stage) -> None:
    bad = manifest(stage.app.url, name="Bad", scopes=["chat:write", "no:such", "commands"], events=["no_event"])
    with pytest.raises(Refused) as caught:
        await stage.people.app(stage.team, bad)
    assert caught.value.error == "invalid_manifest"
    texts = " ".join(error["message"] for error in caught.value.body["errors"])
    assert "no:such" in texts
    assert "no_event" in texts
    unreachable = manifest(stage.app.url, name="Bad")
    del unreachable["settings"]["event_subscriptions"]["request_url"]
    with pytest.raises(Refused) as caught:
        await stage.people.app(stage.team, unreachable)
    assert caught.value.body["errors"] == [
        {
            "message": "Event Subscription requires either Request URL or Socket Mode Enabled",
            "pointer": "/settings/event_subscriptions",
        }
    ]


async def test_the_stream_tells_ids_and_keeps_ephemerals_private(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, stage.bo)
    heard: dict[str, list[dict[str, str]]] = {stage.ada: [], stage.bo: []}
    listening = asyncio.Semaphore(0)

    async def listen(person: str) -> None:
        url = f"{stage.running.base_url}/sandbox/stream"
        async with aiohttp.ClientSession() as http, http.get(url, params={"as": person}) as answer:
            listening.release()
            async for line in answer.content:
                if line.startswith(b"data: "):
                    heard[person].append(json.loads(line[6:]))

    tasks = [asyncio.create_task(listen(person)) for person in heard]
    for _ in tasks:
        await listening.acquire()
    await asyncio.sleep(0.05)
    await stage.bot.chat_postEphemeral(channel=channel, user=stage.ada, text="psst")
    await stage.app.until(lambda: heard[stage.ada])
    await stage.bot.chat_postMessage(channel=channel, text="hello")
    await stage.app.until(lambda: heard[stage.bo])
    assert heard[stage.ada][0] == {"type": "message", "channel": channel, "user": stage.ada}
    assert heard[stage.bo] == [{"type": "message", "channel": channel}]
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_unread_counts_follow_reading(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.bot.chat_postMessage(channel=channel, text=f"<@{stage.ada}> look")

    async def row() -> dict[str, Any]:
        return next(one for one in await stage.people.channels(stage.ada) if one["id"] == channel)

    assert ((await row())["unread"], (await row())["mentions"]) == (1, 1)
    await stage.people.call("POST", f"users/{stage.ada}/mark", {"channel": channel})
    assert (await row())["unread"] == 0


async def test_uploads_by_people_and_by_apps(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    body = {"channel": channel, "name": "log.txt", "content": "boom", "comment": "see"}
    said = await stage.people.call("POST", f"users/{stage.ada}/uploads", body)
    async with httpx.AsyncClient() as http:
        got = await http.get(
            said["files"][0]["url_private"], headers={"Authorization": f"Bearer {stage.keys['bot_token']}"}
        )
    assert got.text == "boom"
    sent = await stage.bot.files_upload_v2(channel=channel, content="alert: 1", filename="alert.json", title="Alert")
    assert sent["file"]["title"] == "Alert"
    assert any(row.get("files", [{}])[0].get("name") == "alert.json" for row in await stage.people.messages(channel))


@pytest.mark.process
async def test_the_program_keeps_its_state_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    async def start() -> tuple[asyncio.subprocess.Process, str]:
        program = [
            sys.executable,
            "-m",
            "slack_sandbox.cli",
            "start",
            "--port",
            "0",
            "--snapshot",
            str(file),
            "--seed",
            "3",
        ]
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        assert process.stdout
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        return process, line.split()[2].rstrip("/")

    process, url = await start()
    async with SandboxClient(url) as client:
        made = await client.call("POST", "workspaces", WORKSPACE)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    process, url = await start()
    async with SandboxClient(url) as client:
        assert (await client.call("GET", "workspaces"))["workspaces"][0]["id"] == made["team"]["id"]
    process.send_signal(signal.SIGINT)
    await asyncio.wait_for(process.wait(), PATIENCE)


@pytest.mark.process
async def test_the_program_starts_without_what_only_some_need() -> None:
    """Each of these takes a tenth of the start, which has a second."""
    code = "import sys; from slack_sandbox import serving; serving.create_app(); print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    loaded = (await asyncio.wait_for(process.communicate(), PATIENCE))[0].decode().split()
    assert "slack_sandbox.methods.chat" in loaded
    assert {"aiohttp", "cryptography", "joserfc", "jsonschema", "slack_sdk"} & set(loaded) == set()


async def test_the_clock_stands_still_until_it_is_moved(stage: Stage) -> None:
    first = await stage.people.stop_clock()
    assert (await stage.people.stop_clock())["now"] == first["now"]
    assert (await stage.people.advance(90))["now"] == first["now"] + 90
    going = await stage.people.start_clock()
    assert going["running"]
    assert going["now"] >= first["now"] + 90
    assert (await stage.people.stop_clock())["now"] > going["now"]


async def test_calls_are_read_in_pages(stage: Stage) -> None:
    for n in range(5):
        await raw(stage, "conversations.create", name=f"page-{n}")
    everything = await stage.people.calls()
    first = await stage.people.calls(limit=2)
    assert [call["n"] for call in first] == [call["n"] for call in everything][:2]
    rest = await stage.people.calls(first[-1]["n"], limit=1000)
    assert [call["n"] for call in [*first, *rest]] == [call["n"] for call in everything]
    with pytest.raises(Refused):
        await stage.people.calls(limit=0)
