"""Every page in a real browser: readable in both themes, on a phone, by a screen reader, and light."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect, sync_playwright
from tests.seen import PHONE, complaints, in_theme, too_wide

from . import cast
from .preview import INCIDENT, PAGES, preview

pytestmark = pytest.mark.browser
DESK: ViewportSize = {"width": 1280, "height": 800}
LIGHT_ENOUGH = 130_000
# All pages are rendered by test_pages.py; these differ from another one only in their words.
SAME_LOOK = {"/default/incidents/none-found", "/default/incidents/none-active", "/errors/403", "/errors/404"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return preview()


@pytest.fixture(scope="module")
def site(app: FastAPI) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The system's browser where there is one, else the one Playwright installed; without any the tests fail.
        found = shutil.which("chromium") or shutil.which("google-chrome")
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def visitor(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """One person with one cache; a test of a first visit makes its own."""
    context = browser.new_context(base_url=site, viewport=DESK, color_scheme="light", reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """Whatever the console says, policy violations included, fails the test."""
    page = visitor.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert not said


def theme(page: Page) -> str:
    return str(page.evaluate("document.documentElement.getAttribute('data-bs-theme')"))


@pytest.mark.parametrize("address", [address for address in PAGES if address not in SAME_LOOK])
def test_a_page_is_readable_in_both_themes_and_on_a_phone(page: Page, address: str) -> None:
    page.goto(address)
    assert theme(page) == "light"
    assert complaints(page) == []
    in_theme(page, "dark")
    assert complaints(page, colours_only=True) == []
    assert too_wide(page, PHONE) == 0


@pytest.mark.parametrize("address", ["/sign-in", "/default/incidents", "/default/incidents/INC-42", "/default/report"])
def test_a_first_visit_is_light(browser: Browser, site: str, address: str) -> None:
    fetched: list[Request] = []
    with browser.new_context(base_url=site) as stranger:
        page = stranger.new_page()
        page.on("requestfinished", lambda request: fetched.append(request))
        page.goto(address, wait_until="load")
        page.evaluate("document.fonts.ready")
        weight = sum(request.sizes()["responseBodySize"] for request in fetched)
    assert len(fetched) > 5
    assert weight <= LIGHT_ENOUGH


def test_a_chosen_theme_stays_and_is_there_before_anything_is_drawn(page: Page) -> None:
    page.goto("/default/incidents")
    page.get_by_role("button", name="Dark").click()
    assert theme(page) == "dark"
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.first = document.documentElement.getAttribute('data-bs-theme') })"
    )
    page.goto("/default/report")
    assert page.evaluate("window.first") == "dark"
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Like the system").click()
    assert theme(page) == "light"


def test_keys_search_help_and_report_but_never_while_typing(page: Page) -> None:
    page.goto("/default/incidents")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("c?")
    expect(page.locator("#q")).to_have_value("c?")
    page.locator("#q").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page).to_have_url("/default/report")


def test_a_filter_changes_the_address_and_names_only_what_was_chosen(page: Page) -> None:
    page.goto("/default/incidents")
    page.locator("#filters").get_by_label("Severity").select_option("High")
    expect(page).to_have_url("/default/incidents?severity=High")


def test_an_event_brings_the_part_up_to_date_and_leaves_open_what_was_open(page: Page, app: FastAPI) -> None:
    page.goto("/default/incidents/INC-42")
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.locator("#finished-steps > summary").click()
    app.state.changes = {"steps": cast.TROUBLED}
    try:
        page.request.post("/preview/happens/steps")
        expect(page.locator("#steps")).to_contain_text("Slack does not answer (503).")
        expect(page.locator("#finished-steps")).to_have_attribute("open", "")
    finally:
        app.state.changes = {}


def test_retry_sends_the_token_and_shows_the_answer(page: Page, app: FastAPI) -> None:
    page.goto("/default/incidents/INC-42")
    page.get_by_role("button", name="Retry: Create the ticket").click()
    expect(page.locator("#steps")).to_contain_text("Everything is set up")
    assert app.state.retried == [(str(INCIDENT["steps"][4].id), "token-of-the-session")]


def test_a_question_is_asked_before_command_is_taken(page: Page) -> None:
    page.goto("/default/incidents/INC-42")
    page.get_by_role("button", name="Take command").click()
    dialog = page.get_by_role("dialog", name="Take command of INC-42?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_tags_are_found_while_typing_and_sent_with_the_form(page: Page, app: FastAPI) -> None:
    page.goto("/default/report")
    tags = page.get_by_role("combobox", name="Tags")
    tags.press_sequentially("eu")
    tags.press("Enter")
    expect(page.get_by_role("button", name="Remove eu-west-1")).to_be_visible()
    tags.press_sequentially("data")
    page.get_by_role("option", name="database").click()
    chosen = page.locator("input[name=tags]")
    assert chosen.evaluate_all("all => all.map(one => one.value)") == ["payments", "eu-west-1", "database"]
    page.get_by_role("button", name="Remove Payments").click()
    page.get_by_label("Project").select_option("default")
    expect(page.get_by_role("button", name="Remove eu-west-1")).to_be_hidden()
    assert app.state.reloaded[-1]["tags"] == "database" and app.state.reloaded[-1]["project"] == "default"


def test_room_for_a_title_is_counted_as_people_count(page: Page) -> None:
    page.goto("/default/report")
    page.get_by_label("Title").fill("🫠" * 190)
    expect(page.get_by_text("190 of 200 characters")).to_be_visible()


def test_on_a_phone_the_navigation_opens_from_a_button(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/default/incidents")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
