"""The command, offered and not yet answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.situations.models import HandOff


@dataclass(frozen=True)
class Offer:
    """The command offered to somebody, waiting for an answer."""

    id: int
    to: Person
    by: Person
    offered_at: datetime


async def hand_off_is_open(t: Read, hand_off_id: int) -> bool:
    """Whether the offered command waits for an answer."""
    state = await t.scalar(select(HandOff.state).where(HandOff.org_id == t.org, HandOff.id == hand_off_id))
    return state == "offered"


async def open_hand_off(t: Read, situation_id: int) -> Offer | None:
    """The open offer of the command."""
    found = await t.scalar(
        select(HandOff).where(HandOff.org_id == t.org, HandOff.situation_id == situation_id, HandOff.state == "offered")
    )
    if found is None:
        return None
    known = await people(t, (found.to_id, found.offered_by))
    return Offer(found.id, known[found.to_id], known[found.offered_by], found.offered_at)
