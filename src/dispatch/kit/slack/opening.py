"""Opening a modal and filling it: the placeholder at once, since a trigger lives three seconds; slow work after it.

Whatever goes wrong takes the place of the form, so that nobody looks at "One moment…" for ever.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from dispatch.kit.errors import DispatchError, ProviderError, Refused, Unavailable
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Request

log = structlog.get_logger()

Fill = Callable[[], Awaitable[b.View]]
#: Slack's words for a view that is gone, or was changed by somebody else meanwhile.
GONE = ("not_found", "view_not_found", "hash_conflict", "expired_trigger_id")
#: Seconds between attempts to show what belongs in a modal; with the attempts about half a minute, as long as people look at it.
PAUSES = (0.3, 1.0, 3.0, 8.0)


async def open_modal(asked: Request, title: str, fill: Fill, *, push: bool = False) -> None:
    """Open a placeholder, and replace it by what `fill` makes; expected errors are said in its place.

    Args:
        asked: has the trigger.
        title: of the placeholder.
        fill: makes the view; runs after Slack was answered.
        push: on top of the modal that is open, instead of a new one.
    """
    opened = await asked.installation.client.call(
        "views.push" if push else "views.open", trigger_id=asked.trigger_id, view=b.placeholder(title)
    )
    asked.later(_replace(asked, str(opened["view"]["id"]), title, fill))


def redraw(asked: Request, title: str, fill: Fill) -> None:
    """Replace the modal in which somebody pressed something, after the answer. One they closed meanwhile is let go."""
    asked.later(_replace(asked, str(asked.view["id"]), title, fill))


async def _replace(asked: Request, view_id: str, title: str, fill: Fill) -> None:
    try:
        view: Mapping[str, Any] = await fill()
    except (DispatchError, ProviderError) as why:
        view = b.notice(title, b.escape(f"{why} {getattr(why, 'hint', '')}".strip()))
    except Exception as why:
        reference = os.urandom(4).hex()
        log.error("slack_modal_failed", reference=reference, exc_info=why)
        view = b.notice(title, f"Something broke on our side. Reference: {reference}")
    try:
        await _put(asked, view_id, view)
    except Refused as why:
        # A view that Slack does not take is a defect of ours.
        reference = os.urandom(4).hex()
        log.error("slack_modal_refused", reference=reference, code=why.code, exc_info=why)
        await _put(asked, view_id, b.notice(title, f"Slack did not take this form. Reference: {reference}"))


async def _put(asked: Request, view_id: str, view: Mapping[str, Any]) -> None:
    """Show the view, also when Slack does not answer at first. One that nobody has open any more is let go.

    Raises:
        Refused: Slack does not take the view.
        Unavailable: it did not answer for half a minute.
    """
    for pause in (*PAUSES, None):
        try:
            await asked.installation.client.call("views.update", view_id=view_id, view=view)
            return
        except Unavailable as why:
            if pause is None:
                raise
            await asyncio.sleep(why.retry_after or pause)
        except Refused as why:
            if why.code not in GONE:
                raise
            return
