"""A page is drawn, something changes, only then the page begins to listen: it is told all the same, of what whoever looks may see."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from sqlalchemy import select, text

from dispatch.kit.db import OrgId
from dispatch.kit.errors import Invalid
from dispatch.kit.events import Subject, announce
from dispatch.kit.web import live
from dispatch.kit.web.live import Change
from dispatch.situations import actions
from dispatch.situations.models import Situation
from tests.canary import TITLE
from tests.playing import org_id
from tests.stage import BO, CY, Stage
from tests.test_leaks_live import as_person, ears


async def stream_of(browser: httpx.AsyncClient, page: str) -> str:
    """The address under which the page, drawn now, will listen."""
    found = re.search(r'sse-connect="([^"]+)"', (await browser.get(page)).text)
    assert found, f"{page} does not listen"
    return found[1]


async def subject(stage: Stage, name: str) -> Subject:
    async with stage.house.db.read(await org_id(stage)) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        return Subject(situation.kind, situation.id)


async def note(stage: Stage, name: str) -> None:
    """A note in the timeline, and the web process has heard of it."""
    about = await subject(stage, name)
    with stage.house.live.watch(await org_id(stage), about) as waiting:
        await as_person(stage, name, lambda t, s, who: actions.add_note(t, s, "By hand", author=who, source="web"))
        await waiting.some()


@pytest.mark.parametrize(("page", "part"), [("/default/incidents/{}", "timeline"), ("/default", "now")])
async def test_what_changed_between_drawing_and_listening_is_told(stage: Stage, page: str, part: str) -> None:
    name = await stage.report()
    await stage.settle()
    browser = await stage.sign_in("bo@example.com")
    address = await stream_of(browser, page.format(name))
    await note(stage, name)
    async with ears(stage, {"bo": "bo@example.com"}, [address]) as opened:

        async def heard() -> bool:
            return f"event: {part}" in opened["bo", address].heard

        await stage.eventually(heard)
    await browser.aclose()


async def test_what_the_page_shows_already_is_not_told_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SKEW", 0.0)
    name = await stage.report()
    await stage.settle()
    browser = await stage.sign_in("bo@example.com")
    await note(stage, name)
    address = await stream_of(browser, f"/default/incidents/{name}")
    about = await subject(stage, name)
    async with ears(stage, {"bo": "bo@example.com"}, [address]) as opened:
        async with stage.house.db.tx(await org_id(stage)) as t:
            await announce(t, about, "tasks")

        async def heard() -> bool:
            return "event: tasks" in opened["bo", address].heard

        await stage.eventually(heard)
        assert "event: timeline" not in opened["bo", address].heard
    await browser.aclose()


async def test_outsiders_are_not_told_of_a_restricted_one_afterwards_either(stage: Stage) -> None:
    seen = await stage.report(CY, Title="Open to all")
    await stage.settle()
    # Clocks of two processes may differ: what was just before the drawing is told, too. Not here, where only silence counts.
    await note(stage, seen)
    started = time.time()
    streams = [f"/default/home/live?since={started + live.SKEW}"]
    name = await stage.report(BO, Title=TITLE, Visibility="restricted")
    await stage.settle()
    await note(stage, name)
    async with ears(stage, {"bo": "bo@example.com", "cy": "cy@example.com"}, streams) as opened:

        async def bo_heard() -> bool:
            return bool(opened["bo", streams[0]].heard)

        await stage.eventually(bo_heard)
        assert opened["cy", streams[0]].heard == []
        await note(stage, seen)

        async def all_heard() -> bool:
            return all(ear.heard for ear in opened.values())

        await stage.eventually(all_heard)


async def test_what_is_no_longer_known_may_be_anything(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    address = f"/default/incidents/{name}/live?since=0"
    async with ears(stage, {"bo": "bo@example.com"}, [address]) as opened:

        async def heard() -> bool:
            return {"event: timeline", "event: steps", "event: tasks"} <= set(opened["bo", address].heard)

        await stage.eventually(heard)
    browser = await stage.sign_in("bo@example.com")
    answer = await browser.get(f"/default/incidents/{name}/live?since=yesterday")
    assert answer.status_code == Invalid.status
    await browser.aclose()


async def test_what_was_said_while_the_connection_was_broken_may_be_anything(stage: Stage) -> None:
    org = await org_id(stage)
    about = Subject("incident", 1)
    watching = stage.house.live

    async def whole() -> bool:
        with watching.watch(org, about, since=time.time() + live.SKEW) as waiting:
            return waiting.take() == set()

    await stage.eventually(whole)
    drawn = time.time()
    with watching.watch(org, about) as witness:
        async with stage.house.db.tx(org) as t:
            ended = await t.scalars(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and query ilike 'listen %'"
                )
            )
            assert any(ended)
        await witness.some()
        assert None in witness.take()
    with watching.watch(org, about, since=drawn) as waiting:
        assert waiting.take() == {None}
    await stage.eventually(whole)


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was pushed out makes the time before it unknown, not empty."""
    monkeypatch.setattr(live, "MOST", 2)
    monkeypatch.setattr(live, "SKEW", 0.0)
    heard, org, about = live.Live("postgresql://"), OrgId(1), Subject("incident", 1)
    heard._whole_from = 0.0
    for moment, part in ((10.0, "a"), (11.0, "b"), (12.0, "c")):
        monkeypatch.setattr(live.time, "time", lambda moment=moment: moment)
        heard._keep(org, Change(about, part))
    for since, expected in ((9.0, {None}), (10.0, {None}), (10.5, {"b", "c"}), (11.5, {"c"}), (12.5, set())):
        with heard.watch(org, about, since=since) as waiting:
            assert {None if each is None else each.part for each in waiting.take()} == expected
    monkeypatch.setattr(live.time, "time", lambda: 12.0 + live.KEPT)
    heard._keep(org, Change(about, "d"))
    with heard.watch(org, about, since=11.5) as waiting:
        assert waiting.take() == {Change(about, "c"), Change(about, "d")}
    with heard.watch(org, Subject("incident", 2), since=11.5) as waiting:
        assert waiting.take() == set()
