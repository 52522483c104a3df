"""Every page there is, tomorrow's included: readable by all, light, and still while it loads.

The list is generated from the routes. A route with a parameter nobody taught tests/canary.py fails there.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.canary import Scene, canary
from tests.played import Played
from tests.routes import all_routes
from tests.scenarios.test_weight import FIRST_PAGE, FURTHER_PAGE, weight

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1280, "height": 900}
#: The window at 200 %, and a small phone.
NARROW: list[ViewportSize] = [{"width": 640, "height": 450}, {"width": 360, "height": 740}]
EVERYTHING = {"resultTypes": ["violations"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
#: No pages: what programs, downloads and open pages ask for.
NOT_PAGES = re.compile(r"^/(api/|static|healthz|metrics)|/live$|/fragments/|/options/|/jump$|export\.|timeline\.")
#: What a page looked like before its parts moved; a sum of less than 0.01 nobody sees.
SHIFT = """
  window.moved = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved += e.value; })
    .observe({ type: "layout-shift", buffered: true });
"""
STILL = "() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.moved)))))"


async def pages_of(scene: Scene, email: str) -> list[str]:
    """An address of every route that answers this person with a page."""
    browser = await scene.stage.sign_in(email)
    found: list[str] = []
    for method, path in all_routes(scene.stage):
        if method != "GET" or NOT_PAGES.search(path):
            continue
        for address in filled(path, scene.values):
            answer = await browser.get(address)
            if answer.status_code == 200 and "<!doctype html>" in answer.text:
                # A route that only leads elsewhere is that page.
                found.append(answer.url.raw_path.decode())
                break
    await browser.aclose()
    return sorted(set(found))


def filled(path: str, values: dict[str, list[str]]) -> list[str]:
    """Addresses of a route, with each known value of its parameters."""
    made = [re.sub(r"{(\w+):\w+}", r"{\1}", path)]
    for parameter in re.findall(r"{(\w+)(?::\w+)?}", path):
        made = [m.replace("{" + parameter + "}", v, 1) for m in made for v in values[parameter]]
    return made


def complaints(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


async def weights(scene: Scene, addresses: list[str], email: str) -> dict[str, tuple[int, int]]:
    """(the page as it travels, with everything it needs on a first visit) in bytes."""
    browser = await scene.stage.sign_in(email)
    parts: dict[str, int] = {}
    found = {}
    for address in addresses:
        html = (await browser.get(address)).text
        needed = {each.split("#")[0] for each in re.findall(r'(?:href|src)="(/static/[^"]+)"', html)}
        for part in needed - parts.keys():
            parts[part] = await weight(browser, part)
        own = await weight(browser, address)
        found[address] = own, own + sum(parts[each] for each in needed)
    await browser.aclose()
    return found


@pytest.mark.timeout(600)
def test_every_page_is_light_and_readable_in_both_themes_enlarged_and_on_a_phone(played: Played) -> None:
    scene = played.run(canary(played.stage).__aenter__())
    addresses = played.run(pages_of(scene, "ada@example.com"))
    for wanted in ("/default", "/default/api", "/default/incidents", "/default/settings/audit", f"/default/incidents/{scene.name}"):
        assert wanted in addresses, addresses
    assert len(addresses) > 35, addresses
    wrong: list[str] = []
    for address, (own, everything) in played.run(weights(scene, addresses, "ada@example.com")).items():
        wrong += [f"{address}: {own} bytes"] if own > FURTHER_PAGE else []
        wrong += [f"{address}: {everything} bytes on a first visit"] if everything > FIRST_PAGE else []
    page = played.person("ada@example.com")
    page.add_init_script(SHIFT)
    for address in addresses:
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        page.goto(address)
        moved = page.evaluate(STILL)
        wrong += [f"{address} moves by {moved}"] if moved >= 0.01 else []
        wrong += [f"{address}: {each}" for each in complaints(page, EVERYTHING)]
        page.emulate_media(color_scheme="dark")
        page.wait_for_function("document.documentElement.getAttribute('data-bs-theme') === 'dark'")
        wrong += [f"{address}, dark: {each}" for each in complaints(page, CONTRAST)]
        for size in NARROW:
            page.set_viewport_size(size)
            width = page.evaluate("document.documentElement.scrollWidth")
            wrong += [f"{address} is {width} wide in {size['width']}"] if width > size["width"] else []
        wrong += [f"{address} says {each}" for each in played.said]
        played.said.clear()
    assert wrong == [], "\n".join(wrong)
