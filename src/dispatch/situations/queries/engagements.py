"""Reads about who was called in because they are on call."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.situations.models import Engagement


async def engagement(t: Read, situation_id: int, engagement_id: int) -> Engagement:
    """By id. For what Dispatch does by itself, and for whoever holds the link of the call.

    Raises:
        NotFound: none of this situation.
    """
    found = await t.scalar(
        select(Engagement).where(
            Engagement.org_id == t.org, Engagement.situation_id == situation_id, Engagement.id == engagement_id
        )
    )
    if found is None:
        raise NotFound("There is no such call.")
    return found
