"""What stands around a channel's messages, what its blocks say, and all of it by keys alone."""

import re

import pytest
from people_stage import Stage, message, write
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser]

MRKDWN = {"type": "mrkdwn", "text": "Payments answer *502*"}
PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"


def cell(text: str) -> dict[str, str]:
    return {"type": "raw_text", "text": text}


def menu(page: Page, text: str, entry: str) -> None:
    message(page, text).hover()
    message(page, text).get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=entry).click()


def test_a_pin_is_there_for_everybody_until_it_is_taken_away(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    write(ada, "The bridge is at extension 7")
    menu(grace, "The bridge is at", "Pin to channel")
    ada.get_by_role("button", name="1 pinned").click()
    pins = ada.get_by_role("dialog", name="Pinned messages")
    expect(pins).to_contain_text("The bridge is at extension 7")
    expect(message(ada, "Grace Hopper pinned a message to this channel.")).to_be_visible()
    pins.get_by_role("button", name=re.compile("extension 7")).click()
    expect(message(ada, "The bridge is at extension 7")).to_be_focused()
    menu(ada, "The bridge is at extension", "Unpin from channel")
    expect(grace.get_by_role("button", name="1 pinned")).to_have_count(0)


def test_bookmarks_and_the_canvas_stand_over_the_messages(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    general = stage.channels["general"]
    made = stage.api(
        "bookmarks.add",
        channel_id=general,
        title="Status page",
        type="link",
        link="https://status.example.test/",
        emoji=":fire:",
    )
    for page in (ada, grace):
        mark = page.get_by_role("link", name=re.compile("Status page"))
        expect(mark).to_have_attribute("href", "https://status.example.test/")
        expect(mark).to_have_attribute("target", "_blank")
    stage.api("bookmarks.remove", channel_id=general, bookmark_id=made["bookmark"]["id"])
    expect(ada.get_by_role("link", name=re.compile("Status page"))).to_have_count(0)

    content = {"type": "markdown", "markdown": "# Checkout\n\n- **Ada** leads\n- Grace looks"}
    stage.api("conversations.canvases.create", channel_id=general, title="Notes", document_content=content)
    ada.get_by_role("button", name="Canvas").click()
    canvas = ada.get_by_role("dialog", name="Notes")
    expect(canvas.get_by_role("heading", name="Checkout")).to_be_visible()
    expect(canvas.get_by_role("listitem")).to_have_text(["Ada leads", "Grace looks"])


def test_topic_and_description_are_set_and_seen(stage: Stage) -> None:
    ada, grace = stage.window("ada"), stage.window("grace")
    ada.get_by_role("button", name="general, details").click()
    dialog = ada.get_by_role("dialog", name="#general")
    dialog.get_by_label("Topic").fill("SEV1, see https://status.example.test/")
    dialog.get_by_label("Topic").press("Enter")
    expect(grace.locator(".channel-head").get_by_role("link", name="https://status.example.test/")).to_be_visible()
    expect(message(grace, "set the channel topic")).to_be_visible()
    dialog.get_by_label("Description").fill("All about checkout")
    dialog.get_by_label("Description").press("Enter")
    expect(grace.get_by_text("All about checkout").first).to_be_visible()


def test_a_person_is_added_leaves_and_joins_again(stage: Stage) -> None:
    ada, yuki = stage.window("ada"), stage.window("yuki", "support")
    ada.get_by_role("button", name="general, details").click()
    dialog = ada.get_by_role("dialog", name="#general")
    dialog.get_by_role("combobox", name="Members").fill("yuki")
    dialog.get_by_role("gridcell", name=re.compile("Yuki Tanaka")).click()
    yuki.get_by_role("link", name=re.compile("^general")).click()
    write(yuki, "Hello, I was called")
    yuki.get_by_role("button", name="general, details").click()
    expect(yuki.get_by_role("dialog", name="#general").get_by_role("button", name="Leave channel")).to_have_count(0)
    yuki.keyboard.press("Escape")
    yuki.get_by_role("link", name=re.compile("^support")).click()
    yuki.get_by_role("button", name="support, details").click()
    yuki.get_by_role("button", name="Leave channel").click()
    expect(yuki.get_by_role("button", name="Join channel")).to_be_visible()
    yuki.get_by_role("button", name="Join channel").click()
    write(yuki, "Back again", "Message #support")
    expect(message(yuki, "Back again")).to_be_visible()


def test_the_blocks_of_a_message_can_be_read(stage: Stage) -> None:
    ada = stage.window("ada")
    styled = [
        {"type": "text", "text": "bold", "style": {"bold": True}}, {"type": "text", "text": " and "},
        {"type": "user", "user_id": stage.users["grace"]}, {"type": "text", "text": " "}, {"type": "emoji", "name": "fire"},
    ]  # fmt: skip
    listed = [{"type": "rich_text_section", "elements": [{"type": "text", "text": one}]} for one in ("first", "second")]
    rich = [
        {"type": "rich_text_section", "elements": styled}, {"type": "rich_text_list", "style": "ordered", "elements": listed},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said so"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "exit 1"}]},
    ]  # fmt: skip
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Checkout fails"}},
        {"type": "section", "text": MRKDWN, "fields": [{"type": "mrkdwn", "text": "*Severity*\nSEV1"}, {"type": "plain_text", "text": "40 % of carts"}],
         "accessory": {"type": "image", "image_url": PICTURE.replace("data:", "https://x.test/?"), "alt_text": "A graph of errors"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "since `noon`"}]},
        {"type": "divider"},
        {"type": "rich_text", "elements": rich},
        {"type": "table", "rows": [[cell("Service"), cell("State")], [cell("payments"), cell("down")]]},
        {"type": "markdown", "text": "## Next\n\n1. **Roll back**\n2. Watch [the log](https://ci.example.test/7)"},
        {"type": "image", "image_url": "https://x.test/graph.png", "alt_text": "Errors by minute", "title": {"type": "plain_text", "text": "Errors"}},
    ]  # fmt: skip
    ada.route(
        re.compile("^https://x.test"),
        lambda route: route.fulfill(
            content_type="image/svg+xml", body="<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
        ),
    )
    stage.api("chat.postMessage", channel=stage.channels["general"], text="Checkout fails", blocks=blocks)
    shown = message(ada, "Checkout fails")
    expect(shown.get_by_role("heading", name="Checkout fails")).to_be_visible()
    expect(shown.locator(".section-text strong")).to_have_text("502")
    expect(shown.locator(".section-field")).to_have_text(["SeveritySEV1", "40 % of carts"])
    expect(shown.get_by_role("img", name="A graph of errors")).to_be_visible()
    expect(shown.locator(".block-context code")).to_have_text("noon")
    expect(shown.locator(".block-divider")).to_have_count(1)
    text = shown.locator(".block-rich_text")
    expect(text.locator("strong")).to_have_text("bold")
    expect(text.get_by_text("@Grace Hopper")).to_be_visible()
    expect(text.get_by_role("img", name=":fire:")).to_be_visible()
    expect(text.get_by_role("listitem")).to_have_text(["first", "second"])
    expect(text.locator("blockquote")).to_have_text("said so")
    expect(text.locator("pre")).to_have_text("exit 1")
    expect(shown.get_by_role("columnheader")).to_have_text(["Service", "State"])
    expect(shown.get_by_role("cell")).to_have_text(["payments", "down"])
    words = shown.locator(".block-markdown")
    expect(words.get_by_role("heading", name="Next")).to_be_visible()
    expect(words.get_by_role("listitem")).to_have_text(["Roll back", "Watch the log"])
    expect(words.get_by_role("link", name="the log")).to_have_attribute("href", "https://ci.example.test/7")
    expect(shown.get_by_role("img", name="Errors by minute")).to_be_visible()


def test_a_modal_shows_that_it_waits(stage: Stage) -> None:
    page = stage.window("ada")
    write(page, "/report")
    modal = page.get_by_role("dialog", name="Report a problem")
    modal.get_by_role("textbox", name="Title").fill("Checkout")
    stage.call("PUT", "faults", {"faults": [{"target": "action", "kind": "latency", "seconds": 5, "count": 1}]})
    modal.get_by_role("button", name="Report", exact=True).click()
    expect(page.locator("dialog.modal[aria-busy=true]:has(.modal-body[inert]) .modal-submit[disabled]")).to_be_visible()
    expect(modal).to_have_count(0)
    assert len(stage.app.submitted) == 1


def test_keys_alone_are_enough(stage: Stage) -> None:
    stage.say("grace", "general", "Who takes it?")
    stage.say("grace", "general", "Anybody?")
    page = stage.window("ada")
    keys = page.keyboard
    expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()
    # To the messages, up one, and what can be done with it.
    message(page, "Anybody?").focus()
    keys.press("ArrowUp")
    expect(message(page, "Who takes it?")).to_be_focused()
    keys.press("Tab")
    expect(message(page, "Who takes it?").get_by_role("toolbar").get_by_role("button").first).to_be_focused()
    keys.press("Enter")
    expect(message(page, "Who takes it?").get_by_role("button", name="white check mark: 1, You")).to_be_visible()
    # Another channel, and back.
    keys.press("Control+k")
    keys.type("rand")
    keys.press("Enter")
    expect(page.get_by_role("textbox", name="Message #random")).to_be_focused()
    # A command, completed; its modal filled in and sent.
    keys.type("/rep")
    keys.press("Tab")
    keys.press("Enter")
    modal = page.get_by_role("dialog", name="Report a problem")
    expect(modal.get_by_role("textbox", name="Title")).to_be_focused()
    keys.type("Checkout")
    severity = modal.get_by_role("combobox", name="Severity")
    for _ in range(2):
        keys.press("Tab")
    expect(severity).to_be_focused()
    keys.press("ArrowDown")
    keys.type("SEV1")
    keys.press("Enter")
    keys.press("Control+Enter")
    expect(modal).to_have_count(0)
    held = stage.app.submitted[-1]
    assert (held["title"]["value"]["value"], held["severity"]["value"]["selected_option"]["value"]) == (
        "Checkout",
        "sev1",
    )
