"""While a restricted incident lives, nothing that others have open so much as moves: no byte on a stream, no App Home drawn.

Every stream there is, found by its address; a stream with a new name (`/live` at its end) is included by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.kit.events import Subject, announce
from dispatch.kit.slack.homes import gather
from dispatch.kit.web import live
from dispatch.kit.web.live import Change, Waiting
from dispatch.people.models import Person
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.canary import DESCRIPTION, NOTE, OUTSIDERS, TASK, TITLE, Scene, addresses, canary
from tests.commands.test_engage_oncall import rotation
from tests.desk.test_home import home_of
from tests.modals import answered
from tests.playing import DEE, JOY, incident, org_id, rows, typed
from tests.stage import ADA, BO, CY, Stage

#: A whole life, with many that listen.
pytestmark = pytest.mark.timeout(400)


class Ear:
    """An open stream and everything that came through it, signs of life aside."""

    def __init__(self, browser: httpx.AsyncClient, address: str) -> None:
        self.address = address
        self.answered = self.is_open = False
        self.heard: list[str] = []
        self.task = asyncio.create_task(self._listen(browser))

    async def _listen(self, browser: httpx.AsyncClient) -> None:
        async with browser.stream("GET", self.address, timeout=600) as answer:
            self.is_open = answer.headers["content-type"].startswith("text/event-stream")
            self.answered = True
            if self.is_open:
                async for line in answer.aiter_lines():
                    if line and not line.startswith(": ping"):
                        self.heard.append(line)


@asynccontextmanager
async def ears(stage: Stage, people: dict[str, str], streams: list[str]) -> AsyncIterator[dict[tuple[str, str], Ear]]:
    """By (who, address): those streams that are open to them; all of them are listening."""
    browsers = {who: await stage.sign_in(email) for who, email in people.items()}
    found = {(who, address): Ear(browser, address) for who, browser in browsers.items() for address in streams}

    async def answered_all() -> bool:
        return all(ear.answered for ear in found.values())

    await stage.eventually(answered_all)
    opened = {key: ear for key, ear in found.items() if ear.is_open}

    async def listening() -> bool:
        return stage.house.live.listeners(await org_id(stage)) == len(opened)

    await stage.eventually(listening)
    try:
        yield opened
    finally:
        for ear in found.values():
            ear.task.cancel()
        await asyncio.gather(*(ear.task for ear in found.values()), return_exceptions=True)
        for browser in browsers.values():
            await browser.aclose()


async def as_person(
    stage: Stage, name: str, act: Callable[[Any, Situation, Person], Awaitable[Any]], *, who: str = "bo"
) -> None:
    """Something that somebody does to an incident, in a transaction of its own."""
    async with stage.house.db.tx(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        person = (await t.scalars(select(Person).where(Person.email == f"{who}@example.com"))).one()
        await act(t, situation, person)


async def a_life(stage: Stage, beside: str) -> list[str]:
    """Restricted incidents, reported in Slack and on the web, worked on by every command, linked with an open one, closed, opened again."""
    name, channel = await incident(stage, Title=TITLE, Description=DESCRIPTION, Visibility="restricted")
    browser = await stage.sign_in("bo@example.com")
    other = await stage.report_on_the_web(browser, title=f"{TITLE} too", visibility="restricted")
    await browser.aclose()
    await stage.settle()
    said = await stage.slack.say(BO, channel, NOTE)
    await stage.slack.react(BO, channel, said["ts"], "stopwatch")
    for command, values in (
        ("/dispatch-notifications-group", {"E-mail addresses": "board@example.com"}),
        ("/dispatch-report-tactical", {"Conditions": DESCRIPTION, "Actions": NOTE, "Needs": TASK}),
        ("/dispatch-report-executive", {"Current Status": DESCRIPTION, "Overview": NOTE, "Next Steps": TASK}),
        ("/dispatch-create-task", {"Task Description": TASK}),
        ("/dispatch-add-timeline-event", {"Description": NOTE}),
        ("/dispatch-update-incident", {"Title": f"{TITLE} again", "Status": "Stable"}),
        ("/dispatch-update-incident", {"Status": "Closed", "Resolution": NOTE}),
    ):
        view = await typed(stage, ADA, channel, command)
        answer = await stage.slack.submit(ADA, view["id"], dict(values))
        assert answer["outcome"] in ("closed", "updated"), (command, answer)
        await answered(stage)
        await stage.settle()
        if answer["outcome"] == "updated":
            await stage.slack.close_view(ADA, answer["view"]["id"])
    async with stage.house.db.read(await org_id(stage)) as t:
        seen = (await t.scalars(select(Situation).where(Situation.name == beside))).one()
        twin = (await t.scalars(select(Situation).where(Situation.name == other))).one()
    await as_person(stage, name, lambda t, s, who: actions.change_status(t, s.id, "Active", by=who))
    await stage.settle()
    [service] = await rows(stage, "select id from rotation where name = 'Databases'")
    await as_person(stage, name, lambda t, s, who: actions.engage_oncall(t, s, service["id"], by=who, note=NOTE))
    await as_person(stage, name, lambda t, s, who: actions.relate(t, s, seen, by=who))
    await as_person(stage, name, lambda t, s, who: actions.unrelate(t, s, seen, by=who))
    await as_person(stage, name, lambda t, s, who: actions.tell_apart(t, s, seen, by=who))
    await as_person(stage, name, lambda t, s, who: actions.merge(t, s, twin, by=who))
    await stage.settle()
    return [name, other]


@pytest.fixture
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """With a canary of its own, so that Slack's first requests have come in."""
    async with canary(stage) as made:
        await rotation(stage, "ada")
        yield made


async def test_no_stream_of_an_outsider_gets_a_byte_while_restricted_incidents_live(stage: Stage, scene: Scene) -> None:
    streams = [address for address in addresses(scene, "GET") if address.endswith("/live")]
    assert {"/default/home/live", "/default/setup/live"} < set(streams)
    beside = scene.values["name"][-1]
    assert beside != scene.name
    await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
    async with ears(stage, {"bo": "bo@example.com", **OUTSIDERS}, streams) as opened:
        assert ("bo", f"/default/incidents/{scene.name}/live") in opened
        for who in OUTSIDERS:
            assert (who, "/default/home/live") in opened
            assert (who, f"/default/incidents/{beside}/live") in opened, "nothing would be heard of what is linked"
            assert (who, f"/default/incidents/{scene.name}/live") not in opened
        assert ("owner", "/default/setup/live") in opened
        await a_life(stage, beside)

        async def bo_heard() -> bool:
            return bool(
                opened["bo", "/default/home/live"].heard and opened["bo", f"/default/incidents/{beside}/live"].heard
            )

        await stage.eventually(bo_heard)
        for (who, address), ear in opened.items():
            assert who == "bo" or ear.heard == [], f"{address} tells {who} that something happened"
        # They listen all the same: of the open one they are told.
        await as_person(
            stage, beside, lambda t, s, who: actions.add_note(t, s, "For all to read", author=who, source="web")
        )

        async def all_heard() -> bool:
            return all(
                ear.heard for (_, address), ear in opened.items() if address != f"/default/incidents/{scene.name}/live"
            )

        await stage.eventually(all_heard)


async def test_the_first_request_from_slack_moves_no_home(stage: Stage) -> None:
    """The very first thing Slack tells is a restricted incident: admins, whose home has the set-up guide, hear nothing."""
    people = {role: email for role, email in OUTSIDERS.items() if role != "owner"}
    async with ears(stage, people, ["/default/home/live"]) as opened:
        name = await stage.report(BO, Title=TITLE, Visibility="restricted")
        await stage.settle()
        await stage.slack.say(BO, (await stage.channel_of(name))["id"], NOTE)
        await stage.settle()

        async def proved() -> bool:
            [row] = await rows(stage, "select event_at, command_at, action_at from slack_directory limit 1")
            return all(row.values())

        await stage.eventually(proved)
        assert {who: ear.heard for (who, _), ear in opened.items()} == {who: [] for who in people}
        other = await stage.report(CY, Title="Open to all")
        assert other

        async def all_heard() -> bool:
            return all(ear.heard for ear in opened.values())

        await stage.eventually(all_heard)


async def test_however_much_happens_in_one_nobody_else_reads_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that cannot follow re-reads everything. A flood of one restricted incident must not look like that."""
    assert live.MOST >= 1_000
    name = await stage.report(BO, Title=TITLE, Visibility="restricted")
    await stage.settle()
    [row] = await rows(stage, "select id from situation where name = :name", name=name)
    async with ears(stage, {"member": OUTSIDERS["member"], "bo": "bo@example.com"}, ["/default/home/live"]) as opened:
        async with stage.house.db.tx(await org_id(stage)) as t:
            for _ in range(20):
                for part in (
                    "timeline",
                    "summary",
                    "steps",
                    "participants",
                    "tasks",
                    "reports",
                    "resources",
                    "related",
                ):
                    await announce(t, Subject("incident", row["id"]), part)

        async def bo_heard() -> bool:
            return bool(opened["bo", "/default/home/live"].heard)

        await stage.eventually(bo_heard)
        assert opened["member", "/default/home/live"].heard == []


def test_changes_wait_once_each_and_only_very_many_become_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 3)
    waiting = Waiting()
    for _ in range(50):
        waiting.add(Change(Subject("incident", 1), "timeline"))
        waiting.add(Change(Subject("incident", 1), "steps"))
    assert waiting.take() == {Change(Subject("incident", 1), "timeline"), Change(Subject("incident", 1), "steps")}
    assert waiting.take() == set()
    for number in range(4):
        waiting.add(Change(Subject("incident", number), "timeline"))
    assert waiting.take() == {None}


async def test_no_app_home_of_an_outsider_is_drawn_or_published_while_restricted_incidents_live(
    stage: Stage, scene: Scene
) -> None:
    beside = scene.values["name"][-1]
    await stage.slack.close_view(BO, (await stage.slack.view(BO))["id"])
    others = (CY, DEE, JOY)
    for user in (BO, *others):
        await home_of(stage, user, "What is going on")
    await answered(stage)
    await stage.settle()

    async def homes() -> dict[str, tuple[Any, ...]]:
        """What is known of each opened home once all recorded changes were gathered."""
        async with stage.house.db.tx(await org_id(stage)) as t:
            await gather(t)
        found = await rows(stage, "select user_id, changes, shown, drawn_at, due_at from opened_home")
        return {row["user_id"]: tuple(row.values()) for row in found}

    before, since = await homes(), max(call["n"] for call in await stage.slack.calls())
    assert set(others) < set(before)
    await a_life(stage, beside)
    after = await homes()
    assert after[BO] != before[BO]
    assert {user: after[user] for user in others} == {user: before[user] for user in others}
    published = [
        call["args"]["user_id"] for call in await stage.slack.calls(since) if call["method"] == "views.publish"
    ]
    assert set(published) <= {ADA, BO}
    # Of what they may see they are shown more.
    await as_person(stage, beside, lambda t, s, who: actions.change_visibility(t, s.id, "restricted", by=who))
    assert {user for user, row in (await homes()).items() if row == after[user]} == set()
