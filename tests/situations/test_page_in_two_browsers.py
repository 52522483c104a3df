"""Two people on one page, by clicks: tasks and the timeline; each sees at once what the other does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.played import Played

pytestmark = pytest.mark.browser
#: Milliseconds; a loaded machine is slow, and nothing here is about how quick it is.
PATIENCE = 30_000


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


def complaints(page: Page) -> list[str]:
    page.evaluate(Axe().axe_script)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


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
    expect(ada.locator(".event").filter(has_text="resolved task 1").locator("xpath=following-sibling::li[1]")).to_contain_text("The graph went down")
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
    expect(cy.locator("#reports").get_by_role("button", name="Write")).to_have_count(0)
    ada.locator("#reports").get_by_role("button", name="Write").click()
    dialog = ada.get_by_role("dialog", name="Tactical report")
    for label, words in (("Conditions", "One order in **five** fails"), ("Actions", "Rolling back"), ("Needs", "Nothing")):
        dialog.get_by_label(label).fill(words)
    dialog.get_by_label("Next update").select_option("in 30 minutes")
    dialog.get_by_role("button", name="Report", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(cy.locator("#reports")).to_contain_text("Tactical report 1")
    expect(cy.locator("#reports strong", has_text="five")).to_be_visible()
    expect(cy.locator("#reports")).to_contain_text("Next update at")
    assert complaints(ada) == []
