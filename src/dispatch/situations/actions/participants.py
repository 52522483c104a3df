"""Writes about who takes part, in which role, and whether they are in the channel."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.situations.events import JoinedChannel, ParticipantAdded, PersonNotInvited
from dispatch.situations.models import Participant, ParticipantRole, Situation


async def add_participant(
    t: Tx, situation: Situation, who: Person, *, role: str, reason: str = "", by: int | None = None
) -> int:
    """Let a person take part in a role; returns the participant's id. Doing it again changes nothing."""
    participant_id = (
        await t.execute(
            upsert(Participant)
            .values(
                org_id=t.org,
                situation_id=situation.id,
                person_id=who.id,
                added_at=clock.now(),
                added_by=by,
                added_reason=reason,
                note="",
            )
            .on_conflict_do_update(
                index_elements=["org_id", "situation_id", "person_id"], set_={"person_id": who.id}
            )
            .returning(Participant.id)
        )
    ).scalar_one()
    held = set(
        await t.scalars(
            select(ParticipantRole.role).where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.participant_id == participant_id,
                ParticipantRole.renounced_at.is_(None),
            )
        )
    )
    if role in held or (role == "Participant" and held):
        return participant_id
    await t.execute(
        insert(ParticipantRole).values(
            org_id=t.org,
            situation_id=situation.id,
            participant_id=participant_id,
            role=role,
            assumed_at=clock.now(),
        )
    )
    await record(
        t,
        ParticipantAdded(person=who.name, person_id=who.id, role=role, reason=reason),
        about=Subject(situation.kind, situation.id),
        by=by,
    )
    return participant_id


async def note_in_channel(
    t: Tx, about: Subject, person_id: int, *, reason: str = "", hint: str = ""
) -> None:
    """Remember whether a participant is in the channel; `reason` says why not."""
    changed = (
        await t.execute(
            update(Participant)
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == about.id,
                Participant.person_id == person_id,
                (Participant.in_channel.is_(None))
                | (Participant.in_channel != (not reason))
                | (Participant.note != reason),
            )
            .values(in_channel=not reason, note=f"{reason} {hint}".strip())
            .returning(Participant.id)
        )
    ).scalar_one_or_none()
    if changed is not None and reason:
        who = await person(t, person_id)
        await record(
            t, PersonNotInvited(person=who.name, person_id=who.id, reason=reason, hint=hint), about=about
        )


async def joined_channel(t: Tx, situation: Situation, who: Person) -> bool:
    """A person came into the channel: they take part from now on. Returns False when that was known."""
    about = Subject(situation.kind, situation.id)
    was = await t.scalar(
        select(Participant.in_channel).where(
            Participant.org_id == t.org, Participant.situation_id == situation.id, Participant.person_id == who.id
        )
    )
    if was:
        return False
    await add_participant(t, situation, who, role="Participant", reason="joined the channel", by=who.id)
    await note_in_channel(t, about, who.id)
    await record(t, JoinedChannel(person=who.name, person_id=who.id), about=about, by=who.id)
    return True
