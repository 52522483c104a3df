"""Who takes part, and in which roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from dispatch.kit.db import Read
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.situations.models import Participant, ParticipantRole


@dataclass(frozen=True)
class ParticipantRow:
    """A person in a situation with the roles held now."""

    person: Person
    roles: tuple[str, ...]
    assumed_at: datetime
    acting: bool
    acknowledged_at: datetime | None
    in_channel: bool | None
    note: str
    added_by: str
    added_reason: str
    #: Each of `roles`, and since when it is held.
    held: tuple[tuple[str, datetime], ...] = ()


async def participants(t: Read, situation_id: int) -> list[ParticipantRow]:
    """Everybody with an active role, the commander first."""
    rows = (
        await t.execute(
            select(Participant, ParticipantRole)
            .join(
                ParticipantRole,
                and_(
                    ParticipantRole.org_id == Participant.org_id,
                    ParticipantRole.participant_id == Participant.id,
                    ParticipantRole.renounced_at.is_(None),
                ),
            )
            .where(Participant.org_id == t.org, Participant.situation_id == situation_id)
            .order_by(Participant.id, ParticipantRole.id)
        )
    ).all()
    known = await people(t, {i for p, _ in rows for i in (p.person_id, p.added_by) if i is not None})
    grouped: dict[int, list[tuple[Participant, ParticipantRole]]] = {}
    for participant, role in rows:
        grouped.setdefault(participant.id, []).append((participant, role))
    made = []
    for held in grouped.values():
        participant = held[0][0]
        lead = next((r for _, r in held if r.role == "Commander"), None)
        made.append(
            ParticipantRow(
                person=known[participant.person_id],
                roles=tuple(r.role for _, r in held),
                assumed_at=held[0][1].assumed_at,
                acting=lead is not None and lead.acknowledged_at is None,
                acknowledged_at=lead.acknowledged_at if lead else None,
                in_channel=participant.in_channel,
                note=participant.note,
                added_by=known[participant.added_by].name if participant.added_by in known else "",
                added_reason=participant.added_reason,
                held=tuple((r.role, r.assumed_at) for _, r in held),
            )
        )
    return sorted(made, key=lambda p: ("Commander" not in p.roles, "Reporter" not in p.roles, p.person.name.lower()))


async def roles_of(t: Read, situation_id: int, person_id: int | None) -> set[str]:
    """The roles a person holds now."""
    if person_id is None:
        return set()
    return set(
        await t.scalars(
            select(ParticipantRole.role)
            .join(
                Participant,
                and_(Participant.org_id == ParticipantRole.org_id, Participant.id == ParticipantRole.participant_id),
            )
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == situation_id,
                Participant.person_id == person_id,
                ParticipantRole.renounced_at.is_(None),
            )
        )
    )
