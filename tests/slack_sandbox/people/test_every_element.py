"""Every element of Block Kit with real clicks: what the person chose is what the app is told."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from people_stage import Stage, write
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def choose(page: Page, box: Locator, *names: str, typed: str = "") -> None:
    box.click()
    for name in names:
        if typed:
            box.fill(typed)
        page.get_by_role("option", name=re.compile(name)).first.click()
    if len(names) > 1 or box.get_attribute("aria-multiselectable"):
        page.keyboard.press("Escape")


def test_a_modal_with_every_input(stage: Stage, tmp_path: Path) -> None:
    ada = stage.window("ada")
    write(ada, "/report")
    modal = ada.get_by_role("dialog", name="Report a problem")
    modal.get_by_role("textbox", name="Title").fill("Checkout")
    modal.get_by_role("textbox", name="Description").fill("Two\nlines")
    choose(ada, modal.get_by_role("combobox", name="Commander"), "Grace")
    choose(ada, modal.get_by_role("combobox", name="Tell"), "general", "random")
    choose(ada, modal.get_by_role("combobox", name="Channel", exact=True), "random")
    choose(ada, modal.get_by_role("combobox", name="Tags"), "Network", "Frontend")
    modal.get_by_label("Time", exact=True).fill("13:05")
    modal.get_by_label("E-mail").fill("ada@example.test")
    modal.get_by_label("Link").fill("https://example.test/a?b=c")
    modal.get_by_role("textbox", name="Notes").fill(
        "*Ask* @Grace Hopper :fire:\n- see [the log](https://ci.example/7)\n- `retry`"
    )
    choose(ada, modal.get_by_role("combobox", name="Other services"), "Payments", "Search", typed="a")
    choose(ada, modal.get_by_role("combobox", name="Channels"), "general", "random")
    choose(ada, modal.get_by_role("combobox", name="Conversation"), "random")
    modal.get_by_label("Ratio").fill("0.5")
    log, picture = tmp_path / "a.log", tmp_path / "b.png"
    log.write_text("boom")
    picture.write_bytes(PIXEL)
    modal.locator("[data-block=files] input[type=file]").set_input_files([log, picture])
    expect(modal.locator(".chosen-files li")).to_have_count(2)
    modal.get_by_role("button", name="Remove b.png").click()
    expect(modal.locator(".chosen-files li")).to_have_count(1)
    # An update by the app keeps all of it.
    modal.get_by_role("button", name="Add a note").click()
    expect(modal).to_contain_text("Noted: Checkout")
    expect(modal.locator(".chosen-files li")).to_have_text("a.log")
    expect(modal.get_by_role("textbox", name="Notes")).to_have_value(
        "*Ask* @Grace Hopper :fire:\n- see [the log](https://ci.example/7)\n- `retry`"
    )
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(modal).to_have_count(0)

    held: dict[str, Any] = {block: next(iter(actions.values())) for block, actions in stage.app.submitted[-1].items()}
    room = stage.channels
    assert held["story"]["value"] == "Two\nlines"
    assert held["commander"]["selected_user"] == stage.users["grace"]
    assert held["tell"]["selected_conversations"] == [room["general"], room["random"]]
    assert held["room"]["selected_channel"] == room["random"]
    assert [one["value"] for one in held["tags"]["selected_options"]] == ["network", "frontend"]
    assert held["hour"]["selected_time"] == "13:05"
    assert (held["mail"]["value"], held["link"]["value"]) == ("ada@example.test", "https://example.test/a?b=c")
    assert [one["value"] for one in held["others"]["selected_options"]] == ["payments", "search"]
    assert held["rooms"]["selected_channels"] == [room["general"], room["random"]]
    assert held["talk"]["selected_conversation"] == room["random"]
    assert held["ratio"]["value"] == "0.5"
    assert [(one["name"], one["mimetype"]) for one in held["files"]["files"]] == [("a.log", "text/plain")]
    said, listed = held["notes"]["rich_text_value"]["elements"]
    assert said["elements"] == [
        {"type": "text", "text": "Ask", "style": {"bold": True}}, {"type": "text", "text": " "},
        {"type": "user", "user_id": stage.users["grace"]}, {"type": "text", "text": " "}, {"type": "emoji", "name": "fire"},
    ]  # fmt: skip
    assert listed["type"] == "rich_text_list"
    assert listed["elements"][0]["elements"][1] == {"type": "link", "url": "https://ci.example/7", "text": "the log"}
    assert listed["elements"][1]["elements"] == [{"type": "text", "text": "retry", "style": {"code": True}}]


def test_a_modal_refuses_what_cannot_be(stage: Stage) -> None:
    ada = stage.window("ada")
    write(ada, "/report")
    modal = ada.get_by_role("dialog", name="Report a problem")
    modal.get_by_role("textbox", name="Title").fill("Checkout")
    modal.get_by_label("E-mail").fill("nobody")
    modal.get_by_label("Ratio").fill("7")
    modal.get_by_label("Link").fill("example")
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(modal.locator("[data-block=mail]")).to_contain_text("Please enter a valid email address.")
    expect(modal.locator("[data-block=ratio]")).to_contain_text("Must be no more than 1.")
    expect(modal.locator("[data-block=link]")).to_contain_text("Please enter a valid URL.")
    assert stage.app.submitted == []
    ada.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    assert "view_closed" in stage.app.seen


def test_every_element_of_a_message_tells_the_app(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "/panel")
    card = grace.locator("#main article.message", has_text="Choose tags")

    def told(action: str, count: int = 1) -> dict[str, Any]:
        for _ in range(100):
            found = [one for one in stage.app.acted if one["action_id"] == action]
            if len(found) >= count:
                return found[-1]
            grace.wait_for_timeout(50)
        raise AssertionError(f"{action} not told; only {[one['action_id'] for one in stage.app.acted]}")

    choose(grace, card.get_by_role("combobox", name="Service", exact=True), "Payments", typed="pay")
    assert told("service")["selected_option"]["value"] == "payments"
    choose(grace, card.get_by_role("combobox", name="Who"), "Ada")
    assert told("who")["selected_user"] == stage.users["ada"]
    choose(grace, card.get_by_role("combobox", name="Where"), "random")
    assert told("where")["selected_conversation"] == stage.channels["random"]
    choose(grace, card.get_by_role("combobox", name="Room", exact=True), "general")
    assert told("room")["selected_channel"] == stage.channels["general"]
    card.get_by_label("Day").fill("2026-11-30")
    assert told("day")["selected_date"] == "2026-11-30"
    card.get_by_label("Hour").fill("09:30")
    assert told("hour")["selected_time"] == "09:30"
    card.get_by_label("datetimepicker").fill("2026-07-01T12:00")
    # Noon in Grace's New York summer.
    assert told("moment")["selected_date_time"] == 1782921600
    card.get_by_label("Drill").check()
    assert told("kind")["selected_option"]["value"] == "drill"
    card.get_by_label("Bridge").check()
    card.get_by_label("Status page").check()
    assert [one["value"] for one in told("checks", 2)["selected_options"]] == ["bridge", "status page"]
    choose(grace, card.get_by_role("combobox", name="Several tags"), "Network", "Database")
    assert [one["value"] for one in told("several_tags")["selected_options"]] == ["network", "database"]
    choose(grace, card.get_by_role("combobox", name="Several services"), "Payments", "Search", typed="a")
    assert [one["value"] for one in told("several_services")["selected_options"]] == ["payments", "search"]
    choose(grace, card.get_by_role("combobox", name="Several people"), "Ada", "Yuki")
    assert told("several_people")["selected_users"] == [stage.users["ada"], stage.users["yuki"]]
    choose(grace, card.get_by_role("combobox", name="Several talks"), "general", "random")
    assert told("several_talks")["selected_conversations"] == [stage.channels["general"], stage.channels["random"]]
    choose(grace, card.get_by_role("combobox", name="Several rooms"), "general", "random")
    assert told("several_rooms")["selected_channels"] == [stage.channels["general"], stage.channels["random"]]
    why = card.get_by_role("textbox", name="Say why")
    why.fill("because")
    why.press("Enter")
    assert told("why")["value"] == "because"


def test_shortcuts_links_and_pictures(stage: Stage, tmp_path: Path) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "see https://status.example.test/incidents/7")
    expect(grace.locator("#main article.message", has_text="Incident 7 is open").locator(".attachment")).to_be_visible()
    ada.get_by_role("button", name="Shortcuts").click()
    ada.get_by_role("menuitem", name=re.compile("Report a problem")).click()
    expect(ada.get_by_role("dialog", name="Report a problem")).to_be_visible()
    ada.keyboard.press("Escape")
    said = ada.locator("#main article.message", has_text="see https")
    said.hover()
    said.get_by_role("button", name="More actions").click()
    ada.get_by_role("menuitem", name=re.compile("Make a task")).click()
    expect(ada.get_by_role("dialog", name="Report a problem")).to_be_visible()
    ada.keyboard.press("Escape")
    assert {"shortcut", "message_action", "link_shared"} <= set(stage.app.seen)

    picture = tmp_path / "graph.png"
    picture.write_bytes(PIXEL)
    ada.locator("#main .composer input[type=file]").set_input_files(picture)
    shown = grace.locator("#main article.message img[alt='graph.png']")
    expect(shown).to_be_visible()
    assert shown.evaluate("(node) => node.naturalWidth") == 1
