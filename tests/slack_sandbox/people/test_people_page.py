"""The people page, driven as a person drives it."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from people_stage import Stage, message, write
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser]
FIXTURES = Path(__file__).parents[1] / "blockkit" / "fixtures" / "valid" / "blocks"


def run(page: Page, command: str) -> None:
    write(page, command)
    page.get_by_role("dialog").wait_for()


def test_two_windows_stay_in_step(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "Checkout is *down*, @Grace Hopper see `payments` :fire:")
    there = message(grace, "Checkout is down")
    expect(there.locator("strong")).to_have_text("down")
    expect(there.locator(".mention-me")).to_have_text("@Grace Hopper")
    expect(there.get_by_role("img", name=":fire:")).to_be_visible()

    there.hover()
    there.get_by_role("button", name="React with eyes").click()
    pill = message(ada, "Checkout is down").get_by_role("button", name="eyes: 1, Grace Hopper")
    pill.click()
    expect(there.get_by_role("button", name=re.compile("eyes: 2"))).to_have_attribute("aria-pressed", "true")

    grace.get_by_role("link", name=re.compile("^random")).click()
    write(ada, "Still down")
    expect(grace.get_by_role("link", name=re.compile("general.*unread"))).to_be_visible()


def test_a_reply_stands_in_the_thread_and_an_own_message_can_be_corrected(stage: Stage) -> None:
    stage.say("grace", "general", "Who is on call?")
    ada = stage.window("ada")
    asked = message(ada, "Who is on call?")
    asked.hover()
    asked.get_by_role("button", name="Reply in thread").click()
    write(ada, "I am", "Reply")
    thread = ada.get_by_role("complementary", name="Thread")
    expect(thread.get_by_role("article")).to_have_count(2)
    expect(asked.get_by_role("button", name=re.compile("1 reply"))).to_be_visible()

    write(ada, "Paging Yuko")
    message(ada, "Paging Yuko").hover()
    message(ada, "Paging Yuko").get_by_role("button", name="More actions").click()
    ada.get_by_role("menuitem", name="Edit message").click()
    write(ada, "Paging Yuki", "Edit message")
    expect(message(ada, "Paging Yuki (edited)")).to_be_visible()
    message(ada, "Paging Yuki").hover()
    message(ada, "Paging Yuki").get_by_role("button", name="More actions").click()
    ada.get_by_role("menuitem", name="Delete message").click()
    ada.get_by_role("button", name="Delete", exact=True).click()
    expect(message(ada, "Paging Yuki")).to_have_count(0)


def test_one_window_becomes_another_person_who_can_join_and_write(stage: Stage) -> None:
    page = stage.window("ada")
    page.get_by_role("button", name="Acting as Ada Lovelace").click()
    page.get_by_role("combobox", name="Act as").fill("yuk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Acting as Yuki Tanaka")).to_be_visible()
    expect(page).to_have_url(re.compile(f"as={stage.users['yuki']}"))
    page.get_by_role("button", name="Join channel").click()
    write(page, "Hello from support")
    expect(message(page, "Hello from support").get_by_role("button", name="Yuki Tanaka", exact=True)).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("grace")
    page.keyboard.press("Enter")
    write(page, "psst", "Message Grace Hopper")
    expect(message(page, "psst")).to_be_visible()


def test_commands_complete_and_failures_use_slacks_words(stage: Stage) -> None:
    page = stage.window("ada")
    box = page.get_by_role("textbox", name="Message #general")
    box.press_sequentially("/wh")
    expect(page.get_by_role("option", name=re.compile("whisper"))).to_contain_text("[words]Answer only you")
    box.press("Tab")
    expect(box).to_have_value("/whisper ")
    write(page, "/card")
    expect(message(page, "Checkout is failing")).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("card"))).to_have_count(0)
    write(page, "/nope now")
    expect(message(page, "is not a valid command")).to_contain_text(
        "/nope is not a valid command. In Slack, all messages that start with the “/” character"
    )

    stage.call("PUT", "faults", {"faults": [{"target": "command", "kind": "timeout_after_work", "count": 1}]})
    write(page, "/card")
    expect(message(page, "failed with the error")).to_contain_text('/card failed with the error "operation_timeout"')


def test_what_is_typed_as_a_list_is_shown_as_one(stage: Stage) -> None:
    page = stage.window("ada")
    write(page, "To do:\n- call *Grace*\n- roll back")
    said = message(page, "To do:")
    expect(said.get_by_role("listitem")).to_have_text(["call Grace", "roll back"])
    expect(said.locator("li strong")).to_have_text("Grace")


def test_an_ephemeral_answer_is_for_one_person_until_dismissed(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "/whisper sesame")
    secret = message(ada, "Psst, sesame")
    expect(secret).to_contain_text("Only visible to you")
    write(ada, "after")
    expect(message(grace, "after")).to_be_visible()
    expect(message(grace, "Psst")).to_have_count(0)
    secret.get_by_role("button", name="Dismiss").click()
    expect(secret).to_have_count(0)


def test_a_modal_keeps_what_was_typed_and_shows_errors_at_the_field(stage: Stage) -> None:
    page = stage.window("ada")
    run(page, "/report")
    modal = page.get_by_role("dialog", name="Report a problem")
    title = modal.get_by_role("textbox", name="Title")
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(modal.locator("[data-block=title]")).to_contain_text("Please complete this required field.")
    expect(title).to_be_focused()

    title.fill("bad")
    modal.get_by_role("button", name="Add a note").click()
    expect(modal).to_contain_text("Noted: bad")
    expect(title).to_have_value("bad")
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(modal.locator("[data-block=title]")).to_contain_text("Please say what is broken.")

    title.fill("Checkout")
    modal.get_by_role("combobox", name="Severity").click()
    page.get_by_role("option", name="SEV1").click()
    modal.get_by_role("combobox", name="Service", exact=True).fill("pay")
    page.get_by_role("option", name="Payments").click()
    modal.get_by_role("combobox", name="Helpers").click()
    page.get_by_role("option", name=re.compile("Grace")).click()
    page.keyboard.press("Escape")
    modal.get_by_label("Page the on-call").check()
    modal.get_by_label("Drill").check()
    modal.get_by_label("Day").fill("2026-11-30")
    modal.get_by_label("Began at").fill("2026-07-01T12:00")
    modal.get_by_label("Customers").fill("12")
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(modal).to_have_count(0)

    held = {block: next(iter(actions.values())) for block, actions in stage.app.submitted[-1].items()}
    assert held["severity"]["selected_option"]["value"] == "sev1"
    assert held["service"]["selected_option"]["value"] == "payments"
    assert held["helpers"]["selected_users"] == [stage.users["grace"]]
    assert [one["value"] for one in held["checks"]["selected_options"]] == ["page the on-call"]
    assert held["kind"]["selected_option"]["value"] == "drill"
    assert (held["day"]["selected_date"], held["count"]["value"]) == ("2026-11-30", "12")
    # Noon in Ada's London summer.
    assert held["moment"]["selected_date_time"] == 1782903600


def test_pushed_modals_go_back_and_a_silent_app_is_told_as_slack_tells_it(stage: Stage) -> None:
    page = stage.window("ada")
    run(page, "/report")
    page.get_by_role("textbox", name="Title").fill("more")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_role("dialog", name="Are you sure?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("more")

    stage.call("PUT", "faults", {"faults": [{"target": "action", "kind": "timeout_after_work", "count": 1}]})
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="We had some trouble connecting. Try again?")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_buttons_of_a_message_work_for_everybody(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "/card")
    card = message(grace, "Checkout is failing")
    card.get_by_role("button", name="Take it").click()
    expect(message(ada, "Taken by grace")).to_be_visible()
    card.get_by_role("button", name="Close", exact=True).click()
    sure = grace.get_by_role("dialog", name="Close it?")
    expect(sure.locator("strong")).to_have_text("everyone")
    sure.get_by_role("button", name="Yes, close").click()
    expect(message(ada, "Closed")).to_be_visible()
    card.get_by_role("button", name="More options").click()
    grace.get_by_role("menuitem", name="Mute").click()
    expect(message(ada, "Changed with more")).to_be_visible()


def test_the_home_tab_shows_what_the_app_published(stage: Stage) -> None:
    page = stage.window("ada")
    page.get_by_role("link", name="Pager").click()
    expect(page.locator("#main")).to_contain_text("Hello @Ada Lovelace, all is quiet.")
    page.get_by_role("button", name="Report a problem").click()
    expect(page.get_by_role("dialog", name="Report a problem")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Messages", exact=True).click()
    write(page, "hello app", "Message Pager")
    expect(message(page, "hello app")).to_be_visible()


def test_what_happened_while_the_line_was_down_is_shown_afterwards(stage: Stage) -> None:
    page = stage.window("ada")
    page.context.set_offline(True)
    page.evaluate("() => 0")
    stage.say("grace", "general", "missed me?")
    page.context.set_offline(False)
    expect(message(page, "missed me?")).to_be_visible()
    stage.complaints.clear()  # the browser's own about the line


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(stage: Stage, scheme: str) -> None:
    ts = stage.say("grace", "general", "Look at this")
    stage.call(
        "POST",
        f"users/{stage.users['grace']}/reactions",
        {"channel": stage.channels["general"], "ts": ts, "name": "eyes"},
    )
    page = stage.window("ada", color_scheme=scheme, viewport={"width": 1280, "height": 800})
    write(page, "/card")
    expect(message(page, "Checkout is failing")).to_be_visible()
    write(page, "/whisper you")
    expect(message(page, "Psst, you")).to_be_visible()
    asked = message(page, "Look at this")
    asked.focus()
    asked.get_by_role("button", name="Reply in thread").click()
    assert violations(page) == []
    run(page, "/report")
    page.get_by_role("dialog").get_by_role("combobox", name="Severity").click()
    assert violations(page) == []


def test_every_block_of_block_kit_is_drawn(stage: Stage) -> None:
    page = stage.window("ada")
    blocks = [json.loads(file.read_text()) | {"block_id": file.stem} for file in sorted(FIXTURES.glob("*.json"))]
    assert len(blocks) > 20
    drawn = """async (blocks) => {
        const {drawBlock} = await import("/people/js/blocks.js");
        const {formValues} = await import("/people/js/values.js");
        const where = {values: formValues(), heading: 3};
        return blocks.map((block) => drawBlock(block, where)).filter((node) => node.querySelector(".unknown") || node.matches(".unknown")).map((node) => node.textContent);
    }"""
    page.route(
        re.compile("^https:"),
        lambda route: route.fulfill(content_type="image/svg+xml", body="<svg xmlns='http://www.w3.org/2000/svg'/>"),
    )
    assert page.evaluate(drawn, blocks) == []


def test_it_fits_a_narrow_window(stage: Stage) -> None:
    page = stage.window("ada", viewport={"width": 800, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    expect(page.get_by_role("link", name="random")).to_be_hidden()
    page.get_by_role("button", name="Channels", exact=True).click()
    page.get_by_role("link", name="random").click()
    write(page, "narrow", "Message #random")
    expect(message(page, "narrow")).to_be_visible()


def violations(page: Page) -> list[str]:
    page.wait_for_timeout(250)  # animations of opening change colours for a moment
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes'][:3]]}" for one in found]
