"""People on one page, by clicks: each sees at once what the other does, and loses nothing of what they type."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.played import Played
from tests.seen import complaints

pytestmark = pytest.mark.browser


def test_tasks_and_timeline_are_live_for_both(played: Played) -> None:
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, cy = played.person("ada@example.com"), played.person("cy@example.com")
    for page in (ada, cy):
        page.goto(f"/default/incidents/{name}")
        expect(page.locator("[data-live=on]")).to_be_visible()
    # Cy, who takes no part, may not write tasks, and has no button for it.
    expect(cy.locator("#tasks").get_by_role("button", name="Add")).to_have_count(0)
    ada.locator("#tasks").get_by_role("button", name="Add").click()
    dialog = ada.get_by_role("dialog", name="New task")
    dialog.get_by_label("What has to be done").fill("Roll back the release")
    dialog.get_by_label("Somebody else").fill("nobody@example.com")
    dialog.get_by_role("button", name="Create").click()
    # Refused where it was typed, and nothing of it is lost.
    expect(dialog.get_by_role("alert")).to_contain_text("is nobody of this organization")
    expect(dialog.get_by_label("What has to be done")).to_have_value("Roll back the release")
    played.said.clear()  # The browser itself notes the refusal.
    dialog.get_by_label("Somebody else").fill("cy@example.com")
    assert complaints(ada) == []
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    expect(cy.locator("#tasks")).to_contain_text("Roll back the release")
    expect(cy.locator("#tasks")).to_contain_text("Cy Okafor")
    # What else follows draws the part again: a button that is replaced during a click is not pressed.
    played.run(played.stage.settle())
    # It is Cy's now, who may say that it is done.
    cy.get_by_role("button", name="Resolve task 1").click()
    expect(ada.locator("#tasks")).to_contain_text("0 open, 1 resolved")
    ada.locator("#resolved-tasks > summary").click()
    ada.get_by_role("button", name="Reopen task 1").click()
    expect(cy.locator("#tasks")).to_contain_text("1 open")
    ada.get_by_role("button", name="Change task 1").click()
    dialog = ada.get_by_role("dialog", name="Change the task")
    dialog.get_by_label("What has to be done").fill("Roll back the gateway")
    dialog.get_by_label("Due").fill("2999-01-01T10:00")
    dialog.get_by_role("button", name="Save").click()
    expect(cy.locator("#tasks")).to_contain_text("Roll back the gateway")
    expect(cy.locator("#tasks")).to_contain_text("Cy Okafor")
    expect(cy.locator("#tasks")).to_contain_text("1 Jan 2999")
    # The timeline is narrowed for one of them only, and stays so while it goes on.
    cy.get_by_label("What it is about").select_option("Tasks")
    expect(cy.locator("#timeline")).not_to_contain_text("reported")
    entry = ada.locator(".event", has_text="resolved task 1")
    entry.get_by_label("Actions for this entry").click()
    entry.get_by_role("button", name="Add before").click()
    dialog = ada.get_by_role("dialog", name="Add to the timeline")
    dialog.get_by_label("What happened").fill("The graph went down")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(
        ada.locator(".event").filter(has_text="resolved task 1").locator("xpath=following-sibling::li[1]")
    ).to_contain_text("The graph went down")
    entry.get_by_label("Actions for this entry").click()
    entry.get_by_role("button", name="Pin", exact=True).click()
    expect(cy.locator(".event.is-pinned")).to_contain_text("resolved task 1")
    expect(cy.locator("#timeline")).not_to_contain_text("The graph went down")
    cy.get_by_label("Words").fill("graph")
    expect(cy.locator("#timeline")).to_contain_text("Nothing matches")
    cy.get_by_label("What it is about").select_option("Everything")
    expect(cy.locator("#timeline .event")).to_have_count(1)
    cy.locator("summary", has_text="Export").click()
    with cy.expect_download() as started:
        cy.get_by_role("button", name=re.compile("Markdown")).click()
    assert "The graph went down" in started.value.path().read_text()
    assert complaints(cy) == []
    # A report with a promise, which both read at once.
    expect(cy.locator("#reports summary", has_text="Write")).to_have_count(0)
    ada.locator("#reports summary", has_text="Write").click()
    ada.get_by_role("button", name="Tactical report", exact=True).click()
    dialog = ada.get_by_role("dialog", name="Tactical report")
    for label, words in (
        ("Conditions", "One order in **five** fails"),
        ("Actions", "Rolling back"),
        ("Needs", "Nothing"),
    ):
        dialog.get_by_label(label).fill(words)
    dialog.get_by_label("Next update").select_option("in 30 minutes")
    dialog.get_by_role("button", name="Report", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(cy.locator("#reports")).to_contain_text("Tactical report 1")
    expect(cy.locator("#reports strong", has_text="five")).to_be_visible()
    expect(cy.locator("#reports")).to_contain_text("Next update at")
    assert complaints(ada) == []


def test_values_and_status_are_changed_where_they_stand(played: Played) -> None:
    """Ada leads, Bo reported, Cy takes no part."""
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, bo, cy = (played.person(f"{who}@example.com") for who in ("ada", "bo", "cy"))
    for page in (ada, bo, cy):
        page.goto(f"/default/incidents/{name}")
        expect(page.locator("[data-live=on]")).to_be_visible()
    expect(cy.locator(".pencil")).to_have_count(0)
    expect(cy.locator(".stepper button")).to_have_count(0)
    # Both change the title; what Bo types stays while Ada's is drawn around it.
    bo.get_by_role("button", name="Change the title").click()
    theirs = bo.locator(".editor").get_by_label("Title")
    theirs.fill("Cards are declined")
    ada.get_by_role("button", name="Change the title").click()
    mine = ada.locator(".editor").get_by_label("Title")
    expect(mine).to_be_focused()
    mine.fill("Checkout fails")
    mine.press("Enter")
    for page in (ada, cy):
        expect(page.get_by_role("heading", level=1)).to_have_text("Checkout fails")
    expect(ada.get_by_role("button", name="Change the title")).to_be_focused()
    expect(bo.locator("#timeline")).to_contain_text("Ada Lovelace changed the title")
    expect(theirs).to_have_value("Cards are declined")
    expect(theirs).to_be_focused()
    theirs.press("Enter")
    expect(bo.locator(".editor [role=alert]")).to_contain_text("Ada Lovelace changed the title while you were writing")
    expect(bo.locator(".editor [role=alert]")).to_contain_text("Title now: Checkout fails")
    played.said.clear()  # The browser itself notes the refusal.
    assert complaints(bo) == []
    bo.get_by_role("button", name="Overwrite").click()
    for page in (ada, bo, cy):
        expect(page.get_by_role("heading", level=1)).to_have_text("Cards are declined")
    # By keys alone: a choice is made and saved, a text is left as it is.
    ada.get_by_role("button", name="Change the severity").press("Enter")
    ada.get_by_role("radio", name=re.compile("^High")).check()
    assert complaints(ada) == []
    ada.get_by_role("radio", name=re.compile("^High")).press("Enter")
    expect(cy.locator(".summary")).to_contain_text("High")
    ada.get_by_role("button", name="Change the description").click()
    ada.locator(".editor").get_by_label("Description").press("Escape")
    expect(ada.locator(".editor")).to_have_count(0)
    expect(ada.get_by_role("button", name="Change the description")).to_be_focused()
    ada.get_by_role("button", name="Change the tags").click()
    tags = ada.get_by_role("combobox", name="Tags")
    tags.press_sequentially("a")
    option = ada.locator(".picker-list").get_by_role("option").first
    tag = option.inner_text().strip()
    option.click()
    tags.press("Enter")
    expect(cy.locator("[data-slot=tags]")).to_contain_text(tag)
    # The status: one click, and a question where something ends.
    played.run(played.stage.settle())
    ada.get_by_role("button", name="Move to Stable").click()
    for page in (ada, cy):
        expect(page.locator("[aria-current=step]")).to_contain_text("Stable")
    ada.get_by_role("button", name="Close the incident").click()
    dialog = ada.get_by_role("dialog", name=f"Close {name}?")
    expect(dialog).to_contain_text("is archived")
    assert complaints(ada) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(ada.get_by_role("button", name="Close the incident")).to_be_focused()
    ada.get_by_role("button", name="Close the incident").click()
    dialog.get_by_role("button", name="Close the incident").click()
    expect(cy.locator("[aria-current=step]")).to_contain_text("Closed")
    played.run(played.stage.settle())
    ada.get_by_role("button", name="Reopen as Active").click()
    dialog = ada.get_by_role("dialog", name=f"Reopen {name}?")
    expect(dialog).to_contain_text("a new channel takes over")
    dialog.get_by_role("button", name="Reopen as Active").click()
    expect(cy.locator("[aria-current=step]")).to_contain_text("Active")
    # Whoever sees the incident reads who held which role, in the zone they choose.
    played.run(played.stage.settle())
    cy.get_by_label("Whose time is shown").select_option("UTC")
    expect(cy.locator("#timeline")).to_contain_text("Times in UTC")
    cy.get_by_role("button", name="Roles over time").click()
    over_time = cy.get_by_role("dialog", name="Roles over time")
    expect(over_time).to_contain_text("Times in UTC")
    # It is read from its beginning, not from the button at its end.
    expect(over_time).to_be_focused()
    expect(cy.get_by_role("row", name=re.compile("Commander Ada Lovelace"))).to_contain_text("now")
    assert complaints(cy) == []
    cy.keyboard.press("Escape")
    cy.set_viewport_size({"width": 360, "height": 740})
    assert cy.evaluate("document.documentElement.scrollWidth") <= 360
