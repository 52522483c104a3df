"""Whether somebody is at work, by the clock where they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.situations.models import Participant, ParticipantRole

#: Monday to Friday, from this hour until before that one.
BEGINS: Final = 9
ENDS: Final = 18
#: Who wrote or acknowledged so lately is awake, whatever the clock says.
AWAKE: Final = timedelta(minutes=30)


def local_time_outside(zone: str) -> str | None:
    """The weekday and time there, when nobody works then; None within working hours. An unknown zone counts as UTC."""
    try:
        there = clock.now().astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        there, zone = clock.now(), "UTC"
    if there.weekday() < 5 and BEGINS <= there.hour < ENDS:
        return None
    return f"{there:%A %H:%M} ({zone})"


async def lately_awake(t: Read, situation_id: int, person_id: int) -> bool:
    """Whether the person did something here in the last half hour."""
    since = clock.now() - AWAKE
    found = await t.scalar(
        select(Participant.id)
        .join(
            ParticipantRole,
            (ParticipantRole.org_id == Participant.org_id) & (ParticipantRole.participant_id == Participant.id),
        )
        .where(
            Participant.org_id == t.org,
            Participant.situation_id == situation_id,
            Participant.person_id == person_id,
            (Participant.last_message_at >= since) | (ParticipantRole.acknowledged_at >= since),
        )
        .limit(1)
    )
    return found is not None
