"""Lists cost a fixed number of statements whatever their length, and the search finds what people type."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from dispatch.kit.db import Database
from dispatch.people.actions import person_for
from dispatch.people.queries import organization
from dispatch.situations.actions import Report, open_situation
from tests.stage import Stage, staged

#: What every request does before its own work: who asks, and for which organization.
EACH_REQUEST = (
    "set_config(",
    "FROM session",
    "FROM organization",
    "FROM membership",
    "UPDATE api_token",
    "clock_offset",
)
#: Every list in the product; a new one is added here.
LISTS = [
    "/default/incidents",
    "/default/incidents?q=checkout&status=Active&severity=Undetermined&project=default",
    "/default/incidents?q=chekcout",
    "/default/incidents?participant=bo@example.com&commander=ada@example.com&from=2020-01-01&sort=-severity&drill=no",
]


@pytest.fixture
async def quiet(sample_database: str) -> AsyncIterator[Stage]:
    """Without a worker: nothing but the request itself runs statements."""
    async with staged(sample_database, worker=False) as made:
        yield made


@pytest.fixture
async def browser(quiet: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """Ada's."""
    made = await quiet.sign_in("ada@example.com")
    yield made
    await made.aclose()


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """The SQL a block runs, without what each request does anyway."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not any(part in statement for part in EACH_REQUEST):
            seen.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", note)


async def report(stage: Stage, *titles: str, **values: Any) -> None:
    """Incidents as rows alone."""
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        by = await person_for(t, "bo@example.com", name="Bo")
        for title in titles:
            report = Report(**{"title": title, "description": "One order in five.", **values})
            await open_situation(t, report, by=by)


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_with_a_list_takes_five_statements_at_most(
    quiet: Stage, browser: httpx.AsyncClient, path: str
) -> None:
    counts = []
    for size in (2, 40):
        await report(quiet, *(f"Checkout fails {n}" for n in range(size)))
        with statements(quiet.house.db) as seen:
            answer = await browser.get(path)
        assert "Checkout fails" in answer.text
        counts.append(seen)
    assert len(counts[0]) == len(counts[1]) <= 5, "\n\n".join(counts[1])


async def test_the_api_lists_with_as_few(quiet: Stage) -> None:
    await report(quiet, *(f"Checkout fails {n}" for n in range(30)))
    token = {"authorization": f"Bearer {await quiet.token()}"}
    with statements(quiet.house.db) as seen:
        found = (await quiet.web.get("/api/v1/default/incidents", params={"size": 20}, headers=token)).json()
    assert len(found["items"]) == 20
    assert found["total"] == 30 + 12
    assert len(seen) <= 5


@pytest.mark.parametrize(
    "typed",
    [
        "checkout",
        "CHECK",
        "fails check",
        "orders",
        "INC-13",
        "api-gate",
        "o'neil",
        "c:\\temp",
        "eu.example.com",
        "straße",
    ],
)
async def test_the_search_finds_beginnings_of_words(quiet: Stage, browser: httpx.AsyncClient, typed: str) -> None:
    text = "Orders by O'Neil via the api-gateway of eu.example.com in c:\\temp, Straße 7."
    await report(quiet, "Checkout fails", description=text)
    found = (await browser.get("/default/incidents", params={"q": typed})).text
    assert "Checkout fails" in found
    assert "Nightly export" not in found


@pytest.mark.parametrize("typed", ["zebra", "checkout zebra", "!", "' | '", "\\", ":*", "a & !b", "\0zebra", "(" * 50])
async def test_what_is_not_there_is_not_found_and_nothing_breaks(
    quiet: Stage, browser: httpx.AsyncClient, typed: str
) -> None:
    await report(quiet, "Checkout fails")
    answer = await browser.get("/default/incidents", params={"q": typed})
    assert answer.status_code == 200
    assert "Checkout fails" not in answer.text


async def test_the_numbers_on_the_tabs_count_what_is_found(quiet: Stage, browser: httpx.AsyncClient) -> None:
    await report(quiet, "Checkout fails", "Checkout is slow", "Login fails")
    page = (await browser.get("/default/incidents", params={"q": "checkout", "status": "Active"})).text
    tabs = page.split('<nav class="tabs"')[1].split("</nav>")[0]
    assert 'Active <span class="count">2</span>' in tabs


async def test_restricted_incidents_are_not_counted_for_those_who_may_not_see_them(
    quiet: Stage, browser: httpx.AsyncClient
) -> None:
    await report(quiet, "Somebody got in", visibility="restricted", commander="gus@example.com")
    cy = await quiet.sign_in("cy@example.com")
    for query in ({"q": "somebody"}, {"status": "Active"}):
        page = (await cy.get("/default/incidents", params=query)).text
        assert "Somebody got in" not in page
        assert 'Active <span class="count">0</span>' in page
    await cy.aclose()


async def test_a_home_takes_as_many_whatever_there_is(quiet: Stage, browser: httpx.AsyncClient) -> None:
    counts = []
    for size in (1, 30):
        await report(quiet, *(f"Checkout fails {n}" for n in range(size)), commander="ada@example.com")
        with statements(quiet.house.db) as seen:
            page = (await browser.get("/default")).text
        assert "You lead" in page
        counts.append(seen)
    assert len(counts[0]) == len(counts[1]) <= 12, "\n\n".join(counts[1])
