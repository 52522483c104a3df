"""The client has a method for every call of the test side, and the answers have the shapes it promises."""

import asyncio
import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from stage_set import SCOPES, Stage, manifest

from slack_sandbox import answers
from slack_sandbox.client import Refused, SandboxClient
from slack_sandbox.server import create_app
from slack_sandbox.testing import sandbox_in_thread

Json = dict[str, Any]
DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"
WORDS = {"type": "plain_text", "text": "Probe"}
# Seconds a program may take; on a busy machine, long.
PATIENCE = 240


def fits(shape: Any, answer: Mapping[str, Any]) -> None:
    """The answer has the keys its type names: all of the required ones and no others."""
    assert shape.__required_keys__ <= set(answer) <= set(shape.__annotations__), set(answer) ^ set(
        shape.__annotations__
    )


async def seeding(stage: Stage, people: SandboxClient) -> None:
    made = await people.workspace(
        {"name": "Two", "domain": "two"}, [{"name": "eve"}], [{"name": "general", "members": ["eve"]}]
    )
    fits(answers.Made, made)
    fits(answers.Team, made["team"])
    eve, team = made["users"][0], made["team"]["id"]
    fits(answers.Person, eve)
    fits(answers.Room, made["channels"][0])
    fits(answers.Keys, await people.app(team, manifest(stage.app.url)))
    fits(answers.Room, await people.channel(team, "inc-1", creator=eve["id"]))
    fay = await people.add_user(team, "fay")
    assert (await people.change_user(fay["id"], real_name="Fay W."))["real_name"] == "Fay W."
    (_, space) = await people.workspaces()
    fits(answers.Workspace, space)
    fits(answers.Installed, space["apps"][0])


async def rooms(stage: Stage, people: SandboxClient) -> None:
    channel = (await people.channel(stage.team, "inc-1", creator=stage.ada))["id"]
    assert (await people.rename_channel(channel, "inc-2", by=stage.ada))["previous_names"] == ["inc-1"]
    assert (await people.archive_channel(channel, by=stage.ada))["is_archived"]
    assert not (await people.unarchive_channel(channel, by=stage.ada))["is_archived"]
    await people.workspace(
        {"id": "T0OTHER", "name": "Other", "domain": "other"}, [{"name": "zoe", "email": "zoe@other.test"}]
    )
    assert (await people.share_channel(channel, "T0OTHER", by=stage.ada))["shared_with"] == ["Acme", "Other"]
    assert (await people.unshare_channel(channel, "T0OTHER", by=stage.ada))["shared_with"] == []
    offered = await people.invite_shared(stage.ada, channel, email="zoe@other.test")
    assert (await people.answer_invitation(stage.ada, offered["id"], "decline"))["status"] == "declined"
    assert len(await people.shared_invitations(stage.team)) == 1
    await people.delete_channel(channel, by=stage.ada)
    with pytest.raises(Refused, match="channel_not_found") as refused:
        await people.one_channel(channel)
    assert (refused.value.status, refused.value.error) == (404, "channel_not_found")


async def apps(stage: Stage, people: SandboxClient) -> None:
    app = stage.keys["app_id"]
    fits(answers.Verified, await people.verify_events(app))
    assert (await people.switch_events(app, enabled=False))["events_disabled"]
    keys = await people.app(stage.team, manifest(stage.app.url, name="Socketed", socket=True))
    assert await people.sockets(keys["app_id"]) == 0
    assert await people.disturb_sockets(keys["app_id"], "drop") == 0
    assert await people.revoke_tokens(app, "user") == 1
    await people.uninstall(app)
    assert [one["name"] for one in (await people.workspaces())[0]["apps"]] == ["Socketed"]


async def talking(stage: Stage, people: SandboxClient) -> None:
    channel, ada, bo = stage.general, stage.ada, stage.bo
    said = await people.say(ada, channel, "hello")
    reply = await people.say(bo, channel, "hi", said["ts"], broadcast=True)
    assert reply["subtype"] == "thread_broadcast"
    assert (await people.react(bo, channel, said["ts"], "eyes"))["reactions"] == [
        {"name": "eyes", "users": [bo], "count": 1}
    ]
    assert (await people.edit(ada, channel, said["ts"], "hello all"))["text"] == "hello all"
    assert (await people.pin(ada, channel, said["ts"]))["pins"][0]["ts"] == said["ts"]
    assert (await people.set_topic(ada, channel, "now"))["topic"] == "now"
    assert (await people.set_purpose(ada, channel, "why"))["purpose"] == "why"
    assert stage.cy in (await people.invite(ada, channel, stage.cy))["members"]
    assert stage.cy not in (await people.kick(ada, channel, stage.cy))["members"]
    assert stage.cy in (await people.join(stage.cy, channel))["members"]
    assert stage.cy not in (await people.leave(stage.cy, channel))["members"]
    await people.mark_read(bo, channel)
    assert (await people.one_channel(channel, bo))["unread"] == 0
    shared = await people.upload(ada, channel, "a.txt", "abc", comment="see")
    assert await people.file_content(shared["files"][0]["id"]) == b"abc"
    kept = await people.attach(ada, "b.bin", b"\x00\x01")
    assert (await people.file(kept["id"]))["size"] == 2
    assert [one["name"] for one in await people.files()] == ["a.txt", "b.bin"]
    assert (await people.direct(ada, bo))["kind"] == "im"
    await people.delete(ada, channel, shared["ts"])
    newest = await people.messages(channel, ada, limit=1, before="9")
    assert newest[-1]["ts"] != shared["ts"]
    assert [one["text"] for one in await people.messages(channel, ada, thread=said["ts"])] == ["hello all", "hi"]
    assert {one["name"] for one in await people.channels(bo)} >= {"general"}


async def using(stage: Stage, people: SandboxClient) -> None:
    button = {"type": "button", "action_id": "go", "text": WORDS}
    select = {"type": "external_select", "action_id": "pick", "min_query_length": 0}
    actions = {"type": "actions", "elements": [button, select]}
    wanted = {
        "type": "input",
        "block_id": "t",
        "label": WORDS,
        "element": {"type": "plain_text_input", "action_id": "v"},
    }
    view = {"type": "modal", "title": WORDS, "submit": WORDS, "blocks": [actions, wanted]}
    stage.app.answers["menu"] = lambda _: {"options": [{"text": WORDS, "value": "v"}]}

    async def opens(body: Json) -> str:
        await stage.bot.views_open(trigger_id=body["trigger_id"], view=view)
        return ""

    stage.app.answers["command"] = opens
    channel = await stage.room("inc-1", stage.ada)
    ts = (await stage.bot.chat_postMessage(channel=channel, text="x", blocks=[actions]))["ts"]
    seen = await people.command(stage.ada, channel, "/probe", "now", wait=5)
    fits(answers.Seen, seen)
    fits(answers.Ack, seen["ack"])
    assert seen["view"] is not None
    opened = seen["view"]["id"]
    assert (await people.view(stage.ada))["id"] == opened
    fits(answers.Offered, await people.options(stage.ada, opened, "pick", "p"))
    assert (await people.options_in_message(stage.ada, channel, ts, "pick", "p"))["options"][0]["value"] == "v"
    fits(answers.Seen, await people.act_in_view(stage.ada, opened, "go"))
    fits(answers.Seen, await people.act_in_message(stage.ada, channel, ts, "Probe"))
    outcome = await people.submit(stage.ada, opened, {})
    fits(answers.Outcome, outcome)
    assert (outcome["outcome"], list(outcome["errors"])) == ("errors", ["t"])
    fits(answers.Outcome, await people.close_view(stage.ada, opened))
    fits(answers.Seen, await people.shortcut(stage.ada, "probe_all"))
    await stage.bot.views_publish(user_id=stage.ada, view={"type": "home", "blocks": [{"type": "divider"}]})
    assert (await people.open_home(stage.ada, stage.keys["app_id"]))["view"]["type"] == "home"
    assert (await people.home(stage.ada, stage.keys["app_id"]))["type"] == "home"
    made = await stage.bot.canvases_create(title="Notes", document_content={"type": "markdown", "markdown": "# Hi"})
    assert (await people.canvas(made["canvas_id"]))["markdown"] == "# Hi"
    await stage.bot.usergroups_create(name="On call")
    assert [one["handle"] for one in await people.usergroups()] == ["on-call"]
    fits(answers.Call, (await people.calls())[-1])


async def machinery(stage: Stage, people: SandboxClient) -> None:
    fits(answers.Faults, await people.faults({"target": "auth.test", "kind": "error5xx", "count": 2}))
    fits(answers.Fault, (await people.active_faults())["faults"][0])
    fits(answers.Time, await people.time())
    assert (await people.advance(5))["offset"] >= 5
    assert (await people.start_clock())["running"]
    assert not (await people.stop_clock())["running"]
    fits(answers.Settings, await people.settings())
    assert (await people.settings(commercial=True))["commercial"]
    await people.change_user(stage.bo, real_name="Bo D.")
    await stage.app.until(lambda: stage.app.events("user_change"))
    told = await people.deliveries()
    fits(answers.Deliveries, told)
    async with aclosing(people.stream(stage.ada)) as notes:
        first = asyncio.ensure_future(anext(notes))
        # Until the stream listens, nothing that is told reaches it.
        while not first.done():
            await people.say(stage.bo, stage.general, "again")
            await asyncio.wait([first], timeout=0.05)
        assert (await first)["channel"] == stage.general
    taken = await people.snapshot()
    await people.reset()
    assert await people.workspaces() == []
    await people.restore(taken)
    assert (await people.workspaces())[0]["id"] == stage.team


FAMILIES: dict[Callable[[Stage, SandboxClient], Awaitable[None]], str] = {
    seeding: "POST workspaces · GET workspaces · POST apps · POST channels · POST users · PATCH users/{user}",
    rooms: "POST channels/{channel}/rename · POST channels/{channel}/archive · POST channels/{channel}/unarchive · "
    "DELETE channels/{channel} · GET channels/{channel} · POST channels/{channel}/connections · "
    "DELETE channels/{channel}/connections/{team} · GET shared_invitations · POST users/{user}/shared_invitations · "
    "POST users/{user}/shared_invitations/{invite}",
    apps: "POST apps/{app}/verify · PUT apps/{app}/events · GET apps/{app}/socket · POST apps/{app}/socket · "
    "POST apps/{app}/revoke · DELETE apps/{app}",
    talking: "POST users/{user}/messages · POST users/{user}/reactions · POST users/{user}/edits · POST users/{user}/pins · "
    "POST users/{user}/topics · POST users/{user}/purposes · POST users/{user}/invitations · POST users/{user}/kicks · "
    "POST users/{user}/joins · POST users/{user}/leaves · POST users/{user}/mark · POST users/{user}/uploads · "
    "GET files/{file}/content · POST users/{user}/files · GET files/{file} · GET files · POST users/{user}/dms · "
    "POST users/{user}/deletions · GET channels/{channel}/messages · GET channels",
    using: "POST users/{user}/commands · GET users/{user}/view · POST users/{user}/options · POST users/{user}/actions · "
    "POST users/{user}/views/{view_id}/submit · POST users/{user}/views/{view_id}/close · POST users/{user}/shortcuts · "
    "POST users/{user}/home · GET users/{user}/home · GET canvases/{canvas} · GET usergroups · GET calls",
    machinery: "PUT faults · GET faults · GET clock · POST clock · GET settings · PUT settings · GET deliveries · GET stream · "
    "GET snapshot · POST reset · PUT snapshot",
}
LISTED = {call for calls in FAMILIES.values() for call in calls.split(" · ")}


def spec() -> Json:
    return create_app().openapi()


def operations() -> dict[str, Json]:
    paths = spec()["paths"].items()
    return {
        f"{verb.upper()} {path.removeprefix('/sandbox/')}": about
        for path, verbs in paths
        for verb, about in verbs.items()
    }


@pytest.mark.parametrize("act", list(FAMILIES), ids=lambda act: act.__name__)
async def test_every_call_has_a_method(stage: Stage, act: Any) -> None:
    made: list[str] = []

    class Noting(SandboxClient):
        """Notes each request as it goes out."""

        def _session(self) -> Any:
            http = super()._session()
            if not http.trace_configs:
                tracing = _tracing(made)
                tracing.freeze()
                http.trace_configs.append(tracing)
            return http

    async with Noting(stage.running.base_url) as people:
        await act(stage, people)
    expected = FAMILIES[act].split(" · ")
    patterns = {one: re.compile(re.sub(r"\{\w+\}", "[^/]+", one) + "$") for one in expected}
    assert [one for one, pattern in patterns.items() if not any(map(pattern.match, made))] == []


def _tracing(made: list[str]) -> Any:
    tracing = aiohttp.TraceConfig()

    async def begins(_: Any, __: Any, about: aiohttp.TraceRequestStartParams) -> None:
        made.append(f"{about.method} {about.url.path.removeprefix('/sandbox/')}")

    tracing.on_request_start.append(begins)
    return tracing


def test_the_list_of_calls_is_stable() -> None:
    assert set(operations()) == LISTED


def test_every_method_of_the_client_is_used_and_documented() -> None:
    methods = {name for name, _ in inspect.getmembers(SandboxClient, inspect.isfunction) if not name.startswith("_")}
    used = "\n".join(inspect.getsource(act) for act in FAMILIES)
    assert {name for name in methods if f"people.{name}(" not in used} == {"call", "close"}
    assert [name for name in methods if not inspect.getdoc(getattr(SandboxClient, name))] == []


def test_every_call_is_documented() -> None:
    assert [name for name, about in operations().items() if not about.get("description")] == []
    text = DOCS.read_text()
    last = {name: re.sub(r"/\{\w+\}$", "", name.partition(" ")[2]).rpartition("/")[2] for name in LISTED}
    assert [name for name, word in last.items() if f"/{word}" not in text] == []


def test_the_types_are_shipped() -> None:
    assert (Path(answers.__file__).parent / "py.typed").exists()


def test_a_sandbox_in_a_thread_serves_ordinary_tests() -> None:
    with sandbox_in_thread() as running:
        assert running.run(running.client.workspaces()) == []
        with pytest.raises(Refused, match="team_not_found"):
            running.run(running.client.app("T0NONE", manifest("http://127.0.0.1:9", scopes=SCOPES)))


@pytest.mark.process
async def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (tmp_path / "test_example.py").write_text(example)
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    process = await asyncio.create_subprocess_exec(*program, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
    said = (await asyncio.wait_for(process.communicate(), PATIENCE))[0].decode()
    assert (process.returncode, "1 passed" in said) == (0, True), said
