"""Every filter of the incident list by clicks: it finds what the rows say, stands in the address, and survives a reload,
an order, pages, the way back, a saved view and an export."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import database_url
from dispatch.people.queries import by_email
from dispatch.situations.actions import Report, open_situation
from tests.conftest import cloned
from tests.many_rows import grow_incidents
from tests.played import Played, playing
from tests.playing import org_id

pytestmark = pytest.mark.browser
LIST = "/default/incidents"
#: Of Ada: what she may see, and nothing else.
SEEN = """
select count(*) from situation s join project on project.org_id = s.org_id and project.id = s.project_id
join severity on severity.org_id = s.org_id and severity.id = s.severity_id
join priority on priority.org_id = s.org_id and priority.id = s.priority_id
join situation_type kind on kind.org_id = s.org_id and kind.id = s.type_id
where (s.visibility = 'open' or {ada}) and {where}
"""
_TAKES_PART = """exists (select from participant p join person who on who.org_id = p.org_id and who.id = p.person_id
where p.org_id = s.org_id and p.situation_id = s.id and who.email = '{email}@example.com')"""
_LEADS = """exists (select from participant p join person who on who.org_id = p.org_id and who.id = p.person_id
join participant_role r on r.org_id = p.org_id and r.participant_id = p.id
where p.org_id = s.org_id and p.situation_id = s.id and who.email = '{email}@example.com'
and r.role = 'Commander' and r.renounced_at is null)"""
_TAGGED = """(select count(*) from situation_tag st join tag on tag.org_id = st.org_id and tag.id = st.tag_id
where st.org_id = s.org_id and st.situation_id = s.id and tag.name in ('dns', 'search'))"""
#: (labels with what is chosen or typed there, what then stands in the address, which rows that means).
FILTERS = [
    ({"Severity": "High"}, {"severity": "High"}, "severity.name = 'High'"),
    ({"Priority": "Low"}, {"priority": "Low"}, "priority.name = 'Low'"),
    ({"Type": "Outage"}, {"type": "Outage"}, "kind.name = 'Outage'"),
    ({"Project": "payments"}, {"project": "payments"}, "project.slug = 'payments'"),
    ({"Visibility": "restricted"}, {"visibility": "restricted"}, "s.visibility = 'restricted'"),
    ({"Drills": "yes"}, {"drill": "yes"}, "s.drill"),
    ({"Tags": "dns, search"}, {"tag": "dns, search"}, f"{_TAGGED} > 0"),
    ({"Tags": "dns, search", "Of these tags": "all"}, {"tag": "dns, search", "tags": "all"}, f"{_TAGGED} = 2"),
    ({"Participant": "bo@example.com"}, {"participant": "bo@example.com"}, _TAKES_PART.format(email="bo")),
    ({"Commander": "me"}, {"commander": "me"}, _LEADS.format(email="ada")),
    ({"Reported from": "2020-01-31"}, {"from": "2020-01-31"}, "s.reported_at >= '2020-01-30T23:00Z'"),
    ({"to": "2020-01-31"}, {"to": "2020-01-31"}, "s.reported_at < '2020-01-31T23:00Z'"),
]


@dataclass
class Filled:
    """A list of some pages, and the rows behind it."""

    played: Played
    rows: psycopg.Connection[tuple[int]]

    def count(self, where: str) -> int:
        found = self.rows.execute(SEEN.format(ada=_TAKES_PART.format(email="ada"), where=where)).fetchone()  # type: ignore[arg-type]
        assert found is not None
        return found[0]


@contextmanager
def filled(database: str, cluster: Cluster, chromium: Browser) -> Iterator[Filled]:
    name = urlsplit(database).path.removeprefix("/")
    with (
        playing(database, chromium) as played,
        psycopg.connect(database_url(cluster.superuser_url, name), autocommit=True) as rows,
    ):
        played.run(tagged(played))
        # One of long ago, too.
        rows.execute("update situation set reported_at = '2019-05-05' where name = 'INC-1'")
        grow_incidents(rows, 70)
        yield Filled(played, rows)


async def tagged(played: Played) -> None:
    async with played.stage.house.db.tx(await org_id(played.stage)) as t:
        bo = await by_email(t, "bo@example.com")
        assert bo is not None
        for title, tags, more in (
            ("Resolver slow", ("dns",), {"visibility": "restricted"}), ("Index lost", ("search",), {"drill": True}), ("Both of them", ("dns", "search"), {})
        ):  # fmt: skip
            report = Report(title=title, description="Something.", tags=tags, commander="ada@example.com", **more)
            await open_situation(t, report, by=bo)
    await played.stage.settle()


@pytest.fixture(scope="module")
def there(cluster: Cluster, sample_template: str, chromium: Browser) -> Iterator[Filled]:
    """For tests that only look."""
    with cloned(cluster, sample_template) as database, filled(database, cluster, chromium) as made:
        yield made


def labelled(page: Page, label: str) -> Locator:
    return page.locator("#filters").get_by_label(re.compile(rf"^{label}(?![a-z])"))


def fill(page: Page, label: str, value: str) -> None:
    field = labelled(page, label)
    if not field.is_visible():
        page.locator("#more-filters > summary").click()
    if field.evaluate("e => e.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")


def stands(page: Page, /, **wanted: str) -> None:
    """The address says this and nothing else, in whatever order."""
    parts = "".join(f"(?=.*[?&]{key}={re.escape(quote(value, safe=''))}(&|$))" for key, value in wanted.items())
    expect(page).to_have_url(re.compile(rf"^{parts}[^?]*{LIST}\?[^&]*(&[^&]*){{{len(wanted) - 1}}}$"))


def found(page: Page) -> int:
    """How many the list says there are; 0 when it says that there are none."""
    numbers = page.locator("#found .pages-nav p")
    if not numbers.count():
        expect(page.locator("#found .nothing-title")).to_be_visible()
        return 0
    return int(numbers.inner_text().split(" of ")[1].split()[0])


@pytest.mark.parametrize(("chosen", "address", "where"), FILTERS, ids=["+".join(address) for _, address, _ in FILTERS])
def test_a_filter_finds_its_rows_and_stands_in_the_address(
    there: Filled, chosen: dict[str, str], address: dict[str, str], where: str
) -> None:
    wanted = there.count(where)
    assert 0 < wanted < there.count("true")
    page = there.played.person("ada@example.com")
    page.goto(LIST)
    for label, value in chosen.items():
        fill(page, label, value)
    chip = page.locator("#found .chips .chip")
    expect(chip).to_have_count(1)
    stands(page, **address)
    expect(page.locator("#found .pages-nav")).to_contain_text(f"of {wanted} ")
    page.reload()
    assert found(page) == wanted
    for label, value in chosen.items():
        expect(labelled(page, label)).to_have_value(value)
    # Taken away with a click.
    chip.click()
    expect(chip).to_have_count(0)
    assert found(page) == there.count("true")


def test_tabs_are_the_filter_of_the_status(there: Filled) -> None:
    page = there.played.person("ada@example.com")
    page.goto(LIST)
    for status in ("Active", "Stable", "Closed"):
        tab = page.get_by_role("navigation", name="Status").get_by_role("link", name=re.compile(f"^{status}"))
        expect(tab.locator(".count")).to_have_text(str(there.count(f"s.status = '{status}'")))
        tab.click()
        stands(page, status=status)
        expect(tab).to_have_attribute("aria-current", "page")
        assert found(page) == there.count(f"s.status = '{status}'")


def test_filters_order_pages_and_words_stand_together_and_each_step_leads_back(there: Filled) -> None:
    page = there.played.person("ada@example.com")
    page.goto(LIST)
    fill(page, "Visibility", "open")
    expect(page.locator("#found .chips")).to_contain_text("Visibility: open")
    page.get_by_label("Order").select_option("title")
    stands(page, visibility="open", sort="title")
    wanted = there.count("s.visibility = 'open'")
    assert found(page) == wanted > 50
    titles = page.locator("#found .row-title")
    first = titles.first
    beginning = first.inner_text()
    assert titles.all_inner_texts() == sorted(titles.all_inner_texts(), key=str.lower)
    page.get_by_role("link", name="Next").click()
    stands(page, visibility="open", sort="title", page="2")
    expect(page.get_by_label("Order")).to_have_value("title")
    expect(page.locator(".pages-nav")).to_contain_text(f"26–50 of {wanted} incidents")
    title = first.inner_text()
    assert title.lower() > beginning.lower()
    page.get_by_role("link", name="Next").click()
    stands(page, visibility="open", sort="title", page="3")
    page.get_by_role("link", name="Previous").click()
    expect(first).to_have_text(title)
    # Into an incident, and back to where one was.
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.go_back()
    expect(first).to_have_text(title)
    stands(page, visibility="open", sort="title", page="2")
    # Another filter begins at the first page; it is a step one can go back, and so are its field and its rows.
    fill(page, "Severity", "High")
    expect(page.locator("#found .chips")).to_contain_text("Severity: High")
    stands(page, visibility="open", sort="title", severity="High")
    page.go_back()
    stands(page, visibility="open", sort="title", page="2")
    expect(first).to_have_text(title)
    expect(page.locator("#found .chips")).not_to_contain_text("Severity")
    expect(labelled(page, "Severity")).to_have_value("")
    # Tabs and words keep what was chosen; a word with a typing error finds what is like it, and says so.
    page.get_by_role("navigation", name="Status").get_by_role("link", name="Closed").click()
    stands(page, visibility="open", sort="title", status="Closed")
    page.locator("#q").fill("chekcout")
    expect(page.get_by_text("These have similar words.")).to_be_visible()
    stands(page, visibility="open", sort="title", status="Closed", q="chekcout")
    assert found(page) == there.count("s.visibility = 'open' and s.status = 'Closed' and s.title ilike '%checkout%'")
    page.locator("#found .chip", has_text="Visibility").click()
    expect(page.locator("#found .chips")).not_to_contain_text("Visibility")
    stands(page, sort="title", status="Closed", q="chekcout")


def test_what_was_found_is_exported_kept_and_changed(sample_database: str, cluster: Cluster, chromium: Browser) -> None:
    with filled(sample_database, cluster, chromium) as there:
        page = there.played.person("ada@example.com")
        page.goto(LIST)
        fill(page, "Priority", "Low")
        expect(page.locator("#found .chips")).to_contain_text("Priority: Low")
        fill(page, "Order", "title")
        stands(page, priority="Low", sort="title")
        wanted = there.count("priority.name = 'Low'")
        shown = page.locator("#found .row-title").all_inner_texts()
        assert found(page) == wanted
        # Files hold all of it, not only this page, in the same order.
        exported = {}
        for ending in ("CSV", "JSON"):
            page.locator("summary", has_text="Export").click()
            with page.expect_download() as started:
                page.get_by_role("link", name=ending).click()
            exported[ending] = started.value.path().read_text()
        rows = list(csv.DictReader(exported["CSV"].splitlines()))
        items = json.loads(exported["JSON"])["items"]
        assert len(rows) == len(items) == wanted
        assert [row["title"] for row in rows][: len(shown)] == [item["title"] for item in items][: len(shown)] == shown
        # A view keeps filter and order; who did not make it sees it when it is shared.
        page.locator("summary", has_text="Views").click()
        page.get_by_role("button", name="Save this view").click()
        dialog = page.get_by_role("dialog", name="Save this view")
        dialog.get_by_label("Name").fill("Can wait")
        dialog.get_by_label("Everybody in Example Company sees it").check()
        dialog.get_by_role("button", name="Save").click()
        stands(page, priority="Low", sort="title")
        bo = there.played.person("bo@example.com")
        bo.goto(LIST)
        bo.locator("summary", has_text="Views").click()
        bo.get_by_role("link", name="Can wait").click()
        stands(bo, priority="Low", sort="title")
        expect(bo.locator("#found .chips")).to_contain_text("Priority: Low")
        # Some of them are changed at once; then the filter does not fit them any more.
        for pick in page.locator("[data-pick]").all()[:3]:
            pick.check()
        page.get_by_role("button", name="Change…").click()
        dialog = page.get_by_role("dialog", name="Change 3 incidents")
        dialog.get_by_label("Priority").select_option("High")
        dialog.get_by_role("button", name="Change", exact=True).click()
        expect(page.get_by_role("heading", name="3 of 3 incidents changed")).to_be_visible()
        page.get_by_role("link", name="Back to the list").click()
        stands(page, priority="Low", sort="title")
        assert found(page) == there.count("priority.name = 'Low'") == wanted - 3
