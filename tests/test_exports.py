"""Lists and timelines as files: the same rows as on the page, all of them, for the same eyes, and nothing that calculates."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dispatch.kit import clock
from dispatch.kit.db import OrgId
from dispatch.kit.web.files import FORMULA, csv_line
from dispatch.people.queries import by_email, organization
from dispatch.situations import actions
from dispatch.situations.models import Situation
from dispatch.situations.queries import TIMELINE_KINDS
from tests.stage import Stage, staged

LIST = "/default/incidents"
COLUMNS = "name,title,status,severity,priority,type,project,visibility,drill,commander,reported_at,participants,url"


@pytest.fixture
async def quiet(database: str) -> AsyncIterator[Stage]:
    """Without a worker: rows alone."""
    async with staged(database, worker=False) as made:
        yield made


@pytest.fixture
async def org(quiet: Stage) -> OrgId:
    async with quiet.house.db.system() as t:
        found = await organization(t, "default")
    assert found is not None
    return found.id


async def report(
    stage: Stage, org: OrgId, *titles: str, reporter: str = "bo@example.com", **values: Any
) -> list[Situation]:
    async with stage.house.db.tx(org) as t:
        by = await by_email(t, reporter)
        assert by is not None
        return [
            await actions.open_situation(t, actions.Report(title=title, description="Something.", **values), by=by)
            for title in titles
        ]


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.parametrize("ahead", ["", " ", "  "])
def test_no_cell_is_calculated_and_each_reads_back_as_it_was(ahead: str) -> None:
    texts = [f"{ahead}{sign}SUM(A1:A9)" for sign in FORMULA]
    harmless = ["plain", "", "a=1", '“quoted”, "twice"', "two\nlines", "Zoë 🫠", "'quoted'"]
    [read] = list(csv.reader(io.StringIO(csv_line([*texts, *harmless, None, True, False, 7]), newline="")))
    assert read == [f"'{text}" for text in texts] + [*harmless, "", "yes", "no", "7"]


async def test_a_list_is_exported_as_it_is_shown_to_the_last_page(
    quiet: Stage, org: OrgId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.situations.web.export.PIECE", 7)
    titles = [f"T-{n:02} Zoë’s “queue” 🫠" for n in range(30)]
    await report(quiet, org, *titles, severity="High", commander="ada@example.com")
    await report(quiet, org, "T-low", severity="Low")
    await report(quiet, org, "T-hidden", severity="High", visibility="restricted", commander="ada@example.com")
    ada, cy, dee = [await quiet.sign_in(f"{who}@example.com") for who in ("ada", "cy", "dee")]
    wanted = {"severity": "High", "status": "Active", "sort": "title"}
    found = await cy.get(f"{LIST}/export.csv", params=wanted)
    assert found.headers["content-type"] == "text/csv; charset=utf-8"
    assert found.text.splitlines()[0] == COLUMNS
    assert [row["title"] for row in lines(found)] == titles
    assert {(row["severity"], row["commander"], row["drill"], row["visibility"]) for row in lines(found)} == {
        ("High", "ada@example.com", "no", "open")
    }
    # The same filter, order and rows for programs; page numbers of the list do not count here.
    items = (await cy.get(f"{LIST}/export.json", params={**wanted, "page": "2"})).json()["items"]
    assert [item["title"] for item in items] == titles
    assert list(items[0]) == COLUMNS.split(",")
    assert items[0]["drill"] is False and items[0]["url"].endswith(f"{LIST}/{items[0]['name']}")
    # Who takes part in the restricted one gets it too; an admin without a reason does not.
    for browser, sees in ((ada, True), (dee, False)):
        for ending in ("csv", "json"):
            whole = (await browser.get(f"{LIST}/export.{ending}", params={"status": "Active"})).text
            assert ("T-hidden" in whole) is sees
            assert "T-low" in whole
    # What the list refuses, the file refuses.
    assert (await cy.get(f"{LIST}/export.csv", params={"from": "yesterday"})).status_code == 422
    assert [
        line["title"]
        for line in lines(
            await cy.get(f"{LIST}/export.csv", params={"q": "queeu", "status": "Active", "sort": "title"})
        )
    ] == titles
    assert lines(await cy.get(f"{LIST}/export.csv", params={"q": "nothing-of-that-kind"})) == []
    monkeypatch.setattr("dispatch.situations.web.export.MOST", 20)
    refused = await cy.get(f"{LIST}/export.csv", params=wanted)
    assert refused.status_code == 422 and "Narrow the list" in refused.text
    for browser in (ada, cy, dee):
        await browser.aclose()


async def test_a_timeline_is_exported_in_the_order_it_happened(
    quiet: Stage, org: OrgId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.situations.web.timeline.PIECE", 3)
    [open_one] = await report(quiet, org, "T-open *bold*", commander="ada@example.com")
    [hidden] = await report(quiet, org, "T-hidden", visibility="restricted", commander="ada@example.com")
    now = clock.now()
    written = [f"Zoë wrote {n}" for n in range(8)]
    async with quiet.house.db.tx(org) as t:
        bo = await by_email(t, "bo@example.com")
        assert bo is not None
        for situation in (open_one, hidden):
            # Entered in another order than they happened.
            for n in (3, 0, 7, 1, 6, 2, 5, 4):
                at = now - timedelta(minutes=60 - n)
                await actions.add_note(t, situation, written[n], author=bo, at=at, source="web")
            await actions.add_note(t, situation, "=1+1", author=bo, source="web")
    cy = await quiet.sign_in("cy@example.com")
    path = f"{LIST}/{open_one.name}/timeline"
    rows = lines(await cy.get(f"{path}.csv", params={"kind": "notes"}))
    assert [row["says"] for row in rows] == [*written, "'=1+1"]
    assert {(row["actor"], row["kind"], row["edited"]) for row in rows} == {
        ("Bo Nilsson", TIMELINE_KINDS["notes"], "no")
    }
    everything = lines(await cy.get(f"{path}.csv"))
    assert len(everything) > len(rows)
    items = (await cy.get(f"{path}.json", params={"q": "wrote"})).json()
    assert (items["incident"], [item["says"] for item in items["items"]]) == (open_one.name, written)
    text = (await cy.get(f"{path}.md", params={"kind": "notes"})).text
    assert text.startswith(f"# {open_one.name}: T-open \\*bold\\*\n\nTimes in Africa/Lagos.\n")
    assert [line.split("** ")[1].split(" (Bo")[0] for line in text.splitlines() if line.startswith("- ")] == [
        *written,
        "=1+1",
    ]
    assert (await cy.get(f"{path}.pdf")).status_code == 404
    ada = await quiet.sign_in("ada@example.com")
    for ending in ("csv", "md", "json"):
        secret = f"{LIST}/{hidden.name}/timeline.{ending}"
        assert (await cy.get(secret)).status_code == 404
        assert "Zoë wrote 3" in (await ada.get(secret)).text
    monkeypatch.setattr("dispatch.situations.web.timeline.MOST", 5)
    assert (await cy.get(f"{path}.csv")).status_code == 422
    await cy.aclose()
    await ada.aclose()
