"""Writes about who leads."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import NotAllowed, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.situations.events import CommandAcknowledged
from dispatch.situations.models import Participant, ParticipantRole, Situation


async def acknowledge_command(t: Tx, situation_id: int, *, by: Person) -> bool:
    """The commander says "I lead". Returns False when it was acknowledged before.

    Raises:
        NotAllowed: somebody else is the commander.
    """
    row = (
        await t.execute(
            select(ParticipantRole, Participant.person_id, Situation.kind)
            .join(
                Participant,
                (Participant.org_id == ParticipantRole.org_id) & (Participant.id == ParticipantRole.participant_id),
            )
            .join(Situation, (Situation.org_id == Participant.org_id) & (Situation.id == Participant.situation_id))
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.situation_id == situation_id,
                ParticipantRole.role == "Commander",
                ParticipantRole.renounced_at.is_(None),
            )
            .with_for_update(of=ParticipantRole)
        )
    ).first()
    if row is None:
        raise NotFound("This incident has no commander.")
    role: ParticipantRole = row.ParticipantRole
    if row.person_id != by.id:
        lead = await person(t, row.person_id)
        raise NotAllowed(f"{lead.name} is the commander here and has to acknowledge. You can ask them, or an admin.")
    if role.acknowledged_at is not None:
        return False
    role.acknowledged_at = clock.now()
    await t.flush()
    await record(t, CommandAcknowledged(person_id=by.id), about=Subject(row.kind, situation_id), by=by.id)
    return True
