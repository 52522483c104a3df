"""The dialogs of the incident page: drawn when somebody asks for one, so that it says how things are now.

A slice adds its own where its routes are, with `page_dialog(...)`. A button with
`data-load="{path}/dialogs/{key}"` opens it (`static/app.js`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.situations.web.parts import Look


@dataclass(frozen=True)
class Dialog:
    """One dialog. `read` asks whether the viewer may, and gives what the template takes."""

    key: str
    template: str
    read: Callable[[Read, Look], Awaitable[dict[str, Any]]]


_dialogs: dict[str, Dialog] = {}


def page_dialog(key: str, template: str, *, read: Callable[[Read, Look], Awaitable[dict[str, Any]]]) -> Dialog:
    """Register a dialog; the same key twice stops the start.

    Args:
        key: the last part of its address.
        template: a `<dialog>` and nothing beside it.
        read: what the template takes, on top of what every part takes; raises `NotAllowed` for whoever may not.
            `Look.query` holds what the button asks for, such as the entry a dialog is about.
    """
    made = Dialog(key, template, read)
    if _dialogs.setdefault(key, made) != made:
        raise RuntimeError(f"two dialogs of the incident page are called {key!r}")
    return made


def dialogs() -> list[Dialog]:
    """All of them."""
    return [_dialogs[key] for key in sorted(_dialogs)]


def dialog_named(key: str) -> Dialog:
    """One of them.

    Raises:
        NotFound: there is none of that name.
    """
    if key not in _dialogs:
        raise NotFound("There is no such dialog.")
    return _dialogs[key]
