"""For tests by clicks: Dispatch and the sandbox in a thread of their own, one browser; the console must stay silent."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dispatch.people.actions import account_for
from dispatch.people.sessions import one_time_link
from tests.stage import Stage, staged

T = TypeVar("T")


@dataclass
class Played:
    """A stage in another thread, and browsers of its people."""

    stage: Stage
    loop: asyncio.AbstractEventLoop
    browser: Browser
    said: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """A coroutine in the stage's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def visitor(self, **how: Any) -> Page:
        """A page of somebody who is not signed in."""
        context = self.browser.new_context(
            base_url=self.stage.base_url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **how
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def person(self, email: str, **how: Any) -> Page:
        """A page of somebody who has signed in by link."""

        async def token() -> str:
            async with self.stage.house.db.system() as t:
                return await one_time_link(t, await account_for(t, email))

        page = self.visitor(**how)
        page.goto(f"/sign-in?token={self.run(token())}")
        return page


# Not for the session: while Playwright's synchronous driver lives, this thread has a running event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        launched = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def played(sample_database: str, chromium: Browser) -> Iterator[Played]:
    with playing(sample_database, chromium) as made:
        yield made


@pytest.fixture
def unplayed(database: str, chromium: Browser) -> Iterator[Played]:
    """Nobody has set this Dispatch up yet."""
    with playing(database, chromium, empty=True) as made:
        yield made


@contextmanager
def playing(database: str, chromium: Browser, *, empty: bool = False) -> Iterator[Played]:
    """A stage in a thread of its own."""
    made: list[tuple[Stage, asyncio.AbstractEventLoop, Callable[[], None]]] = []
    ready = threading.Event()

    async def play() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with staged(database, empty=empty) as stage:
            made.append((stage, loop, lambda: loop.call_soon_threadsafe(over.set)))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(play()), daemon=True)
    thread.start()
    while not ready.wait(0.5):
        assert thread.is_alive(), "the stage did not come up"
    stage, loop, end = made[0]
    playing = Played(stage, loop, chromium)
    try:
        yield playing
    finally:
        for context in playing.contexts:
            context.close()
        end()
        thread.join(30)
    assert playing.said == [], playing.said
