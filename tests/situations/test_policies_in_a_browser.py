"""Settings → Project → Roles, and the severities' policy, by clicks."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from tests.played import Played
from tests.projects.test_plugins_in_a_browser import fits_and_reads

pytestmark = pytest.mark.browser


def test_dee_says_who_takes_which_role_and_what_a_severity_means(played: Played) -> None:
    shots = os.environ.get("SHOTS")
    dee = played.person("dee@example.com")
    dee.goto("/default/settings")
    dee.get_by_role("navigation", name="Settings").get_by_role("link", name="Roles").click()
    expect(
        dee.get_by_text("Whoever is on call for the rotation of the type leads; without one, the reporter.")
    ).to_be_visible()
    fits_and_reads(dee)
    dee.get_by_role("main").get_by_role("link", name="New rule").click()
    dee.get_by_label("Role").select_option("Scribe")
    dee.get_by_label("Severity").select_option("High")
    dee.get_by_label("Who").select_option("Platform")
    fits_and_reads(dee)
    if shots:
        dee.screenshot(path=f"{shots}/role-rule.png", full_page=True)
    dee.get_by_role("button", name="Add rule").click()
    expect(dee.get_by_text("Added. It holds from the next report on.")).to_be_visible()
    scribe = dee.get_by_role("region", name="Scribe")
    expect(scribe).to_contain_text("Severity High")
    expect(scribe).to_contain_text("Whoever is on call for Platform")
    fits_and_reads(dee)
    if shots:
        dee.screenshot(path=f"{shots}/roles.png", full_page=True)
    scribe.locator("summary").click()
    scribe.get_by_role("button", name="Remove").click()
    dee.get_by_role("dialog", name="Remove this rule for the Scribe?").get_by_role("button", name="Remove").click()
    expect(dee.get_by_text("Removed.", exact=True)).to_be_visible()
    dee.goto("/default/settings/projects/default/severities")
    dee.get_by_role("link", name="Critical").click()
    dee.get_by_label("Page the commander").select_option("Always")
    dee.get_by_label("Minutes until the next call").fill("1")
    dee.get_by_label("Updates").select_option("in 30 minutes")
    fits_and_reads(dee)
    if shots:
        dee.screenshot(path=f"{shots}/severity.png", full_page=True)
    dee.get_by_role("button", name="Save").click()
    expect(dee.get_by_role("listitem").filter(has_text="Critical").last).to_contain_text(
        "always pages · 1 min until the next call · first update within 30 min"
    )
    if shots:
        dee.screenshot(path=f"{shots}/severities.png", full_page=True)
