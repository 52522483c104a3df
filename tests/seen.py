"""How a page is to those who look at it: what axe finds, whether it moves while it loads, whether it is too wide."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
#: A window of 1280 x 900 at 200 %: the page has half as many pixels of its own in each direction.
ENLARGED: Final[ViewportSize] = {"width": 640, "height": 450}
#: Which findings depend on the theme.
_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
#: Adds up what moved without anybody having pressed or typed anything, from the first paint on.
_WATCH: Final = """
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput)
      window.moved.push([shift.value, Math.round(shift.startTime) + "ms " + shift.sources.map((s) => (s.node?.outerHTML?.slice(0, 60) ?? "") + JSON.stringify([s.previousRect, s.currentRect])).join(" ")]);
  }).observe({ type: "layout-shift", buffered: true });
"""
#: After the fonts are there and two frames were drawn nothing is on its way that belongs to loading.
_SETTLED: Final = """
  () => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.moved))))))
"""


@cache
def _axe() -> str:
    return str(Axe().axe_script)


def complaints(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds, in the theme the page has; with `colours_only` what depends on the theme."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": _COLOURS} if colours_only else {})
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def watch_moves(context: BrowserContext) -> None:
    """Before the first page: note what moves while it loads, for `moves`."""
    context.add_init_script(_WATCH)


def moves(page: Page) -> tuple[float, list[str]]:
    """(how much moved while the page loaded, what): the cumulative layout shift, 0 for nothing; up to 0.1 counts as good."""
    shifts: list[tuple[float, str]] = page.evaluate(_SETTLED)
    return sum(amount for amount, _ in shifts), [what for _, what in shifts]


def too_wide(page: Page, size: ViewportSize) -> int:
    """By how many pixels one has to scroll the page sideways in a window of this size."""
    page.set_viewport_size(size)
    return max(0, int(page.evaluate("document.documentElement.scrollWidth")) - size["width"])


def in_theme(page: Page, theme: str) -> None:
    """As the system asks for: `light` or `dark`."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
