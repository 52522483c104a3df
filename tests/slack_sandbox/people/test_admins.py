"""What people and admins change on the page: channels, profiles, accounts, apps."""

import re

import pytest
from people_stage import Stage
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser]


def details(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"{name}, details").click()


def test_a_channel_is_renamed_archived_and_deleted_in_both_windows(stage: Stage) -> None:
    ada, grace = stage.window("ada", "random"), stage.window("grace", "random")
    details(ada, "random")
    ada.get_by_label("Name").fill("chatter")
    ada.get_by_role("button", name="Rename").click()
    expect(grace.get_by_role("heading", name="chatter, details")).to_be_visible()
    ada.get_by_role("button", name="Archive channel").click()
    ada.get_by_role("button", name="Archive", exact=True).click()
    expect(grace.get_by_text("is archived. Nobody can write here.")).to_be_visible()
    grace.get_by_role("button", name="Unarchive").click()
    expect(ada.get_by_role("textbox", name="Message #chatter")).to_be_visible()
    details(grace, "chatter")
    expect(grace.get_by_role("button", name="Delete channel")).to_have_count(0)  # only admins can
    details(ada, "chatter")
    ada.get_by_role("button", name="Delete channel").click()
    ada.get_by_role("dialog", name="Delete #chatter?").get_by_role("button", name="Delete channel").click()
    expect(grace.get_by_role("link", name=re.compile("chatter"))).to_have_count(0)
    expect(grace.get_by_role("textbox", name="Message #general")).to_be_visible()


def test_people_join_change_and_leave(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    grace.get_by_role("button", name="Acting as Grace Hopper").wait_for()
    stage.say("grace", "general", "hello")
    grace.locator("#main article.message", has_text="hello").get_by_role(
        "button", name="Grace Hopper", exact=True
    ).click()
    grace.get_by_role("button", name="Edit profile").click()
    grace.get_by_label("Display name").fill("amazing-grace")
    grace.get_by_role("button", name="Save").click()
    expect(ada.locator("#main article.message", has_text="hello")).to_contain_text("amazing-grace")

    ada.get_by_role("button", name=re.compile("^N Northwind|Northwind")).first.click()
    ada.get_by_role("menuitem", name="Add a person").click()
    ada.get_by_label("Full name").fill("Eve New")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_text("Eve New joined Northwind")).to_be_visible()
    grace.keyboard.press("Control+k")
    grace.keyboard.type("eve")
    grace.keyboard.press("Enter")
    expect(grace.get_by_role("textbox", name="Message Eve New")).to_be_visible()

    ada.locator("#main article.message", has_text="hello").get_by_role(
        "button", name="amazing-grace", exact=True
    ).click()
    ada.get_by_role("button", name="Deactivate").click()
    ada.get_by_role("dialog", name=re.compile("Deactivate")).get_by_role("button", name="Deactivate").click()
    expect(ada.get_by_text("amazing-grace was deactivated")).to_be_visible()
    ada.locator("#main article.message", has_text="hello").get_by_role(
        "button", name="amazing-grace", exact=True
    ).click()
    expect(ada.get_by_text("Deactivated account")).to_be_visible()
    ada.get_by_role("button", name="Reactivate").click()
    assert {"user_change", "team_join"} <= set(stage.app.seen)


def test_an_app_loses_its_events_and_is_removed(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    for page in (ada, grace):
        page.get_by_role("link", name="Pager").click()
    expect(grace.get_by_role("button", name="App settings")).to_have_count(0)
    ada.get_by_role("button", name="App settings").click()
    ada.get_by_role("menuitem", name="Turn event subscriptions off").click()
    expect(grace.get_by_text("Event subscriptions are off.")).to_be_visible()
    ada.get_by_role("button", name="Turn on").click()
    expect(grace.get_by_text("Event subscriptions are off.")).to_have_count(0)
    ada.get_by_role("button", name="App settings").click()
    ada.get_by_role("menuitem", name="Remove from this workspace").click()
    ada.get_by_role("button", name="Remove app").click()
    expect(grace.get_by_role("link", name="Pager")).to_have_count(0)
    for _ in range(100):
        if "app_uninstalled" in stage.app.seen:
            break
        ada.wait_for_timeout(50)
    assert "app_uninstalled" in stage.app.seen


def test_a_reset_is_seen_and_long_channels_open_at_their_end(stage: Stage) -> None:
    for number in range(350):
        stage.say("grace", "general", f"line {number}.")
    page = stage.window("ada")
    expect(page.locator("#main article.message", has_text="line 349.")).to_be_visible()
    assert page.locator("#main article.message", has_text="line 10.").count() == 0
    page.get_by_role("button", name="Show earlier messages").click()
    expect(page.locator("#main article.message", has_text="line 10.")).to_have_count(1)
    stage.call("POST", "reset")
    expect(page.get_by_role("heading", name="No workspace yet")).to_be_visible()
    stage.complaints.clear()  # the page asked once more for what is gone
