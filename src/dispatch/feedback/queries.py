"""Reads about feedback. The caller found the situation for the viewer's eyes."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.feedback.models import Feedback
from dispatch.kit.db import Read


async def feedback_on(t: Read, situation_id: int) -> list[Feedback]:
    """What was said, the latest first."""
    return list(
        await t.scalars(
            select(Feedback)
            .where(Feedback.org_id == t.org, Feedback.situation_id == situation_id)
            .order_by(Feedback.given_at.desc())
        )
    )
