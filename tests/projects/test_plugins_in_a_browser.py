"""Settings → Project → Plugins by clicks, as Ada (owner) and Bo (member)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.played import Played
from tests.projects.settings_pages import PLUGINS, instance, instances
from tests.seen import PHONE, complaints, in_theme, too_wide

pytestmark = pytest.mark.browser
PAYMENTS = PLUGINS.replace("projects/default", "projects/payments")


def dots(page: Page, title: str) -> Locator:
    """The three vertical dots of a plugin."""
    return page.locator("summary", has_text=f"Actions for {title}")


def fits_and_reads(page: Page) -> None:
    """Readable by day and night, for a screen reader, and without scrolling sideways on a phone."""
    assert complaints(page) == []
    in_theme(page, "dark")
    assert complaints(page) == []
    assert too_wide(page, PHONE) == 0
    assert complaints(page) == []
    in_theme(page, "light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_ada_adds_slack_corrects_herself_tests_and_enables(played: Played) -> None:
    app = played.stage.app
    [slack] = played.run(instances(played.stage, "slack-conversation"))
    ada = played.person("ada@example.com")
    ada.goto("/default/incidents")
    ada.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    ada.get_by_role("navigation", name="Settings").get_by_role("link", name="Plugins").click()

    # The sample has Slack already: delete it first, which asks.
    menu = dots(ada, "Slack Plugin - Conversation Management")
    menu.click()
    ada.get_by_role("button", name="Delete").first.click()
    question = ada.get_by_role("dialog", name="Delete Slack Plugin - Conversation Management?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    menu.click()
    ada.get_by_role("button", name="Delete").first.click()
    question.get_by_role("button", name="Delete").click()
    expect(ada.get_by_text("was deleted, its settings and secrets with it.")).to_be_visible()

    ada.get_by_role("link", name="NEW").click()
    ada.get_by_role("link", name="Slack Plugin - Conversation Management").click()
    ada.get_by_label("API Bot Token").fill("xoxp-a-token-of-a-person")
    ada.get_by_label("Signing Secret").fill(app["signing_secret"])
    ada.get_by_role("button", name="Add plugin", exact=True).click()
    expect(ada.locator("#field-api_bot_token")).to_contain_text("A bot token starts with xoxb-.")
    expect(ada.get_by_label("API Bot Token")).to_have_attribute("aria-invalid", "true")
    expect(ada.locator("#field-signing_secret")).to_contain_text("Please enter it again")
    assert "xoxp-a-token" not in ada.content()
    played.said.clear()  # the browser notes every answer that is not a success, and 422 is what we want here

    ada.get_by_label("API Bot Token").fill(app["bot_token"])
    ada.get_by_label("Signing Secret").fill(app["signing_secret"])
    ada.get_by_role("button", name="Test connection").click()
    expect(ada.locator("#checks")).to_contain_text("Everything works")
    expect(ada.locator("#checks")).to_contain_text("Works in the workspace Example Company")
    assert played.run(instances(played.stage, "slack-conversation")) == []

    ada.get_by_role("button", name="Add plugin", exact=True).click()
    expect(ada.get_by_text("Added. It does nothing until you enable it.")).to_be_visible()
    expect(ada.get_by_label("App User Id")).to_have_value(app["bot_user_id"])
    ada.get_by_role("button", name="Enable", exact=True).click()
    expect(ada.get_by_role("main").get_by_text("Enabled", exact=True)).to_be_visible()
    made = played.run(instance(played.stage, "slack-conversation"))
    assert made.enabled and made.id != slack.id
    assert played.stage.house.providers.open_secrets(made)["api_bot_token"] == app["bot_token"]


def test_ada_edits_by_the_three_dots_and_reads_what_was_done(played: Played) -> None:
    ada = played.person("ada@example.com")
    ada.goto(PLUGINS)
    dots(ada, "Slack Plugin - Conversation Management").click()
    ada.get_by_role("link", name="Edit").first.click()
    expect(ada.get_by_label("API Bot Token")).to_have_value("")
    ada.get_by_label("Ban Threads").uncheck()
    ada.get_by_label("/dispatch-create-task").fill("/task")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_text("Saved.")).to_be_visible()
    expect(ada.get_by_label("Ban Threads")).not_to_be_checked()
    ada.get_by_role("link", name="History").click()
    expect(
        ada.get_by_text(
            "Ada Lovelace changed Slack Plugin - Conversation Management: Ban Threads, /dispatch-create-task"
        )
    ).to_be_visible()
    row = ada.get_by_role("row", name="Ban Threads")
    expect(row).to_contain_text("on")
    expect(row).to_contain_text("off")
    saved = played.run(instance(played.stage, "slack-conversation"))
    assert played.stage.house.providers.open_secrets(saved)["signing_secret"] == played.stage.app["signing_secret"]


def test_the_menu_opens_closes_and_tests_by_keyboard(played: Played) -> None:
    ada = played.person("ada@example.com")
    ada.goto(PLUGINS)
    menu = dots(ada, "Slack Plugin - Contact Information Resolver")
    menu.focus()
    menu.press("Enter")
    expect(ada.get_by_role("button", name="Test connection").first).to_be_visible()
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("button", name="Test connection").first).to_be_hidden()
    menu.press("Enter")
    for _ in range(2):
        ada.keyboard.press("Tab")
    ada.keyboard.press("Enter")
    expect(ada.locator("#checks")).to_contain_text("Everything works")


def test_ada_switches_the_project(played: Played) -> None:
    ada = played.person("ada@example.com")
    ada.goto(PLUGINS)
    ada.locator("summary", has_text="Switch project").click()
    ada.get_by_role("link", name="Payments").click()
    expect(ada).to_have_url(f"{played.stage.base_url}{PAYMENTS}")
    expect(ada.get_by_text("incidents of Payments")).to_be_visible()


def test_bo_is_told_who_can_help(played: Played) -> None:
    bo = played.person("bo@example.com")
    bo.goto("/default/incidents")
    expect(bo.get_by_role("link", name="Settings")).to_have_count(0)
    bo.goto(PLUGINS)
    expect(bo.get_by_text("you are a member. Ask Dee Alvarez, Joy Mensah or Ada Lovelace.")).to_be_visible()
    assert complaints(bo) == []
    played.said.clear()  # the browser notes the 403 itself


def test_every_page_is_readable_by_day_by_night_and_on_a_phone(played: Played) -> None:
    ada = played.person("ada@example.com")
    slack = played.run(instance(played.stage, "slack-conversation"))
    for address in (
        "/default/settings", PLUGINS, f"{PLUGINS}/new", f"{PLUGINS}/new/webhook", f"{PLUGINS}/{slack.id}", f"{PLUGINS}/{slack.id}/history",
    ):  # fmt: skip
        ada.goto(address)
        fits_and_reads(ada)
    ada.goto(PLUGINS)
    ada.locator(".row-menu summary").first.click()
    fits_and_reads(ada)
    ada.goto(f"{PLUGINS}/new/smtp")
    ada.get_by_label("Server").fill("mail.example.com")
    ada.get_by_label("From Address").fill("nonsense")
    ada.get_by_role("button", name="Test connection").click()
    expect(ada.locator("#checks")).to_contain_text("please correct the form first")
    fits_and_reads(ada)
