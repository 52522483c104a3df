"""What leaves the house about a restricted incident: in Slack, by mail, by webhook, into logs and shared tables.

Every call that Dispatch made to Slack is looked at, whatever its method, and so is every command, shortcut, button and
option list that is registered: tomorrow's are included.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import select, text

from dispatch.desk import sample
from dispatch.kit import logs
from dispatch.kit.db import GLOBAL_TABLES, libpq_url
from dispatch.kit.slack import registry
from dispatch.oncall.models import Rotation
from dispatch.people.models import Person
from dispatch.projects.models import Priority
from dispatch.reports.actions import write_report
from dispatch.situations.actions import assign_role, engage_oncall
from dispatch.situations.models import Situation
from slack_sandbox.client import Refused
from slack_sandbox.state import View
from tests.canary import CANARY, DESCRIPTION, NOTE, TASK, TITLE, belongings, canary, clean
from tests.commands.test_engage_oncall import rotation
from tests.modals import answered, every_modal, filled_in, press, slack_side, without_limits
from tests.people.browsing import make_project_admin
from tests.playing import incident, org_id, rows, typed
from tests.receivers import Mailbox, Pager
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
        clean(
            str(mail.get_body(("plain",)) and mail.get_body(("plain",)).get_content()),
            f"the mail to {mail['To']}",
            CANARY,
        )  # type: ignore[union-attr]
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


@pytest.mark.parametrize("role", ["member", "project admin"])
async def test_slack_shows_it_to_no_outsider_whatever_they_type(stage: Stage, role: str) -> None:
    """Each command and shortcut; App Home; and links, posted by whoever."""
    if role == "project admin":
        await make_project_admin(stage, "cy@example.com")
    async with canary(stage) as scene:
        await background(stage)
        since = len(await stage.slack.calls())
        assert await slack_pieces(stage, scene.name) > 10
        await background(stage)
        clean(await shown_to(stage, CY), "the modal of an outsider", CANARY)
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


async def far_ids(stage: Stage) -> None:
    """What is made from now on has ids that nothing made before has, in whatever table."""
    url = stage.house.db.url.replace("//dispatch_app@", "//dispatch_owner@")
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True) as owner:
        await owner.execute(
            "select setval(pg_get_serial_sequence(format('%I', table_name), 'id'), 700000)"
            " from information_schema.columns c where table_schema = 'public' and column_name = 'org_id' and exists"
            " (select from information_schema.columns i where i.table_schema = 'public' and i.table_name = c.table_name"
            " and i.column_name = 'id' and i.is_identity = 'YES')"
        )


class Told:
    """What was said to people since it was asked last, in any order."""

    def __init__(self, stage: Stage, since: int) -> None:
        self.stage, self.since = stage, since

    async def lately(self) -> list[str]:
        await answered(self.stage)
        said = []
        for call in await self.stage.slack.calls(self.since):
            self.since = max(self.since, call["n"])
            if not call["method"].startswith("auth."):
                kept = {
                    key: value for key, value in call["args"].items() if key not in ("trigger_id", "hash", "view_id")
                }
                said.append(f"{call['method']} {json.dumps(kept, sort_keys=True)}")
        return sorted(said)


async def test_a_forged_form_or_button_tells_an_outsider_nothing_and_changes_nothing(
    stage: Stage, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed by Slack, and naming what a stranger may not know of: answered as if it named what is not there.

    Every form, button, menu and option list that is registered; each once with the canary and once with a made-up number.
    """
    gone = 999_999
    without_limits(stage, monkeypatch)
    # Whoever runs the project has every right that a member has, and this one no more than they.
    await make_project_admin(stage, "cy@example.com")
    _, everybodys = await incident(stage, acknowledged=False)
    await far_ids(stage)
    async with canary(stage) as scene:
        [row] = await rows(stage, "select id from situation where name = :name", name=scene.name)
        own = int(row["id"])
        await something_of_everything(stage, own)
        forms: dict[str, dict[str, Any]] = {}
        carried: dict[str, str] = {}
        async for opened in every_modal(stage, BO, scene.channel, own):
            if opened.callback in registry.submissions and opened.callback not in forms:
                forms[opened.callback] = await filled_in(stage, opened, BO, other=CY)
                carried[opened.callback] = str(opened.view["private_metadata"])
        assert set(forms) == set(registry.submissions), "nothing in tests/modals.py opens the others"
        # All but reporting are about an incident, and say which.
        assert {callback for callback, metadata in carried.items() if str(own) not in metadata} == {"report_incident"}
        await background(stage)

        before, slack = await belongings(stage, own), slack_side(stage)
        numbers = sorted(
            {int(each["id"]) for table, found in before.items() if table != "event" for each in found if "id" in each}
        )
        assert own in numbers and min(numbers) > 700_000
        assert all(before[table] for table in ("hand_off", "engagement", "report", "task", "page", "participant")), (
            before.keys()
        )
        seen, began = (
            log.getvalue().count("slack_request_refused"),
            max(call["n"] for call in await stage.slack.calls()),
        )
        told = Told(stage, began)
        user = {"id": CY, "team_id": stage.app["team_id"]}

        def alike(named: list[str], made_up: list[str], what: str) -> None:
            said = sorted(re.sub(r"\b7000\d\d\b", str(gone), each) for each in named)
            differs = (
                [each[:500] for each in said if each not in made_up],
                [each[:500] for each in made_up if each not in said],
            )
            assert said == sorted(made_up), f"{what} tells that it is there: {differs}"
            clean(str(named), what, CANARY)
            assert not re.search(rf"\b{scene.name}\b", str(named)), f"{what} names it: {named}"

        for callback, view in forms.items():
            if callback == "report_incident":
                continue
            answers = []
            for number in (own, gone):
                forged = view | {
                    "callback_id": callback,
                    "private_metadata": carried[callback].replace(str(own), str(number)),
                }
                answer = await slack.interaction(
                    {"type": "view_submission", "user": user, "view": forged, "response_urls": []}
                )
                assert answer.status_code == 200, (callback, answer.text)
                answers.append([answer.text, *await told.lately()])
            alike(answers[0], answers[1], f"the form {callback}")
            assert "that you may see" in answers[0][0], (callback, answers)

        any_form = forms["create_task"]
        for inside in (False, True):
            made_up: list[str] = []
            # In a view it is the view that says which; in a message the button's value does.
            for number in [gone, *([own] if inside else numbers)]:
                for action in registry.actions:
                    view = any_form | {"private_metadata": json.dumps({"id": number})} if inside else None
                    answer = await press(stage, CY, action, f"{sample.SLUG}/{number}", stage.general, view)
                    assert (answer.status_code, answer.text) == (200, ""), (action, answer.text)
                said = await told.lately()
                if number == gone:
                    made_up = said
                    assert len(said) > len(registry.actions) / 2
                alike(said, made_up, f"a button about {number}")

        for load in registry.options:
            for typed_in in ("xyloph", scene.name, ""):
                answers = []
                for number in (own, gone):
                    payload = {
                        "type": "block_suggestion", "user": user, "action_id": load, "block_id": "b", "value": typed_in,
                        "channel": {"id": stage.general}, "view": {"private_metadata": json.dumps({"id": number})},
                    }  # fmt: skip
                    answers.append([(await slack.interaction(payload, "menu")).text, *await told.lately()])
                alike(answers[0], answers[1], f"the options {load} for {typed_in!r}")

        for word in ("", *registry.words):
            both: list[list[str]] = []
            for name in (scene.name, "INC-987654"):
                answer = await slack.command("/dispatch", f"{word} {name}", user=CY, channel=everybodys)
                both.append(
                    [re.sub(name, "*", each, flags=re.IGNORECASE) for each in (answer.text, *await told.lately())]
                )
            alike(both[0], both[1], f"/dispatch {word}")

        await background(stage)
        assert await belongings(stage, own) == before
        # Otherwise they would not have got as far as to look for it.
        assert log.getvalue().count("slack_request_refused") > seen + len(registry.actions)
        await told_nobody_else(stage, began)
        clean(log.getvalue(), "the log", CANARY)


async def something_of_everything(stage: Stage, situation_id: int) -> None:
    """The incident has an open offer of the command, a call, a promise; and Bo, who reported it, may open every form."""
    await rotation(stage, "eli")
    async with stage.house.db.tx(await org_id(stage)) as t:
        people = {each.email: each for each in await t.scalars(select(Person))}
        bo, eli = people["bo@example.com"], people["eli@example.com"]
        situation = (await t.scalars(select(Situation).where(Situation.id == situation_id))).one()
        # On the most urgent ones anybody may take the command, with a reason.
        situation.priority_id = (
            await t.execute(
                select(Priority.id)
                .where(Priority.project_id == situation.project_id)
                .order_by(Priority.rank.desc())
                .limit(1)
            )
        ).scalar_one()
        await t.flush()
        await assign_role(t, situation, eli, "Commander", by=bo)
        [service] = await t.scalars(select(Rotation.id).where(Rotation.name == "Databases"))
        await engage_oncall(t, situation, service, by=bo, note=NOTE)
        report = {"conditions": DESCRIPTION, "actions": NOTE, "needs": TASK}
        await write_report(t, situation, "tactical", report, by=bo, next_minutes=30)
    await background(stage)
    await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
