"""Long lists in a modal: the row with Previous and Next, and what is pressed there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, action

Turn = Callable[[Request, int], Awaitable[None]]


def page_there(page: int, *, size: int, total: int) -> int:
    """The wanted page, or the last one: a list may have become shorter since its buttons were drawn."""
    return max(1, min(page, -(-total // size)))


def page_row(key: str, *, page: int, size: int, total: int) -> list[b.Block]:
    """Where one is and the buttons that lead on; nothing when everything is on one page.

    Args:
        key: the list's, as in `on_turn`.
        page: from 1.
        size: entries on a page.
        total: entries in all.
    """
    last = -(-total // size)
    if last < 2:
        return []
    turns = []
    if page > 1:
        turns.append(b.button("Previous", action_id=f"{key}_back", value=str(page - 1)))
    if page < last:
        turns.append(b.button("Next", action_id=f"{key}_next", value=str(page + 1)))
    return [b.context(f"Page {page} of {last}"), b.actions(*turns)]


def on_turn(key: str) -> Callable[[Turn], Turn]:
    """Handle the buttons of `page_row`; the handler gets the page that is wanted."""

    def register(turn: Turn) -> Turn:
        async def turned(asked: Request) -> Answer:
            await turn(asked, _wanted(asked.payload))
            return None

        action(f"{key}_back")(turned)
        action(f"{key}_next")(turned)
        return turn

    return register


def _wanted(payload: Mapping[str, Any]) -> int:
    pressed = str((payload.get("actions") or [{}])[0].get("value", ""))
    return max(1, int(pressed)) if pressed.isascii() and pressed.isdigit() and len(pressed) < 7 else 1
