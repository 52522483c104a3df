"""The question, in a direct message."""

from __future__ import annotations

from typing import Any

from dispatch.kit.slack.blocks import actions, button, cut, escape, message, section
from dispatch.situations.queries import Brief

GIVE = "give_feedback"


def ask(b: Brief) -> dict[str, Any]:
    """To everybody who took part."""
    return message(
        [
            section(f":speech_balloon: *{b.name} is closed.* How did it go?\n{escape(cut(b.title, 300))}"),
            actions(button("Give feedback", action_id=GIVE, value=f"{b.org_slug}/{b.id}", style="primary")),
        ],
        f"{b.name} is closed. How did it go?",
    )
