"""What an announcement by a rule says, in Slack and by e-mail. Pure functions."""

from __future__ import annotations

from typing import Any

from dispatch.kit.slack.blocks import context, cut, escape, message
from dispatch.situations.mail import Letter, announced
from dispatch.situations.queries import Brief
from dispatch.situations.slack.messages import announcement


def in_slack(b: Brief, *, rule: str) -> dict[str, Any]:
    """As every announcement, with the rule that asked for it."""
    made = announcement(b)
    return message(
        [*made["blocks"], context(f"Announced by the rule “{escape(cut(rule, 60))}” of {escape(b.project)}.")],
        made["text"],
    )


def by_email(b: Brief, *, rule: str) -> Letter:
    """Of restricted incidents only the name and the link."""
    return announced(b, why=f"You get this because of the announcement rule “{rule}” of {b.project}.")
