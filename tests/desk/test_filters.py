"""Every filter of the incident list by clicks: it stands in the address, and survives a reload, an order, pages and the way back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, expect

from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import database_url
from tests.many_rows import grow_incidents
from tests.played import Played

pytestmark = pytest.mark.browser

#: (label of the field, what is chosen or typed, what then stands in the address).
FILTERS = [
    ("Severity", "High", "severity=High"),
    ("Priority", "Low", "priority=Low"),
    ("Type", "Default", "type=Default"),
    ("Project", "payments", "project=payments"),
    ("Visibility", "restricted", "visibility=restricted"),
    ("Drills", "no", "drill=no"),
    ("Tags", "dns, search", "tag=dns%2C+search"),
    ("Participant", "bo@example.com", "participant=bo%40example.com"),
    ("Commander", "me", "commander=me"),
    ("Reported from", "2020-01-31", "from=2020-01-31"),
    ("to", "2040-01-31", "to=2040-01-31"),
]


def fill(page: Page, label: str, value: str) -> None:
    field = page.locator("#filters").get_by_label(label, exact=True)
    if field.evaluate("e => e.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_every_filter_stands_in_the_address_and_stays(played: Played, database: str, cluster: Cluster) -> None:
    with psycopg.connect(database_url(cluster.superuser_url, urlsplit(database).path.removeprefix("/")), autocommit=True) as connection:
        grow_incidents(connection, 80)
    page = played.person("ada@example.com")
    for label, value, there in FILTERS:
        page.goto("/default/incidents")
        page.locator("#more-filters > summary").click()
        fill(page, label, value)
        expect(page).to_have_url(re.compile(re.escape(f"?{there}") + "$"))
        page.reload()
        expect(page.locator("#filters").get_by_label(label, exact=True)).to_have_value(value)
        expect(page.locator("#found .chips .chip")).to_have_count(1)
    # Together, in an order, on the second page; and the way back.
    page.goto("/default/incidents")
    page.locator("#more-filters > summary").click()
    fill(page, "Visibility", "open")
    expect(page.locator("#found .chips")).to_contain_text("Visibility: open")
    page.get_by_label("Order").select_option("title")
    expect(page).to_have_url(re.compile("sort=title"))
    first = page.locator("#found .row-title").first
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    assert asked(page) == {"visibility": ["open"], "sort": ["title"], "page": ["2"]}
    expect(page.get_by_label("Order")).to_have_value("title")
    title = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.go_back()
    expect(first).to_have_text(title)
    assert asked(page) == {"visibility": ["open"], "sort": ["title"], "page": ["2"]}
    page.go_back()
    expect(page).to_have_url(re.compile("sort=title$"))
    expect(first).not_to_have_text(title)
    # A filter chosen on the page is a step one can go back, too, and so are its fields and rows.
    fill(page, "Severity", "High")
    expect(page.locator("#found .chips")).to_contain_text("Severity: High")
    page.go_back()
    expect(page).to_have_url(re.compile("sort=title$"))
    expect(page.locator("#found .chips")).not_to_contain_text("Severity")
    expect(page.locator("#filters").get_by_label("Severity", exact=True)).to_have_value("")
    # Tabs and a filter that is taken away keep the others.
    page.get_by_role("navigation", name="Status").get_by_role("link", name="Stable").click()
    expect(page).to_have_url(re.compile("status=Stable"))
    assert asked(page) == {"visibility": ["open"], "sort": ["title"], "status": ["Stable"]}
    page.locator("#q").fill("checkuot")
    expect(page.get_by_text("These have similar words.")).to_be_visible()
    assert asked(page) == {"visibility": ["open"], "sort": ["title"], "status": ["Stable"], "q": ["checkuot"]}
    page.locator("#found .chip", has_text="Visibility").click()
    expect(page.locator("#found .chips")).not_to_contain_text("Visibility")
    assert asked(page) == {"sort": ["title"], "status": ["Stable"], "q": ["checkuot"]}
