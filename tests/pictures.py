"""Pictures of pages for the documentation, of the same size by day and by night: made only with DISPATCH_PICTURES=1."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page, ViewportSize

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
SIZE: Final[ViewportSize] = {"width": 1280, "height": 800}
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def picture(page: Page, name: str, *, height: int = SIZE["height"]) -> None:
    """`docs/pictures/{name}.png` and `{name}-dark.png` of what the page shows now; nothing without DISPATCH_PICTURES=1."""
    if os.environ.get("DISPATCH_PICTURES") != "1":
        return
    before = page.viewport_size
    page.set_viewport_size({"width": SIZE["width"], "height": height})
    page.evaluate("() => { window.scrollTo(0, 0); return document.fonts.ready.then(() => null) }")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.screenshot(
            path=FOLDER / f"{name}{'' if theme == 'light' else '-dark'}.png",
            animations="disabled",
            caret="hide",
            scale="css",
        )
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    if before is not None:
        page.set_viewport_size(before)
