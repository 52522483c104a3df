"""Who held which role from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.people.models import Person
from dispatch.situations.kinds import ROLES
from dispatch.situations.models import Participant, ParticipantRole, Situation

#: The most that matters first; a role of a later version comes last.
ORDER = ("Commander", "Scribe", "Liaison", "Reporter", "Participant", "Observer")
assert set(ORDER) == set(ROLES)


@dataclass(frozen=True)
class HeldRole:
    """A role that a person holds, or held. `until` is None while they hold it in an incident that is not closed."""

    person: Person
    role: str
    since: datetime
    until: datetime | None
    #: Given up, or handed over; a role that the closing of the incident ended is not.
    ended: bool

    @property
    def seconds(self) -> int:
        """How long, up to now where it goes on."""
        return max(0, int(((self.until or clock.now()) - self.since).total_seconds()))


async def roles_over_time(t: Read, situation: Situation) -> list[HeldRole]:
    """Every role anybody has held, the commanders first, each role in the order people had it. One statement.

    In a closed incident the time in a role ends with the closing.
    """
    rows = (
        await t.execute(
            select(ParticipantRole, Person)
            .join(
                Participant,
                and_(Participant.org_id == ParticipantRole.org_id, Participant.id == ParticipantRole.participant_id),
            )
            .join(Person, and_(Person.org_id == Participant.org_id, Person.id == Participant.person_id))
            .where(ParticipantRole.org_id == t.org, ParticipantRole.situation_id == situation.id)
            .order_by(ParticipantRole.assumed_at, ParticipantRole.id)
        )
    ).all()
    held = [
        HeldRole(
            person=person, role=role.role, since=role.assumed_at, until=_end(role, situation.closed_at),
            ended=role.renounced_at is not None,
        )
        for role, person in rows
    ]  # fmt: skip
    return sorted(held, key=_place)


def _end(role: ParticipantRole, closed_at: datetime | None) -> datetime | None:
    ends = [at for at in (role.renounced_at, closed_at) if at is not None]
    return max(min(ends), role.assumed_at) if ends else None


def _place(held: HeldRole) -> int:
    return ORDER.index(held.role) if held.role in ORDER else len(ORDER)
