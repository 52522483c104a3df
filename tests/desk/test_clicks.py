"""By clicks and keys in a real browser: the list, its views and bulk change, the palette, a home that follows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dispatch.kit import clock
from dispatch.oncall.models import RotationOverride
from dispatch.people.queries import by_email
from tests.pictures import picture
from tests.played import Played
from tests.playing import org_id
from tests.seen import complaints
from tests.stage import BO

pytestmark = pytest.mark.browser


def test_the_list_is_narrowed_kept_as_a_view_and_changed_by_keys(played: Played) -> None:
    page = played.person("ada@example.com")
    page.goto("/default/incidents")
    picture(page, "incident-list")
    page.goto("/default/incidents?status=Closed")
    page.get_by_text("More filters").click()
    page.get_by_label("Commander").fill("me")
    page.get_by_label("Commander").press("Tab")
    expect(page).to_have_url(re.compile(r"commander=me"))
    expect(page.locator("#found")).to_contain_text("Commander: me")
    page.locator("summary", has_text="Views").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill("What I lead")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(f"{played.stage.base_url}/default/incidents?status=Closed&commander=me")
    page.get_by_role("link", name="Clear").click()
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="What I lead").click()
    expect(page).to_have_url(f"{played.stage.base_url}/default/incidents?status=Closed&commander=me")
    page.goto("/default/incidents?status=Closed")
    page.locator("body").press("j")
    first = page.locator("#found .row-title").first
    expect(first).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk-bar")).to_contain_text("2 incidents selected")
    page.get_by_role("button", name="Change…").click()
    dialog = page.get_by_role("dialog", name="Change 2 incidents")
    dialog.get_by_label("Priority").select_option("High")
    dialog.get_by_label("Severity").select_option("Low")
    assert complaints(page) == []
    dialog.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_role("heading", name="2 of 2 incidents changed")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(f"{played.stage.base_url}/default/incidents?status=Closed")
    page.locator("body").press("j")
    page.keyboard.press("k")
    title = page.locator("#found .row-title").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_an_export_is_what_the_list_shows(played: Played) -> None:
    page = played.person("bo@example.com")
    page.goto("/default/incidents?severity=High")
    rows = page.locator("#found .row-title").count()
    assert rows > 0
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    lines = started.value.path().read_text().splitlines()
    assert len(lines) == rows + 1
    assert lines[0].startswith("name,title,status")


def test_the_palette_works_by_keys_alone(played: Played) -> None:
    page = played.person("bo@example.com")
    page.goto("/default")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Where to?")
    expect(box).to_be_focused()
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    assert complaints(page) == []
    picture(page, "palette")
    page.keyboard.type("inc-3")
    option = page.get_by_role("option", selected=True)
    expect(option).to_contain_text("INC-3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{played.stage.base_url}/default/incidents/INC-3")
    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing at all")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("Control+k")
    box.fill("report")
    expect(page.locator("dialog[open]").get_by_role("option", selected=True)).to_contain_text("Report an incident")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{played.stage.base_url}/default/report")


def test_a_home_follows_what_happens_without_a_reload(played: Played) -> None:
    page = played.person("ada@example.com")
    page.goto("/default")
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.evaluate("window.same = true")
    name = played.run(played.stage.report(BO, Title="Xylophonic failure"))
    line = page.locator(".line", has_text=f"You lead {name}")
    expect(line).to_be_visible()
    assert page.evaluate("window.same")
    assert complaints(page) == []
    picture(page, "home")
    line.get_by_role("button", name="Acknowledge").click()
    expect(page).to_have_url(f"{played.stage.base_url}/default/incidents/{name}")
    played.run(played.stage.settle())
    page.reload()
    picture(page, "incident-page", height=1000)
    page.goto("/default")
    expect(page.get_by_text(f"You lead {name}")).to_have_count(0)


def test_a_home_follows_whose_turn_it_is(played: Played) -> None:
    """Nothing is written when a turn ends; the page knows when it does."""

    async def cy_stands_in() -> None:
        async with played.stage.house.db.tx(await org_id(played.stage)) as t:
            cy = await by_email(t, "cy@example.com")
            assert cy is not None
            now = clock.now()
            ends = now + timedelta(minutes=1)
            t.add(
                RotationOverride(
                    org_id=t.org, rotation_id=1, person_id=cy.id, starts_at=now - timedelta(hours=1), ends_at=ends
                )
            )

    played.run(cy_stands_in())
    page = played.person("bo@example.com")
    page.clock.install()
    page.goto("/default")
    on_call = page.locator(".part", has=page.get_by_role("heading", name="On call"))
    expect(on_call.locator(".person")).to_have_text(re.compile("Cy Okafor"))
    page.evaluate("window.same = true")
    played.run(played.stage.advance(minutes=1))
    page.clock.fast_forward("01:02")
    expect(on_call.locator(".person")).to_have_text(re.compile("Ada Lovelace"))
    assert page.evaluate("window.same")
