"""With keys alone: an incident is reported, led and found; Tab reaches everything on a page, and one always sees where one is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.played import Played
from tests.stage import BO

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
#: Milliseconds; a loaded machine is slow, and nothing here is about how quick it is.
PATIENCE = 30_000

#: What can be worked, is shown, and is not one of several radio buttons, which arrows walk through.
WORKABLE = """
() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.type !== 'hidden'
    && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked))
  .map((e, n) => { e.dataset.stop = n; return e.outerHTML.slice(0, 120); })
"""
#: How each thing looks while the focus is elsewhere. For Tab the fields of a date are one thing after the other.
LOOKS = """
() => {
  window.lookOf = (e) => JSON.stringify([e, e.closest('label, .search, .picker-box, li, tr')].filter(Boolean).map(getComputedStyle)
    .map((s) => [s.outlineStyle, s.outlineStyle === 'none' || s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor]));
  window.looks ??= new WeakMap();
  document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]').forEach((e) => {
    if (e !== document.activeElement) window.looks.set(e, window.lookOf(e));
  });
}
"""
#: (number of the stop, whether one sees it, what it is). Seen: it stands in the window, and it or the box that belongs to it
#: looks another way than without the focus.
STOP = """
() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const there = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [e.dataset.stop ?? null, there && window.looks.get(e) !== window.lookOf(e), e.outerHTML.slice(0, 120)];
}
"""
#: From the very beginning of the page again.
BEGIN = "() => { document.activeElement?.blur(); document.body.setAttribute('tabindex', '-1'); document.body.focus(); }"


def walked(page: Page) -> None:
    """Tab reaches everything, and whoever looks sees where they are.

    A part that is drawn anew under the walk, for something changed just before, forgets where one has been: once more then.
    """
    for _ in range(3):
        missed, unseen = _walk(page)
        if not missed:
            break
    assert missed == [], f"{page.url}: Tab does not reach\n" + "\n".join(missed)
    assert unseen == [], f"{page.url}: one does not see that one is at\n" + "\n".join(unseen)


def _walk(page: Page) -> tuple[list[str], list[str]]:
    """What Tab does not reach, and where one does not see that one is."""
    there = page.evaluate(WORKABLE)
    assert len(there) > 5
    reached: set[str] = set()
    unseen: list[str] = []
    page.evaluate(BEGIN)
    for _ in range(len(there) + 30):
        page.evaluate(LOOKS)
        page.keyboard.press("Tab")
        stop, seen, what = page.evaluate(STOP)
        if stop is not None:
            reached.add(stop)
            unseen += [] if seen else [what]
        if len(reached) == len(there):
            break
    return [what for number, what in enumerate(there) if str(number) not in reached], unseen


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until one is there; at each stop one sees where one is."""
    expect(wanted).to_be_visible(timeout=PATIENCE)
    for _ in range(120):
        page.evaluate(LOOKS)
        page.keyboard.press("Tab")
        _, seen, what = page.evaluate(STOP)
        assert seen, f"{page.url}: one does not see that one is at {what}"
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"{page.url}: Tab does not lead to {wanted}")


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


def test_an_incident_is_reported_led_and_found_with_keys_alone(played: Played) -> None:
    """Bo's, who may steer until somebody has acknowledged the command."""
    page = played.person("bo@example.com")
    page.goto("/default")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/default/report$"))
    # One comes here to type.
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Typed with keys alone")
    tab_to(page, page.get_by_label("Description"))
    page.keyboard.type("No mouse in this room.")
    tab_to(page, page.get_by_role("main").get_by_role("button", name="Report incident"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/default/incidents/INC-\d+/receipt$"))
    # The receipt fills in by itself, to the last step.
    page.evaluate("window.same = true")
    expect(page.locator("#steps")).to_contain_text(re.compile(r"(\d+) of \1 steps"), timeout=PATIENCE)
    expect(page.locator("#resources")).to_contain_text("Channel", timeout=PATIENCE)
    expect(page.locator("#pages")).to_contain_text("Ada Lovelace", timeout=PATIENCE)
    assert page.evaluate("window.same")
    played.run(played.stage.settle())
    # On a phone, too, what came of it stands above what was made.
    before = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 780})
    heading, made = page.get_by_role("heading", level=1).bounding_box(), page.locator("#resources").bounding_box()
    assert heading is not None and made is not None and heading["y"] < made["y"]
    assert before is not None
    page.set_viewport_size(before)
    tab_to(page, page.get_by_role("link", name="Go to the incident"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Typed with keys alone")
    # The status: where one was is where one goes on.
    tab_to(page, page.get_by_role("button", name="Move to Stable"))
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=step]")).to_contain_text("Stable", timeout=PATIENCE)
    played.run(played.stage.settle())
    # A dialog takes the focus, gives it back when it is left, and when it was sent.
    add = page.locator("#add-entry")
    tab_to(page, add)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add to the timeline")
    expect(dialog.get_by_label("What happened")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(add).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("What happened")).to_be_focused()
    page.keyboard.type("Failed over to the second region")
    tab_to(page, dialog.get_by_role("button", name="Add", exact=True))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(add).to_be_focused()
    expect(page.locator("#timeline")).to_contain_text("Failed over to the second region", timeout=PATIENCE)
    # The palette, to another incident, and on to what one can do.
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Where to?")).to_be_focused()
    page.keyboard.type("inc-3")
    chosen = page.locator("#palette").get_by_role("option", selected=True)
    expect(chosen).to_contain_text("INC-3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/default/incidents/INC-3$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("typed with")
    expect(chosen).to_contain_text("Typed with keys alone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Typed with keys alone")


def test_a_list_is_searched_and_changed_and_dialogs_are_left_by_keys(played: Played) -> None:
    page = played.person("ada@example.com")
    page.goto("/default/incidents")
    page.keyboard.press("/")
    page.keyboard.type("checkout")
    expect(page).to_have_url(re.compile("q=checkout"))
    expect(page.locator("#found .row-title")).to_have_count(1)
    for _ in "checkout":
        page.keyboard.press("Backspace")
    expect(page.locator("#found .row-title")).to_have_count(12)
    more = page.locator("#more-filters > summary")
    tab_to(page, more)
    there = more.bounding_box()
    page.keyboard.press("Enter")
    # Pressed again at the same place, it closes.
    assert more.bounding_box() == there
    tab_to(page, page.locator("#filters").get_by_label("Type"))
    page.keyboard.type("Out")
    expect(page).to_have_url(re.compile("type=Outage"))
    exports = page.locator("summary", has_text="Export")
    tab_to(page, exports)
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="CSV")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="CSV")).to_be_hidden()
    expect(exports).to_be_focused()
    # A dialog that a menu opened leads back to the menu.
    views = page.locator("summary", has_text="Views")
    views.focus()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Save this view"))
    page.keyboard.press("Enter")
    saving = page.get_by_role("dialog", name="Save this view")
    expect(saving).to_be_visible()
    page.keyboard.press("Escape")
    expect(saving).to_be_hidden()
    expect(views).to_be_focused()
    # j and x choose; the bar that comes up is reached like everything else.
    page.keyboard.press("j")
    page.keyboard.press("x")
    change = page.get_by_role("button", name="Change…")
    tab_to(page, change)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Change 1 incident")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(change).to_be_focused()


def test_settings_are_changed_by_keys(played: Played) -> None:
    page = played.person("dee@example.com")
    page.goto("/default/settings/projects/default/tags")
    tab_to(page, page.get_by_label("New tags"))
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("One tag added.")).to_be_visible()
    tab_to(page, page.get_by_role("link", name="by-keyboard"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.press("End")
    page.keyboard.type("-alone")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Remove by-keyboard-alone"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove by-keyboard-alone?")
    expect(dialog).to_be_visible()
    tab_to(page, dialog.get_by_role("button", name="Remove"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Removed.", exact=True)).to_be_visible()
