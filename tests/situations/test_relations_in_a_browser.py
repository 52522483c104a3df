"""Merging two reports of one trouble by clicks, and taking it back; a second person's page follows."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from tests.played import Played
from tests.seen import complaints
from tests.stage import BO, CY

pytestmark = pytest.mark.browser


def test_ada_merges_two_reports_of_one_trouble_and_takes_it_back(played: Played) -> None:
    first = played.run(played.stage.report(BO))
    second = played.run(played.stage.report(CY))
    played.run(played.stage.settle())
    cy = played.person("cy@example.com")
    cy.goto(f"/default/incidents/{second}")
    ada = played.person("ada@example.com")
    ada.goto(f"/default/incidents/{second}/receipt")
    expect(ada.locator("#related")).to_contain_text("Looks like a duplicate of")
    if shots := os.environ.get("SHOTS"):
        ada.screenshot(path=f"{shots}/receipt.png", full_page=True)
    ada.goto(f"/default/incidents/{second}")
    if shots:
        ada.screenshot(path=f"{shots}/page.png", full_page=True)
    assert complaints(ada) == []
    ada.locator("#related").get_by_role("button", name="It is the same…").click()
    dialog = ada.get_by_role("dialog", name=f"Link {second} with another incident")
    expect(dialog.get_by_label("Incident", exact=True)).to_have_value(first)
    expect(dialog.get_by_role("radio", name=re.compile("is a duplicate of it"))).to_be_checked()
    if shots:
        ada.screenshot(path=f"{shots}/dialog.png")
    dialog.get_by_role("button", name="Link", exact=True).click()
    expect(ada).to_have_url(f"{played.stage.base_url}/default/incidents/{first}?duplicate={second}")
    expect(ada.get_by_text(f"{second} is a duplicate of this incident")).to_be_visible()
    # Cy looks at the one that was closed, and sees where it goes on without a reload.
    expect(cy.locator("#related")).to_contain_text("Goes on in")
    expect(cy.locator("#related").get_by_role("link", name=first)).to_be_visible()
    if shots:
        ada.screenshot(path=f"{shots}/merged.png", full_page=True)
    ada.get_by_role("link", name=f"Look at {second} itself").click()
    ada.locator("#related").get_by_role("button", name="Undo").click()
    assert complaints(ada) == []
    ada.get_by_role("dialog").get_by_role("button", name="Undo the merge").click()
    expect(ada).to_have_url(f"{played.stage.base_url}/default/incidents/{second}")
    expect(ada.locator("#summary")).to_contain_text("Active")
    ada.locator("#related").get_by_role("button", name="Link", exact=True).click()
    dialog.get_by_label("Incident", exact=True).fill(first)
    dialog.get_by_role("button", name="Link", exact=True).click()
    expect(ada.locator("#related").get_by_role("button", name=f"Take the link with {first} away")).to_be_visible()
    ada.set_viewport_size({"width": 360, "height": 800})
    assert complaints(ada) == []
    if shots:
        ada.screenshot(path=f"{shots}/phone.png", full_page=True)
