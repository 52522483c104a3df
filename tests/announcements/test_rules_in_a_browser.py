"""Settings → Project → Announcements by clicks."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from tests.played import Played
from tests.projects.test_plugins_in_a_browser import fits_and_reads

pytestmark = pytest.mark.browser


def test_dee_announces_what_a_saved_view_shows(played: Played) -> None:
    shots = os.environ.get("SHOTS")
    dee = played.person("dee@example.com")
    dee.goto("/default/incidents?severity=High")
    dee.locator("summary", has_text="Views").click()
    dee.get_by_role("button", name="Save this view").click()
    dee.get_by_label("Name", exact=True).fill("High severity")
    dee.get_by_role("button", name="Save", exact=True).click()
    expect(dee.get_by_role("dialog")).not_to_be_visible()
    dee.goto("/default/settings")
    dee.get_by_role("navigation", name="Settings").get_by_role("link", name="Announcements").click()
    expect(dee.get_by_text("No rules yet")).to_be_visible()
    fits_and_reads(dee)
    dee.get_by_role("main").get_by_role("link", name="New rule").first.click()
    dee.get_by_label("Name", exact=True).fill("Bad ones")
    dee.get_by_role("combobox", name="Incidents").select_option("High severity")
    dee.get_by_role("button", name="Add rule").click()
    expect(dee.get_by_text("Give a channel or an e-mail address")).to_be_visible()
    fits_and_reads(dee)
    played.said.clear()  # the browser notes every answer that is not a success, and 422 is what we want here
    dee.get_by_label("Slack channel").fill("#general")
    dee.get_by_label("E-mail addresses").fill("team@example.com\nboss@example.com")
    if shots:
        dee.screenshot(path=f"{shots}/rule.png", full_page=True)
    dee.get_by_role("button", name="Add rule").click()
    expect(dee.get_by_text("Added. It announces what fits from now on.")).to_be_visible()
    row = dee.get_by_role("listitem").filter(has_text="Bad ones").last
    expect(row).to_contain_text("#general, team@example.com, boss@example.com")
    expect(row.get_by_role("link", name="High severity")).to_be_visible()
    fits_and_reads(dee)
    if shots:
        dee.screenshot(path=f"{shots}/rules.png", full_page=True)
    dee.locator("summary", has_text="Actions for Bad ones").click()
    dee.locator("details[open]").get_by_role("button", name="Remove").click()
    dee.get_by_role("dialog", name="Remove Bad ones?").get_by_role("button", name="Remove").click()
    expect(dee.get_by_text("Removed.", exact=True)).to_be_visible()
