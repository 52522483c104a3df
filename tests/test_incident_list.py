"""The list of incidents as a person uses it: each filter, stemming and typing errors, order, views, export, bulk change."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from dispatch.kit.db import OrgId
from dispatch.people.queries import by_email, organization
from dispatch.projects.models import Tag
from dispatch.projects.queries import project
from dispatch.situations.actions import Report, open_situation
from dispatch.situations.models import SearchWord
from tests.stage import Stage, staged

LIST = "/default/incidents"


@pytest.fixture
async def quiet(sample_database: str) -> AsyncIterator[Stage]:
    """Without a worker: rows alone."""
    async with staged(sample_database, worker=False) as made:
        yield made


@pytest.fixture
async def org(quiet: Stage) -> OrgId:
    async with quiet.house.db.system() as t:
        found = await organization(t, "default")
    assert found is not None
    async with quiet.house.db.tx(found.id) as t:
        home = await project(t, None)
        await t.execute(
            insert(Tag),
            [{"org_id": t.org, "project_id": home.id, "name": n, "description": ""} for n in ("red", "blue")],
        )
    return found.id


async def report(stage: Stage, org: OrgId, title: str, *, reporter: str = "bo@example.com", **values: Any) -> str:
    async with stage.house.db.tx(org) as t:
        by = await by_email(t, reporter)
        assert by is not None
        return (await open_situation(t, Report(title=title, description="Something.", **values), by=by)).name


async def shown(browser: httpx.AsyncClient, **query: Any) -> list[str]:
    """Titles in their order, of those these tests reported."""
    page = (await browser.get(LIST, params=query)).text
    return [part.split("</bdi>")[0] for part in page.split('<bdi dir="auto">')[1:] if part.startswith("T-")]


async def csrf(browser: httpx.AsyncClient) -> str:
    return (await browser.get(LIST)).text.split('name="csrf" content="')[1].split('"')[0]


@pytest.fixture
async def ada(quiet: Stage, org: OrgId) -> AsyncIterator[httpx.AsyncClient]:
    made = await quiet.sign_in("ada@example.com")
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"severity": "High"}, ["T-two", "T-one"]),
        ({"severity": ["High", "Low"]}, ["T-three", "T-two", "T-one"]),
        ({"priority": "High"}, ["T-one"]),
        ({"type": "Nothing of that name"}, []),
        ({"tag": ["red", "blue"]}, ["T-two", "T-one"]),
        ({"tag": "red, blue", "tags": "all"}, ["T-two"]),
        ({"participant": "joy@example.com"}, ["T-three"]),
        ({"commander": "me", "severity": "High"}, ["T-two"]),
        ({"visibility": "restricted"}, ["T-three"]),
        ({"drill": "yes"}, ["T-two"]),
        ({"drill": "no", "tag": "red"}, ["T-one"]),
        ({"from": "2020-01-01", "to": "2021-01-01"}, []),
        ({"from": "2020-01-01", "severity": "Low"}, ["T-three"]),
        ({"q": "T", "sort": "title", "severity": "High"}, ["T-one", "T-two"]),
        ({"sort": "severity", "severity": ["High", "Low"]}, ["T-three", "T-two", "T-one"]),
        ({"sort": "reported", "severity": "High"}, ["T-one", "T-two"]),
        ({"project": "default", "status": "Closed"}, []),
    ],
)
async def test_each_filter_narrows_the_list(
    quiet: Stage, org: OrgId, ada: httpx.AsyncClient, query: dict[str, Any], titles: list[str]
) -> None:
    await report(quiet, org, "T-one", severity="High", priority="High", tags=("red",), commander="bo@example.com")
    await report(quiet, org, "T-two", severity="High", tags=("red", "blue"), drill=True, commander="ada@example.com")
    await report(
        quiet, org, "T-three", severity="Low", visibility="restricted", reporter="joy@example.com",
        commander="ada@example.com",
    )  # fmt: skip
    assert await shown(ada, **query) == titles


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"from": "yesterday"}, "is a day such as"),
        ({"to": "9999-12-31"}, "is a day such as"),
        ({"sort": "password"}, "sort is one of"),
        ({"visibility": "hidden"}, "open or restricted"),
    ],
)
async def test_a_wrong_filter_is_named(ada: httpx.AsyncClient, query: dict[str, str], says: str) -> None:
    answer = await ada.get(LIST, params=query)
    assert answer.status_code == 422
    assert says in answer.text


@pytest.mark.parametrize("typed", ["failing payments", "fail", "payment", "chekcout", "paymnet", "checkuot fails"])
async def test_the_search_knows_other_forms_and_typing_errors(
    quiet: Stage, org: OrgId, ada: httpx.AsyncClient, typed: str
) -> None:
    await report(quiet, org, "T-x: the checkout fails for payments")
    await report(quiet, org, "T-y: another thing")
    assert await shown(ada, q=typed) == ["T-x: the checkout fails for payments"]


async def test_a_view_is_kept_for_oneself_or_for_everybody(quiet: Stage, org: OrgId, ada: httpx.AsyncClient) -> None:
    token = await csrf(ada)
    for name, shared in (("Mine alone", ""), ("Bad ones", "1")):
        saved = await ada.post(
            "/default/views",
            data={"csrf": token, "name": name, "shared": shared, "query": "severity=High&severity=Critical&x=1&page=3"},
        )
        assert str(saved.url).endswith("/default/incidents?severity=High&severity=Critical")
    bo = await quiet.sign_in("bo@example.com")
    page = (await bo.get(LIST)).text
    assert "Bad ones" in page
    assert "Mine alone" not in page
    taken = await bo.post(
        "/default/views", data={"csrf": await csrf(bo), "name": "Bad ones", "shared": "1", "query": ""}
    )
    assert taken.status_code == 409
    ids = [part.split("/remove")[0] for part in (await ada.get(LIST)).text.split("/default/views/")[1:]]
    assert len(ids) == 2
    for view in ids:
        assert (await bo.post(f"/default/views/{view}/remove", data={"csrf": await csrf(bo)})).status_code == 404
        await ada.post(f"/default/views/{view}/remove", data={"csrf": token})
    assert "Bad ones" not in (await bo.get(LIST)).text
    await bo.aclose()


async def test_the_export_has_what_the_list_has_and_calculates_nothing(
    quiet: Stage, org: OrgId, ada: httpx.AsyncClient
) -> None:
    await report(quiet, org, '=1+1, "quoted"', tags=("red",))
    await report(quiet, org, "Secret", tags=("red",), visibility="restricted", commander="bo@example.com")
    found = await ada.get(f"{LIST}/export.csv", params={"tag": "red"})
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [row["title"] for row in rows] == ['\'=1+1, "quoted"']
    assert rows[0]["url"].endswith(rows[0]["name"])
    assert "attachment" in found.headers["content-disposition"]
    items = (await ada.get(f"{LIST}/export.json", params={"tag": "red"})).json()["items"]
    assert [item["title"] for item in items] == ['=1+1, "quoted"']
    bo = await quiet.sign_in("bo@example.com")
    assert "Secret" in (await bo.get(f"{LIST}/export.csv", params={"tag": "red"})).text
    await bo.aclose()


async def test_many_are_changed_at_once_and_refusals_are_named(
    quiet: Stage, org: OrgId, ada: httpx.AsyncClient
) -> None:
    mine = await report(quiet, org, "T-mine", tags=("red",), commander="bo@example.com")
    other = await report(quiet, org, "T-other", commander="ada@example.com", reporter="ada@example.com")
    hidden = await report(
        quiet, org, "T-hidden", commander="ada@example.com", reporter="ada@example.com", visibility="restricted"
    )
    bo = await quiet.sign_in("bo@example.com")
    change = {"csrf": await csrf(bo), "severity": "High", "status": "Stable", "add_tags": "blue", "remove_tags": "red"}
    said = (await bo.post(f"{LIST}/bulk", data={**change, "name": [mine, other, hidden]})).text
    assert "1 of 3 incidents changed" in said
    assert "To change this you need to be Commander" in said
    assert f"There is no incident {hidden} that you may see" in said
    assert "T-hidden" not in said
    assert await shown(ada, severity="High", status="Stable", tag="blue") == ["T-mine"]
    assert await shown(ada, tag="red") == []
    again = (await bo.post(f"{LIST}/bulk", data={**change, "name": mine})).text
    assert "0 of 1 incident changed" in again
    assert "Was so already" in again
    empty = await bo.post(f"{LIST}/bulk", data={"csrf": change["csrf"]})
    assert empty.status_code == 422
    await bo.aclose()


async def test_words_of_a_mistyped_search_are_kept_per_organization(quiet: Stage, org: OrgId) -> None:
    await report(quiet, org, "Zyzzyva 12345 database9")
    async with quiet.house.db.read(org) as t:
        words = set(await t.scalars(select(SearchWord.word)))
    assert "zyzzyva" in words
    assert not words & {"12345", "database9"}
