"""Reads about who was called in because they are on call."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Event
from dispatch.people.models import Person
from dispatch.situations.events import OncallAnswered
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


async def answered_by(t: Read, made: Engagement) -> Person | None:
    """Who answered the call; None while nobody did."""
    return await t.scalar(
        select(Person)
        .join(Event, (Event.org_id == Person.org_id) & (Event.actor == Person.id))
        .where(
            Event.org_id == t.org,
            Event.subject_id == made.situation_id,
            Event.fact == OncallAnswered.name,
            Event.data["engagement_id"].as_integer() == made.id,
        )
        .limit(1)
    )
