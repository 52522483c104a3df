"""Writes about feedback."""

from __future__ import annotations

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.feedback.events import FeedbackGiven
from dispatch.feedback.models import Feedback
from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.situations.models import Situation

RATINGS = {5: "very well", 4: "well", 3: "so-so", 2: "badly", 1: "very badly"}
LONGEST = 3000


async def give_feedback(t: Tx, situation: Situation, rating: int, text: str, *, by: Person) -> None:
    """How it went, in one person's eyes; said otherwise, it replaces what they said before. The same again is nothing new.

    Raises:
        Invalid: no such rating, or a text above 3,000 characters.
    """
    if rating not in RATINGS:
        raise Invalid("Please choose how it went.", field="rating")
    if len(text) > LONGEST:
        raise Invalid(f"At most {LONGEST:,} characters; this has {len(text):,}.", field="text")
    said = {"rating": rating, "text": text.strip(), "given_at": clock.now()}
    new = await t.scalar(
        upsert(Feedback)
        .values(org_id=t.org, situation_id=situation.id, person_id=by.id, **said)
        .on_conflict_do_update(
            index_elements=["org_id", "situation_id", "person_id"],
            set_=said,
            where=or_(Feedback.rating != rating, Feedback.text != said["text"]),
        )
        .returning(Feedback.person_id)
    )
    if new is None:
        return
    await record(
        t, FeedbackGiven(rating=rating, word=RATINGS[rating]), about=Subject(situation.kind, situation.id), by=by.id
    )
