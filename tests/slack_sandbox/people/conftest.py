"""One sandbox and one Pager per session, one browser per module; every test has a fresh workspace and must leave no console errors."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pager_app import Pager, manifest, pager
from people_stage import WORKSPACE, Stage
from playwright.sync_api import Browser, Page, sync_playwright
from slack_sdk.web.async_client import AsyncWebClient

from slack_sandbox.testing import running_sandbox

CHROMIUM = Path("/usr/bin/chromium")
# Milliseconds to wait for an effect: generous, because the machine may be busy with other things.
PATIENCE = 20_000


@dataclass
class Served:
    base_url: str
    app: Pager


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The sandbox and Pager in a thread with its own event loop: the browser's synchronous driver has this one."""
    started: list[Served] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with pager() as app, running_sandbox() as running:
            started.append(Served(running.base_url, app))
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(20)
    yield started[0]
    over.set()
    thread.join(10)


# Not for the session: while Playwright's synchronous driver lives, this thread has a running event loop and async tests cannot start.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        where = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
        launched = driver.chromium.launch(args=["--no-sandbox"], **where)
        yield launched
        launched.close()


@pytest.fixture
def stage(served: Served, browser: Browser) -> Iterator[Stage]:
    with httpx.Client(base_url=served.base_url) as http:
        http.post("/sandbox/reset")
        http.put("/sandbox/faults", json={"faults": []})
        made = http.post("/sandbox/workspaces", json=WORKSPACE).json()
        keys = http.post(
            "/sandbox/apps", json={"team": made["team"]["id"], "manifest": manifest(served.app.url)}
        ).json()
        served.app.web = AsyncWebClient(token=keys["bot_token"], base_url=f"{served.base_url}/api/")
        served.app.submitted.clear()
        served.app.acted.clear()
        served.app.seen.clear()
        opened: list[Any] = []
        complaints: list[str] = []

        def open_page(path: str, **context: Any) -> Page:
            window = browser.new_context(**context)
            opened.append(window)
            page = window.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(served.base_url + path)
            page.get_by_role("log").first.wait_for()
            return page

        ids = {user["name"]: user["id"] for user in made["users"]}
        rooms = {channel["name"]: channel["id"] for channel in made["channels"]}
        http.post(
            f"/sandbox/users/{ids['ada']}/invitations",
            json={"channel": rooms["general"], "users": [keys["bot_user_id"]]},
        )
        yield Stage(served.base_url, served.app, http, ids, rooms, keys["bot_user_id"], open_page, complaints)
        for window in opened:
            window.close()
    assert complaints == []
