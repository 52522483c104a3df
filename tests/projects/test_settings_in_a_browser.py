"""Settings → Project by clicks, one form of each kind, as Dee (admin) and Joy (manager)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.played import Played
from tests.projects.test_plugins_in_a_browser import fits_and_reads

pytestmark = pytest.mark.browser
PROJECT = "/default/settings/projects/default"


def test_dee_adds_a_priority_moves_it_up_and_removes_it(played: Played) -> None:
    dee = played.person("dee@example.com")
    dee.goto("/default/settings")
    dee.get_by_role("navigation", name="Settings").get_by_role("link", name="Priorities").click()
    dee.get_by_role("link", name="New priority").click()
    dee.get_by_label("Name").fill("Urgent")
    dee.get_by_label("Colour").select_option("Red")
    dee.get_by_label("Minutes to acknowledge").fill("3")
    dee.get_by_role("button", name="Add priority").click()
    expect(dee.get_by_text("Added. Reporters can choose it now.")).to_be_visible()
    expect(dee.get_by_role("listitem").last).to_contain_text("3 min to acknowledge")
    dee.locator("summary", has_text="Actions for Urgent").click()
    dee.get_by_role("button", name="Move up").last.click()
    expect(dee.get_by_role("main").get_by_role("listitem").nth(2)).to_contain_text("Urgent")
    dee.locator("summary", has_text="Actions for Urgent").click()
    dee.locator("details[open]").get_by_role("button", name="Remove").click()
    dee.get_by_role("dialog", name="Remove Urgent?").get_by_role("button", name="Remove").click()
    expect(dee.get_by_text("Removed.", exact=True)).to_be_visible()
    fits_and_reads(dee)


def test_dee_makes_a_rotation_and_somebody_stands_in(played: Played) -> None:
    dee = played.person("dee@example.com")
    dee.goto(f"{PROJECT}/oncall")
    dee.get_by_role("link", name="New rotation").click()
    dee.get_by_label("Name").fill("Weekend")
    people = dee.get_by_role("combobox", name="People, in the order of their turns")
    for word, name in (("bo", "Bo "), ("ada", "Ada")):
        people.fill(word)
        dee.get_by_role("listbox", name="People, in the order of their turns").get_by_role(
            "option", name=name
        ).first.click()
    fits_and_reads(dee)
    dee.get_by_role("button", name="Add rotation").click()
    expect(dee.get_by_text("Added. Name it in a type of incident, so that it leads.")).to_be_visible()
    expect(dee.locator("#who")).to_contain_text("Bo")
    stand_in = dee.get_by_role("combobox", name="Who stands in")
    stand_in.fill("joy")
    dee.get_by_role("listbox", name="Who stands in").get_by_role("option", name="Joy").first.click()
    dee.get_by_label("From").fill("2030-01-01T09:00")
    dee.get_by_label("Until").fill("2030-01-08T09:00")
    dee.get_by_role("button", name="Stand in").click()
    expect(dee.get_by_text("Written down: calls go to them in that time.")).to_be_visible()
    dee.get_by_label("At another moment").fill("2030-01-02T12:00")
    dee.get_by_role("button", name="Look").click()
    expect(dee.locator("#who")).to_contain_text("Joy Mensah")
    fits_and_reads(dee)
    # What is wrong stands far below the fold: the page comes up there.
    stand_in.fill("joy")
    dee.get_by_role("listbox", name="Who stands in").get_by_role("option", name="Joy").first.click()
    dee.get_by_label("From").fill("2030-01-08T09:00")
    dee.get_by_label("Until").fill("2030-01-01T09:00")
    dee.get_by_role("button", name="Stand in").click()
    expect(dee.get_by_text("It has to end after it begins.")).to_be_in_viewport()
    played.said.clear()  # as below
    dee.get_by_role("button", name="Take back: Joy Mensah").click()
    asked = dee.get_by_role("dialog", name="Nobody stands in then?")
    expect(asked).to_contain_text("Joy Mensah is not called any more")
    asked.get_by_role("button", name="Take back").click()
    expect(dee.get_by_text("Taken back: the turns hold again.")).to_be_visible()


def test_dee_corrects_the_project_at_the_field(played: Played) -> None:
    dee = played.person("dee@example.com")
    dee.goto(f"{PROJECT}/general")
    dee.get_by_label("Incident prefix").fill("1!")
    dee.get_by_role("button", name="Save").click()
    expect(dee.locator("#field-incident_prefix")).to_contain_text("Take letters and digits, a letter first")
    fits_and_reads(dee)
    played.said.clear()  # the browser notes every answer that is not a success, and 422 is what we want here
    dee.get_by_label("Incident prefix").fill("ops")
    dee.get_by_role("button", name="Save").click()
    expect(dee.get_by_text("Saved. It holds from now on.")).to_be_visible()
    expect(dee.get_by_label("Incident prefix")).to_have_value("OPS")


def test_joy_makes_a_project_and_every_page_reads_well(played: Played) -> None:
    joy = played.person("joy@example.com")
    joy.goto("/default/settings/projects")
    joy.get_by_role("link", name="New project").click()
    joy.get_by_label("Name", exact=True).fill("Data platform")
    joy.get_by_label("Short name").fill("data")
    joy.get_by_role("button", name="Create project").click()
    expect(joy.get_by_text("Created. This is where its own settings begin.")).to_be_visible()
    there = PROJECT.replace("projects/default", "projects/data")
    for page in ("/default/settings/projects", "/default/settings/organization", f"{there}/tags", f"{there}/types", f"{there}/oncall",
                 f"{there}/types/new", f"{PROJECT}/tags", f"{PROJECT}/oncall/1", f"{PROJECT}/severities"):  # fmt: skip
        joy.goto(page)
        fits_and_reads(joy)
