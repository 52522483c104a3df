"""With keys alone: everything on a page is reached and worked by Tab, Enter, blank and Escape, and shows where one is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.played import Played
from tests.stage import BO

pytestmark = pytest.mark.browser

#: What can be worked, is shown, and is not one of several radio buttons, which arrows walk through.
WORKABLE = """
() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && !e.disabled && e.type !== 'hidden'
    && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked))
  .map((e, n) => { e.dataset.stop = n; return e.outerHTML.slice(0, 120); })
"""
STOP = """
() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
  const around = e.closest('label, .search') && getComputedStyle(e.closest('label, .search'));
  return [e.dataset.stop ?? null, ring || !!around && around.boxShadow !== 'none', e.outerHTML.slice(0, 120)];
}
"""


def walked(page: Page) -> None:
    """Tab reaches everything, and whoever looks sees where they are."""
    there = page.evaluate(WORKABLE)
    assert len(there) > 5
    reached: set[str] = set()
    unseen: list[str] = []
    page.evaluate("() => { document.activeElement?.blur(); document.body.setAttribute('tabindex', '-1'); document.body.focus(); }")
    for _ in range(len(there) + 30):
        page.keyboard.press("Tab")
        stop, seen, what = page.evaluate(STOP)
        if stop is not None:
            reached.add(stop)
            unseen += [] if seen else [what]
        if len(reached) == len(there):
            break
    missed = [what for number, what in enumerate(there) if str(number) not in reached]
    assert missed == [], f"{page.url}: Tab does not reach\n" + "\n".join(missed)
    assert unseen == [], f"{page.url}: one does not see that one is at\n" + "\n".join(unseen)


def test_tab_reaches_everything_and_shows_it(played: Played) -> None:
    name = played.run(played.stage.report(BO))
    played.run(played.stage.settle())
    page = played.person("ada@example.com")
    for address in (
        "/default", "/default/incidents", f"/default/incidents/{name}", "/default/report", "/default/settings",
        "/default/settings/projects/default/general", "/default/settings/projects/default/severities/new",
        "/default/settings/projects/default/oncall/1", "/default/settings/members",
    ):  # fmt: skip
        page.goto(address)
        walked(page)


def test_an_incident_is_reported_by_keys(played: Played) -> None:
    page = played.person("bo@example.com")
    page.goto("/default")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/default/report$"))
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Typed with keys alone")
    page.keyboard.press("Tab")
    page.keyboard.type("No mouse in this room.")
    page.get_by_label("Title").press("Enter")
    # The receipt fills in by itself, to the last step.
    expect(page).to_have_url(re.compile(r"/default/incidents/INC-\d+/receipt$"))
    page.evaluate("window.same = true")
    expect(page.locator("#steps")).to_contain_text(re.compile(r"(\d+) of \1 steps"), timeout=60_000)
    expect(page.locator("#resources")).to_contain_text("Channel")
    assert page.evaluate("window.same")


def test_a_list_is_searched_and_changed_and_dialogs_are_left_by_keys(played: Played) -> None:
    page = played.person("ada@example.com")
    page.goto("/default/incidents")
    page.keyboard.press("/")
    page.keyboard.type("checkout")
    expect(page).to_have_url(re.compile("q=checkout"))
    expect(page.locator("#found .row-title")).to_have_count(1)
    page.locator("#q").fill("")
    page.locator("#q").press("Enter")
    expect(page.locator("#found .row-title")).to_have_count(12)
    page.locator("#more-filters > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reported from").press("Escape")
    page.locator("summary", has_text="Export").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="CSV")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="CSV")).to_be_hidden()
    expect(page.locator("summary", has_text="Export")).to_be_focused()
    page.locator("[data-pick]").first.focus()
    page.keyboard.press("Space")
    change = page.get_by_role("button", name="Change…")
    change.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Change 1 incident")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(change).to_be_focused()


def test_settings_are_changed_by_keys(played: Played) -> None:
    page = played.person("dee@example.com")
    page.goto("/default/settings/projects/default/tags")
    page.get_by_label("New tags").focus()
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("One tag added.")).to_be_visible()
    page.get_by_role("link", name="by-keyboard").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name").focus()
    page.keyboard.press("End")
    page.keyboard.type("-alone")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove by-keyboard-alone").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove by-keyboard-alone?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Removed.", exact=True)).to_be_visible()
