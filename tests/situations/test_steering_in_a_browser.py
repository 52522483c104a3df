"""Leading an incident by clicks, as commander, participant and outsider: each sees what the others do, and what they may."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.played import Played
from tests.seen import complaints

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def looking_at(played: Played, name: str, *who: str) -> list[Page]:
    pages = [played.person(f"{each}@example.com") for each in who]
    for page in pages:
        page.goto(f"/default/incidents/{name}")
        expect(page.locator("[data-live=on]")).to_be_visible()
    return pages


def test_a_failed_step_is_tried_again_and_both_see_it_done(played: Played) -> None:
    played.run(played.stage.slack.faults({"target": "bookmarks.add", "kind": "error:missing_scope", "count": 50}))
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, cy = looking_at(played, name, "ada", "cy")
    failed = ada.locator("#steps .step", has_text="Pin the summary")
    expect(failed).to_contain_text("scope")
    expect(cy.locator("#steps")).to_contain_text("Pin the summary")
    expect(cy.get_by_role("button", name="Retry")).to_have_count(0)
    played.run(played.stage.slack.faults())
    ada.get_by_role("button", name="Retry: Pin the summary").click()
    for page in (ada, cy):
        expect(page.locator("#steps .state-icon.is-failed")).to_have_count(0)
        page.locator("#finished-steps > summary").click()
        expect(page.locator("#finished-steps .step", has_text="Pin the summary").get_by_label("Done")).to_be_visible()


def test_people_are_brought_in_and_the_command_is_handed_over(played: Played) -> None:
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, bo, cy = looking_at(played, name, "ada", "bo", "cy")
    for outside in ("Bring in", "Restrict", "Link", "Write", "Change the commander"):
        expect(cy.get_by_role("button", name=outside, exact=True)).to_have_count(0)
    # Bo takes part, and steers until somebody has acknowledged.
    ada.get_by_role("button", name="Acknowledge command").click()
    expect(ada.locator("[data-live=on]")).to_be_visible()
    expect(ada.get_by_role("button", name="Acknowledge command")).to_have_count(0)
    expect(bo.get_by_role("button", name="Bring in")).to_have_count(0)
    ada.get_by_role("button", name="Bring in").click()
    dialog = ada.get_by_role("dialog", name="Bring somebody in")
    dialog.get_by_label("Person").fill("cy@example.com")
    dialog.get_by_label("Role").select_option("Scribe")
    dialog.get_by_label("Why").fill("Types fast")
    dialog.get_by_role("button", name="Bring in").click()
    expect(dialog).to_be_hidden()
    for page in (ada, bo, cy):
        expect(page.locator(".participant", has_text="Cy Okafor")).to_contain_text("Scribe")
    # Cy steers now; Ada asks Bo to lead, who reads it at once.
    expect(cy.get_by_role("button", name="Bring in")).to_be_visible()
    played.run(played.stage.settle())
    ada.get_by_role("button", name="Change the commander").click()
    dialog = ada.get_by_role("dialog", name="Who leads next?")
    dialog.get_by_label("Person").fill("bo@example.com")
    assert complaints(ada) == []
    dialog.get_by_role("button", name="Ask them").click()
    expect(ada.locator("#summary")).to_contain_text("The command was offered to Bo Nilsson")
    expect(cy.locator("#summary")).to_contain_text("The command was offered to Bo Nilsson")
    expect(bo.get_by_text("Ada Lovelace asks you to lead")).to_be_visible()
    assert complaints(bo) == []
    played.run(played.stage.settle())
    bo.get_by_role("button", name="Accept").click()
    for page in (ada, bo, cy):
        expect(page.locator(".facts > div", has_text="Commander")).to_contain_text("Bo Nilsson")
    expect(bo.get_by_role("button", name="Bring in")).to_be_visible()


def test_an_entry_is_corrected_by_who_wrote_it_and_taken_out_after_a_question(played: Played) -> None:
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, bo, cy = looking_at(played, name, "ada", "bo", "cy")
    bo.locator("#add-entry").click()
    dialog = bo.get_by_role("dialog", name="Add to the timeline")
    dialog.get_by_label("What happened").fill("Failed over to the second region")
    dialog.get_by_role("button", name="Add", exact=True).click()
    entries = [page.locator(".event.is-note") for page in (ada, bo, cy)]
    for entry in entries:
        expect(entry).to_contain_text("second region")
    expect(entries[2].get_by_label("Actions for this entry")).to_have_count(0)
    entries[1].get_by_label("Actions for this entry").click()
    entries[1].get_by_role("button", name="Edit").click()
    dialog = bo.locator("dialog[open]")
    dialog.get_by_role("textbox").fill("Failed over to the *third* region")
    dialog.get_by_role("button", name="Save").click()
    for entry in entries:
        expect(entry).to_contain_text("third region")
    # Everybody reads what it said before.
    entries[2].get_by_role("button", name="edited").click()
    expect(cy.locator("dialog[open]")).to_contain_text("second region")
    assert complaints(cy) == []
    cy.keyboard.press("Escape")
    question = bo.get_by_role("dialog", name="Take this entry out?")
    for answer in ("Cancel", "Take out"):
        entries[1].get_by_label("Actions for this entry").click()
        entries[1].get_by_role("button", name="Take out").click()
        expect(question).to_contain_text("to the third region")
        assert complaints(bo) == []
        question.get_by_role("button", name=answer).click()
        expect(question).to_have_count(0)
        if answer == "Cancel":
            expect(entries[0]).to_contain_text("third region")
    for page in (ada, bo, cy):
        expect(page.locator("#timeline")).not_to_contain_text("third region")
        expect(page.locator(".event.is-removed")).to_have_count(1)


def test_on_a_phone_long_texts_leave_room_and_menus_open_in_sight(played: Played) -> None:
    long = "\n\n".join(f"Paragraph {number} of what was seen so far." for number in range(60))
    name = played.run(played.stage.report(Description=long))
    played.run(played.stage.settle())
    ada = played.person("ada@example.com")
    ada.set_viewport_size({"width": 360, "height": 640})
    ada.goto(f"/default/incidents/{name}")
    expect(ada.locator("[data-live=on]")).to_be_visible()
    last = ada.get_by_text("Paragraph 59")
    expect(last).not_to_be_in_viewport()
    folded = ada.locator("#description-text").bounding_box()
    ada.get_by_text("Show all of it").click()
    opened = ada.locator("#description-text").bounding_box()
    assert folded and opened and folded["height"] < 400 < 1000 < opened["height"]
    ada.get_by_text("Show less").click()
    # People come before a timeline that has no end.
    people, timeline = ada.locator("#participants").bounding_box(), ada.locator(".timeline-card").bounding_box()
    assert people and timeline and people["y"] < timeline["y"]
    # However low the button is, what its menu offers can be read.
    for opener in (ada.locator("#write-report-menu summary"), ada.get_by_label("Actions for this entry").last):
        opener.evaluate("opener => scrollTo(0, opener.getBoundingClientRect().bottom + scrollY - innerHeight + 2)")
        opener.click()
        offers = ada.locator("details.menu[open] .menu-items button")
        expect(offers.first).to_be_visible()
        for offer in offers.all():
            expect(offer).to_be_in_viewport(ratio=1)
        ada.keyboard.press("Escape")
        expect(opener).to_be_focused()
    assert complaints(ada) == []


def test_restricting_asks_and_closes_the_page_of_who_takes_no_part(played: Played) -> None:
    name = played.run(played.stage.report())
    played.run(played.stage.settle())
    ada, bo, cy = looking_at(played, name, "ada", "bo", "cy")
    ada.get_by_role("button", name="Restrict").click()
    dialog = ada.get_by_role("dialog", name=f"Restrict {name}?")
    expect(dialog).to_contain_text("Only its participants")
    assert complaints(ada) == []
    dialog.get_by_role("button", name="Restrict it").click()
    for page in (ada, bo):
        expect(page.locator(".summary .chip", has_text="Restricted")).to_be_visible()
    # The page loads itself anew when the right to it ends.
    expect(cy.get_by_role("heading", name="There is nothing here")).to_be_visible()
    answer = cy.goto(f"/default/incidents/{name}")
    assert answer is not None and answer.status == 404
    played.said.clear()  # The browser itself notes the refusal.


def test_without_slack_a_report_still_calls_somebody_and_says_what_is_missing(played: Played) -> None:
    played.run(played.stage.slack.faults({"target": "*", "kind": "error5xx", "count": 100_000}))
    bo = played.person("bo@example.com")
    bo.goto("/default")
    bo.get_by_role("link", name="Report incident").click()
    bo.get_by_label("Title").fill("No chat")
    bo.get_by_label("Description").fill("Slack is away.")
    bo.get_by_role("main").get_by_role("button", name="Report incident").click()
    expect(bo.get_by_role("heading", name="is open")).to_be_visible()
    expect(bo.get_by_text("Ada Lovelace").first).to_be_visible()
    # It fills in without a reload: what needs no chat is made, what does waits and says so.
    bo.evaluate("window.same = true")
    expect(bo.locator("#resources")).to_contain_text("Document")
    expect(bo.locator("#resources")).to_contain_text("Bridge")
    expect(bo.locator("#steps .step", has_text="channel").first).to_contain_text("next try")
    assert bo.evaluate("window.same")
    assert complaints(bo) == []
    played.run(played.stage.slack.faults())
