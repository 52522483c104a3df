"""Every page there is, tomorrow's included, as an owner sees it: for all eyes, silent, light, still, and never too wide.

The pages are those of the application's routes; a path parameter nobody taught tests/canary.py stops the test. All tests
read what one walk through them found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import database_url
from dispatch.kit.signing import Signer
from dispatch.people.models import Person
from dispatch.people.queries import by_email
from dispatch.reports.actions import write_report
from dispatch.situations import actions
from dispatch.situations.acknowledge_link import PURPOSE
from dispatch.situations.models import Situation
from dispatch.tasks.actions import create_task
from tests.announcements.test_rules import RULE, with_view
from tests.canary import Scene, addresses_of, canary
from tests.conftest import cloned
from tests.many_rows import grow_incidents
from tests.played import Played, playing
from tests.projects.test_project_settings import admin
from tests.routes import all_routes
from tests.scenarios.test_weight import FIRST_PAGE, FURTHER_PAGE, weight
from tests.seen import ENLARGED, PHONE, complaints, in_theme, moves, too_wide, watch_moves

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OWNER = "ada@example.com"
DESK: ViewportSize = {"width": 1280, "height": 900}
#: What the Core Web Vitals call good; everything here is far below.
STILL = 0.1
#: What folds away is looked at, too; menus are not: they lie over other things.
UNFOLD = "() => document.querySelectorAll('details:not(.menu)').forEach((details) => { details.open = true; })"
#: Buttons that ask something first, or make a field of a value. The palette has tests of its own.
OPENERS = "[data-load], [data-edit], [data-dialog]:not([data-dialog=palette])"
#: The words of the buttons that act at once, those of closed menus included.
AT_ONCE = """
() => [...document.querySelectorAll('form button:not([type=button]), [hx-post]:is(button)')]
  .filter((button) => !button.closest('dialog') && !button.hasAttribute('hx-confirm'))
  .map((button) => (button.ariaLabel || button.textContent).trim().replace(/\\s+/g, ' '))
"""
DESTROYS = re.compile(
    r"delete|remove|revoke|deactivate|discard|take out|close the incident|restrict|archive", re.IGNORECASE
)
NAME = "opener => (opener.ariaLabel || opener.textContent).trim()"
#: For programs, downloads, streams and scripts; and pieces of pages, which are looked at where they stand.
NOT_PAGES = re.compile(
    r"^/(api/|static|healthz|metrics)|/live$|/options/|/jump$|/fragments/|/dialogs/|/edit/{place}$|/menu$|export\.|timeline\."
)
#: Pages that an owner who is signed in, in an organization that is set up, does not get to see: which test looks at them.
ELSEWHERE = {
    "/first-run": "tests/desk/test_first_run.py",
    "/sign-in/{slug}/provider": "leads to the provider, see tests/people/test_clicks.py",
    "/sign-in/{slug}/callback": "leads back from the provider, see tests/people/test_clicks.py",
}


@dataclass
class Look:
    """What was found of one page. Sizes are bytes: of the HTML as it travels, and with all that a first visit fetches."""

    address: str
    said: list[str] = field(default_factory=list)
    by_day: list[str] = field(default_factory=list)
    by_night: list[str] = field(default_factory=list)
    asked: dict[str, list[str]] = field(default_factory=dict)
    unasked: list[str] = field(default_factory=list)
    moved: float = 0.0
    what_moved: list[str] = field(default_factory=list)
    too_wide: dict[str, int] = field(default_factory=dict)
    travels: int = 0
    first_visit: int = 0


@pytest.fixture(scope="module")
def looks(cluster: Cluster, sample_template: str, chromium: Browser) -> Iterator[list[Look]]:
    with cloned(cluster, sample_template) as database, playing(database, chromium) as played:
        with psycopg.connect(
            database_url(cluster.superuser_url, urlsplit(database).path.removeprefix("/")), autocommit=True
        ) as connection:
            grow_incidents(connection, 60)
        # Entered and left in the stage's own thread.
        stack = AsyncExitStack()
        scene = played.run(stack.enter_async_context(canary(played.stage)))
        played.run(fill(scene))
        addresses = played.run(pages_of(scene))
        found = [Look(address) for address in addresses]
        played.run(weigh(scene, found))
        page = played.person(OWNER)
        watch_moves(page.context)
        for look in found:
            see(played, page, look)
        yield found
        played.run(stack.aclose())


async def fill(scene: Scene) -> None:
    """More than one page of everything on the incident, a rule of each kind, and a link from a mail."""
    stage = scene.stage
    async with stage.house.db.tx(scene.org) as t:
        situation = (await t.scalars(select(Situation).where(Situation.name == scene.name))).one()
        ada, bo = await by_email(t, OWNER), await by_email(t, "bo@example.com")
        assert ada is not None and bo is not None
        for number in range(30):
            await actions.add_note(
                t, situation, f"**Looked** at replica {number}, `lag` is falling", author=bo, source="web"
            )
        await create_task(
            t,
            situation,
            "Roll back the release",
            by=ada,
            assignees=[bo],
            due_at=clock.now() + timedelta(hours=2),
            source="web",
        )
        said = {"conditions": "One order in five fails", "actions": "Rolling back", "needs": "Nothing"}
        await write_report(t, situation, "tactical", said, by=ada, next_minutes=30)
        signer = stage.house.services[Signer]
        assert isinstance(signer, Signer)
        about = {
            "o": scene.org,
            "s": situation.id,
            "p": (await t.scalars(select(Person.id).where(Person.email == OWNER))).one(),
        }
    scene.values["token"] = [signer.sign(PURPOSE, about, life=timedelta(hours=1))]
    settings = await admin(stage, OWNER)
    await with_view(settings, "High", "severity=High")
    assert (await settings.send("announcements/new", **RULE)).status_code == 303
    assert (await settings.send("roles/new", role="Scribe", rotation_id="1")).status_code == 303
    await settings.browser.aclose()
    await stage.settle()


async def pages_of(scene: Scene) -> list[str]:
    """The first address of every route that answers with a page. An address that only leads elsewhere is left out."""
    found: list[str] = []
    missed: set[str] = set()
    browser = await scene.stage.sign_in(OWNER)
    for method, path in all_routes(scene.stage):
        if method != "GET" or NOT_PAGES.search(path):
            continue
        answers = [await browser.get(address) for address in addresses_of(scene, path)]
        shown = [each for each in answers if each.status_code == 200 and "<!doctype html>" in each.text]
        if shown:
            found.append(shown[0].url.raw_path.decode())
        else:
            missed.add(path)
    await browser.aclose()
    assert missed == ELSEWHERE.keys()
    return sorted(set(found))


async def weigh(scene: Scene, looks: list[Look]) -> None:
    browser = await scene.stage.sign_in(OWNER)
    parts: dict[str, int] = {}
    for look in looks:
        needed = await _parts(browser, (await browser.get(look.address)).text, parts)
        look.travels = await weight(browser, look.address)
        look.first_visit = look.travels + sum(parts[part] for part in needed)
    await browser.aclose()


async def _parts(browser: httpx.AsyncClient, html: str, known: dict[str, int]) -> set[str]:
    """What a page fetches; its weight is noted in `known`."""
    needed = {each.split("#")[0] for each in re.findall(r'(?:href|src)="(/static/[^"]+)"', html)}
    for part in needed - known.keys():
        known[part] = await weight(browser, part)
    return needed


def see(played: Played, page: Page, look: Look) -> None:
    loaded(page, look)
    page.evaluate(UNFOLD)
    look.by_day = complaints(page)
    in_theme(page, "dark")
    look.by_night = complaints(page, colours_only=True)
    in_theme(page, "light")
    look.unasked = [words for words in page.evaluate(AT_ONCE) if DESTROYS.search(words)]
    look.asked = questions(page)
    look.too_wide = {"at 200 %": too_wide(page, ENLARGED), "on a phone": too_wide(page, PHONE)}
    loaded(page, look)
    page.set_viewport_size(DESK)
    look.said = list(played.said)
    played.said.clear()


def loaded(page: Page, look: Look) -> None:
    page.goto(look.address)
    if page.locator("[data-live]").count():
        expect(page.locator("[data-live=on]")).to_be_attached()
    amount, what = moves(page)
    look.moved = max(look.moved, amount)
    look.what_moved += what


def questions(page: Page) -> dict[str, list[str]]:
    """What axe finds in each dialog and each field that a button of the page opens, by the words of the button."""
    found: dict[str, list[str]] = {}
    openers = page.locator(OPENERS)
    for number in range(openers.count()):
        words = openers.nth(number).evaluate(NAME)
        if words in found:
            continue
        openers.nth(number).evaluate("opener => opener.click()")
        asked = page.locator("dialog[open], .editor")
        expect(asked).to_be_visible()
        found[words] = complaints(page)
        leave = asked.locator("[data-close], [data-leave]").first
        leave.evaluate("button => button.click()")
        expect(asked).to_have_count(0)
    return found


def told(wrong: list[str]) -> str:
    return "\n".join(["", *wrong])


def test_every_page_is_there(looks: list[Look]) -> None:
    addresses = [look.address for look in looks]
    for wanted in (
        "/default",
        "/default/api",
        "/default/incidents",
        "/default/report",
        "/default/settings/audit",
        "/sign-in",
    ):
        assert wanted in addresses
    assert len(addresses) >= 45


def test_everybody_can_read_and_use_every_page_by_day_and_by_night(looks: list[Look]) -> None:
    wrong = [f"{look.address}, light: {each}" for look in looks for each in look.by_day]
    wrong += [f"{look.address}, dark: {each}" for look in looks for each in look.by_night]
    assert wrong == [], told(wrong)


def test_everybody_can_answer_what_a_page_asks(looks: list[Look]) -> None:
    assert sum(len(look.asked) for look in looks) >= 30
    wrong = [
        f"{look.address}, {words}: {each}" for look in looks for words, found in look.asked.items() for each in found
    ]
    assert wrong == [], told(wrong)


def test_what_destroys_something_asks_first(looks: list[Look]) -> None:
    wrong = [f"{look.address}: {each}" for look in looks for each in look.unasked]
    assert wrong == [], told(wrong)


def test_the_console_stays_silent(looks: list[Look]) -> None:
    wrong = [f"{look.address}: {each}" for look in looks for each in look.said]
    assert wrong == [], told(wrong)


def test_nothing_moves_while_a_page_loads(looks: list[Look]) -> None:
    wrong = [f"{look.address} moved by {look.moved:.3f}: {look.what_moved}" for look in looks if look.moved > STILL]
    assert wrong == [], told(wrong)


def test_what_moves_is_noticed(chromium: Browser) -> None:
    context = chromium.new_context()
    watch_moves(context)
    page = context.new_page()
    page.goto("data:text/html,<h1 style='height: 300px; background: red'>first</h1>")
    assert moves(page) == (0, [])
    page.evaluate("() => document.body.prepend(Object.assign(document.createElement('div'), {style: 'height: 300px'}))")
    # The browser tells of it after it has drawn it.
    while moves(page)[0] <= STILL:
        pass
    assert "first" in moves(page)[1][0]
    context.close()


def test_nobody_scrolls_sideways_on_a_phone_or_at_200_percent(looks: list[Look]) -> None:
    wrong = [
        f"{look.address}, {where}: {by} px too wide" for look in looks for where, by in look.too_wide.items() if by
    ]
    assert wrong == [], told(wrong)


def test_a_page_is_light_and_a_first_visit_too(looks: list[Look]) -> None:
    wrong = [f"{look.address}: {look.travels} bytes" for look in looks if look.travels > FURTHER_PAGE]
    wrong += [f"{look.address}: {look.first_visit} bytes at first" for look in looks if look.first_visit > FIRST_PAGE]
    assert wrong == [], told(wrong)
