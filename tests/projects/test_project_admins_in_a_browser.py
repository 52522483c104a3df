"""Settings → Project → Project admins by clicks: Dee gives Gus the role, Gus uses it, Dee takes it while he looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.played import Played
from tests.projects.test_plugins_in_a_browser import fits_and_reads

pytestmark = pytest.mark.browser
ADMINS = "/default/settings/projects/payments/admins"


def names_of(page: Page) -> list[str]:
    """The links of the settings' navigation."""
    return page.get_by_role("navigation", name="Settings").get_by_role("link").all_inner_texts()


def test_dee_gives_the_role_gus_runs_payments_and_what_he_has_open_ends_with_it(played: Played) -> None:
    dee, gus = played.person("dee@example.com"), played.person("gus@example.com")
    gus.goto("/default")
    expect(gus.locator("[data-live=on]")).to_be_visible()
    expect(gus.get_by_role("navigation", name="Main").get_by_role("link", name="Settings")).to_have_count(0)

    dee.goto("/default/settings/projects/payments/general")
    dee.get_by_role("navigation", name="Settings").get_by_role("link", name="Project admins").click()
    expect(dee.get_by_text("No project admins yet")).to_be_visible()
    fits_and_reads(dee)
    who = dee.get_by_role("combobox", name="Member")
    who.fill("gus")
    dee.get_by_role("listbox", name="Member").get_by_role("option", name="Gus Petrov").click()
    dee.get_by_role("button", name="Make project admin").click()
    expect(dee.get_by_text("They run the project from now on.")).to_be_visible()
    expect(dee.get_by_role("main").get_by_role("listitem").first).to_contain_text("Gus Petrov")
    fits_and_reads(dee)

    # His open page loads itself anew, with what he may now.
    gus.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    expect(gus.get_by_text("You are a project admin: these are the settings of what you run.")).to_be_visible()
    fits_and_reads(gus)
    assert not {"Members", "API tokens", "Audit log", "From Slack"} & set(names_of(gus))
    gus.get_by_role("navigation", name="Settings").get_by_role("link", name="Tags").click()
    expect(gus).to_have_url(re.compile("/projects/payments/tags$"))
    gus.get_by_role("textbox", name="New tags").fill("ledger")
    gus.get_by_role("button", name="Add tags").click()
    expect(gus.get_by_text("One tag added.")).to_be_visible()
    gus.get_by_role("navigation", name="Settings").get_by_role("link", name="Plugins").click()
    expect(gus.get_by_role("link", name="NEW")).to_have_count(0)
    gus.get_by_role("main").get_by_role("link", name="Slack Plugin - Conversation Management").click()
    expect(gus.get_by_label("Signing Secret")).to_be_disabled()
    fits_and_reads(gus)
    gus.get_by_label("Timeline Event Reaction").fill("memo")
    gus.get_by_role("button", name="Save").click()
    expect(gus.get_by_text("Saved.")).to_be_visible()
    expect(gus.get_by_label("Timeline Event Reaction")).to_have_value("memo")

    gus.goto("/default")
    expect(gus.locator("[data-live=on]")).to_be_visible()
    dee.get_by_role("button", name="Take the role from Gus Petrov").click()
    question = dee.get_by_role("dialog", name="Take the role from Gus Petrov?")
    question.get_by_role("button", name="Take the role").click()
    expect(dee.get_by_text("They run the project no longer.")).to_be_visible()
    expect(dee.get_by_text("took the role of project admin of Payments from Gus Petrov")).to_be_visible()
    expect(gus.get_by_role("navigation", name="Main").get_by_role("link", name="Settings")).to_have_count(0)
    expect(gus.locator("[data-live=on]")).to_be_visible()
