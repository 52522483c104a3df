"""What leaves the house about a restricted incident: in Slack, by mail, by webhook, into logs and shared tables.

Every call that Dispatch made to Slack is looked at, whatever its method, and so is every command, shortcut, button and
option list that is registered: tomorrow's are included.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from dispatch.desk import sample
from dispatch.kit import logs
from dispatch.kit.db import GLOBAL_TABLES
from dispatch.kit.slack import registry
from slack_sandbox import triggers
from slack_sandbox.client import Refused
from slack_sandbox.state import View
from tests.canary import CANARY, DESCRIPTION, NOTE, TASK, TITLE, canary, clean
from tests.playing import incident, rows, typed
from tests.receivers import Mailbox, Pager
from tests.slack_side import SlackSide
from tests.stage import ADA, BO, CY, Stage

#: Who takes part, as Slack knows them.
INSIDE = {ADA, BO}


#: View id -> whose screen it was on; the sandbox forgets views that are closed.
WHOSE: dict[str, str] = {}


class Remembered(dict[str, View]):
    """The sandbox's views, with a note of whose each was."""

    def __setitem__(self, id: str, view: View) -> None:
        WHOSE[id] = view.user_id
        super().__setitem__(id, view)


@pytest.fixture(autouse=True)
def _whose(stage: Stage) -> None:
    WHOSE.clear()
    stage.box.state.views = Remembered()


def readers(stage: Stage, call: dict[str, Any]) -> set[str]:
    """Who can read what a call to Slack wrote. A call this does not understand fails, until somebody says who reads it."""
    box, args, result = stage.box, call["args"], call["result"]
    view = args.get("view_id") or (result.get("view") or {}).get("id")
    if view:
        return {WHOSE[view]}
    if args.get("user") or args.get("user_id"):
        return {str(args.get("user") or args.get("user_id"))}
    place = args.get("channel") or args.get("channel_id") or (result.get("channel") or {}).get("id")
    if str(place).startswith("U"):
        return {str(place)}
    channel = box.state.channels.get(str(place))
    assert channel is not None, f"who reads {call['method']} {args}? Teach tests/test_leaks_outside.py"
    if channel.kind == "public":
        return {CY}
    return set(channel.members) - {stage.app["bot_user_id"]}


async def told_nobody_else(stage: Stage, since: int = 0) -> None:
    """No call carried the canary to somebody outside; nothing an outsider can look at in Slack has it."""
    seen = 0
    for call in await stage.slack.calls(since):
        if call["method"].startswith(("auth.", "oauth.")) or not CANARY.search(json.dumps(call["args"])):
            continue
        seen += 1
        if call["result"].get("ok"):
            assert readers(stage, call) <= INSIDE, f"{call['method']} {call['args']} is read by {readers(stage, call)}"
    assert since or seen, "nothing was said about it at all: this would prove nothing"
    for channel in await stage.slack.channels(as_=CY):
        clean(str(channel), "a channel's head", CANARY)
        clean(str(await stage.slack.messages(channel["id"], as_=CY)), f"messages in {channel['name']}", CANARY)


async def answered(stage: Stage) -> None:
    """Until what Dispatch does after an answer is done."""
    async with asyncio.timeout(60):
        while stage.house.dispatcher._background:
            await asyncio.sleep(0.02)


async def background(stage: Stage) -> None:
    """Until everything that was set off is done."""
    await answered(stage)
    await stage.settle()


async def shown_to(stage: Stage, user: str) -> str:
    """The modal on somebody's screen, if any."""
    return str(await stage.slack.call("GET", f"users/{user}/view", or_null=True))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, wherever earlier tests of this process sent it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    written = io.StringIO()
    logs.configure("INFO", json=False, stream=written)
    yield written
    root.handlers[:], level, sys.excepthook, threading.excepthook, sys.unraisablehook = before
    root.setLevel(level)
    structlog.reset_defaults()


async def test_a_life_of_a_restricted_incident_reaches_nobody_else(
    stage: Stage, mailbox: Mailbox, pager: Pager, log: io.StringIO
) -> None:
    """Reported, called, worked on, reported about, closed; with steps that fail on the way."""
    # A step of each kind of failure: what it says must not be the title either.
    await stage.slack.faults(
        {"target": "conversations.setTopic", "kind": "error:invalid_arguments", "count": 1},
        {"target": "bookmarks.add", "kind": "error5xx", "count": 1},
    )
    _, channel = await incident(stage, Title=TITLE, Description=DESCRIPTION, Visibility="restricted")
    view = await typed(stage, ADA, channel, "/dispatch-notifications-group")
    await stage.slack.submit(ADA, view["id"], {"E-mail addresses": "cy@example.com, board@example.com"})
    for command, values in (
        ("/dispatch-report-tactical", {"Conditions": DESCRIPTION, "Actions": NOTE, "Needs": TASK}),
        ("/dispatch-report-executive", {"Current Status": DESCRIPTION, "Overview": NOTE, "Next Steps": TASK}),
        ("/dispatch-create-task", {"Task Description": TASK}),
        ("/dispatch-add-timeline-event", {"Description": NOTE}),
        ("/dispatch-update-incident", {"Title": f"{TITLE} again", "Status": "Stable"}),
        ("/dispatch-update-incident", {"Status": "Closed", "Resolution": NOTE}),
    ):
        view = await typed(stage, ADA, channel, command)
        labels = {block["label"]["text"] for block in view["blocks"] if block["type"] == "input"}
        assert set(values) <= labels, (command, labels)
        answer = await stage.slack.submit(ADA, view["id"], dict(values))
        assert answer["outcome"] in ("closed", "updated"), (command, answer)
        await background(stage)
        if answer["outcome"] == "updated":
            await stage.slack.close_view(ADA, answer["view"]["id"])
    # Calls that nobody answers: mail and webhook carry the name and a link, nothing else.
    waiting = await stage.report(BO, Title=f"{TITLE} too", Description=DESCRIPTION, Visibility="restricted")
    await stage.settle()
    await stage.advance(minutes=3)

    async def called_again() -> bool:
        return any(page["round"] > 1 for page in await stage.pages(waiting))

    await stage.eventually(called_again)
    await background(stage)
    assert mailbox.to("cy@example.com") and mailbox.to("ada@example.com") and pager.pages
    for mail in mailbox.arrived.values():
        clean(mail.as_string(), f"the mail to {mail['To']}", CANARY)
        clean(str(mail.get_body(("plain",)) and mail.get_body(("plain",)).get_content()), f"the mail to {mail['To']}", CANARY)  # type: ignore[union-attr]
    clean(json.dumps(list(pager.pages.values())), "the webhook", CANARY)
    await told_nobody_else(stage)
    # What the steps of it said is for those who see it; the rest of the house has nothing to say.
    for table in sorted({*GLOBAL_TABLES, "jobs.pgqueuer", "jobs.pgqueuer_log"}):
        async with stage.house.db.system() as t:
            if (await t.execute(text("select to_regclass(:name)"), {"name": table})).scalar() is None:
                assert table.startswith("jobs."), table
                continue
            everything = [str(row[0]) for row in await t.execute(text(f"select x::text from {table} x"))]
        clean("\n".join(everything), f"the table {table}", CANARY)
    assert await rows(stage, "select id from situation where title ~* 'xylophonic'")
    printed = log.getvalue()
    assert printed.count("\n") > 10, "nothing was logged"
    clean(printed, "the log", CANARY)
    for secret in (stage.app["bot_token"], stage.app["signing_secret"]):
        assert secret not in printed, "the log has a secret"


async def test_slack_shows_it_to_no_outsider_whatever_they_press(stage: Stage, log: io.StringIO) -> None:
    """Each command, shortcut, button and option list; App Home; and links, posted by whoever."""
    async with canary(stage) as scene:
        [own] = await rows(stage, "select id from situation where name = :name", name=scene.name)
        slack = SlackSide(
            stage.web, sample.SLUG, stage.app["team_id"], stage.app["app_id"], stage.app["signing_secret"],
            bot=stage.app["bot_user_id"],
        )  # fmt: skip
        box = stage.box
        app, cy, general = box.app(stage.app["app_id"]), box.user(CY), box.channel(stage.general)
        await background(stage)
        since = len(await stage.slack.calls())
        assert await slack_pieces(stage, scene.name) > 10
        user = {"id": CY, "team_id": stage.app["team_id"]}
        metadata = json.dumps({"id": own["id"]})
        values = (f"default/{own['id']}", f"default/{scene.name}", str(own["id"]))
        for action, value, channel in itertools.product(registry.actions, values, (stage.general, scene.channel)):
            # As if the button had been carried out of its channel, or a stranger's press had come from inside.
            payload = {
                "type": "block_actions", "user": user, "channel": {"id": channel, "name": "x"},
                "trigger_id": triggers.trigger(box, app, cy, channel=general),
                "container": {"type": "message", "channel_id": channel, "message_ts": "1.2"},
                "actions": [{"action_id": action, "block_id": "b", "type": "button", "value": value, "action_ts": "1.2",
                             "selected_option": {"value": value}}],
            }  # fmt: skip
            answer = await slack.interaction(payload)
            assert answer.status_code == 200, (action, answer.text)
            clean(answer.text, f"the button {action} with {value}", CANARY)
        for load in registry.options:
            for typed_in in ("xyloph", scene.name, ""):
                payload = {
                    "type": "block_suggestion", "user": user, "action_id": load, "block_id": "b", "value": typed_in,
                    "channel": {"id": stage.general}, "view": {"private_metadata": metadata},
                }  # fmt: skip
                clean((await slack.interaction(payload, "menu")).text, f"the options {load} for {typed_in!r}", CANARY)
        await background(stage)
        clean(await shown_to(stage, CY), "the modal of an outsider", CANARY)
        # Otherwise the buttons would not have got as far as to look for it.
        assert log.getvalue().count("slack_request_refused") > len(registry.actions)
        await told_nobody_else(stage, since)


async def slack_pieces(stage: Stage, name: str) -> int:
    """Type every command and use every shortcut as an outsider; App Home and link previews. How many were tried."""
    tried = 0
    said = await stage.slack.say(CY, stage.general, f"What is {stage.base_url}/default/incidents/{name}?")
    # By somebody who takes part, in a channel that everybody reads: a preview would be for everybody.
    await stage.slack.say(BO, stage.general, f"Look: {stage.base_url}/default/incidents/{name}")
    for command in registry.commands.values():
        for words in ("", name, f"acme-eu {name}"):
            answer = await stage.slack.command(CY, stage.general, command.default_name, words)
            clean(str(answer), f"{command.default_name} {words} for an outsider", CANARY)
            await answered(stage)
            clean(await shown_to(stage, CY), f"the modal of {command.default_name} {words}", CANARY)
            tried += 1
        view: Any = await stage.slack.call("GET", f"users/{CY}/view", or_null=True)
        for block in (view or {}).get("blocks", []):
            element = block.get("element") or block.get("accessory") or {}
            if element.get("type", "").endswith("external_select"):
                offered = await stage.slack.options(CY, view["id"], element["action_id"], "xyloph")
                clean(str(offered), f"options of {command.default_name}", CANARY)
    for shortcut in registry.shortcuts.values():
        message = {"channel": stage.general, "ts": said["ts"]} if shortcut.kind == "message" else None
        clean(str(await stage.slack.shortcut(CY, shortcut.callback_id, message)), shortcut.callback_id, CANARY)
        await answered(stage)
        clean(await shown_to(stage, CY), f"the modal of {shortcut.callback_id}", CANARY)
        tried += 1
    await stage.slack.open_home(CY, stage.app["app_id"])

    async def home() -> str:
        try:
            return str(await stage.slack.home(CY, stage.app["app_id"]))
        except Refused:  # the sandbox says 404 until the first one is published
            return ""

    clean(await stage.eventually(home), "App Home of an outsider", CANARY)
    await background(stage)
    return tried
