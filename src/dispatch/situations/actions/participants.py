"""Writes about who takes part, in which role, and whether they are in the channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.situations.events import JoinedChannel, LeftChannel, ParticipantAdded, PersonNotInvited, RoleRenounced
from dispatch.situations.models import Participant, ParticipantRole, Situation


async def add_participant(
    t: Tx,
    situation: Situation,
    who: Person,
    *,
    role: str,
    reason: str = "",
    by: int | None = None,
    bring_in: bool = False,
    bring_back: bool = False,
    quietly: bool = False,
) -> int:
    """Let a person take part in a role; returns the participant's id. Doing it again changes nothing.

    Args:
        bring_in: also invite them into the channel, when they were not part of it before.
        bring_back: also when they were, and are not in the channel: they left it, or could not be brought in then.
        quietly: record nothing about the role, because another fact tells it.
    """
    new_id = (
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
            .on_conflict_do_nothing()
            .returning(Participant.id)
        )
    ).scalar_one_or_none()
    participant_id = (
        new_id
        if new_id is not None
        else (
            await t.execute(
                select(Participant.id).where(
                    Participant.org_id == t.org,
                    Participant.situation_id == situation.id,
                    Participant.person_id == who.id,
                )
            )
        ).scalar_one()
    )
    held = set(
        await t.scalars(
            select(ParticipantRole.role).where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.participant_id == participant_id,
                ParticipantRole.renounced_at.is_(None),
            )
        )
    )
    wanted = role not in held and not (role in ("Participant", "Observer") and held)
    if wanted:
        await t.execute(
            insert(ParticipantRole).values(
                org_id=t.org,
                situation_id=situation.id,
                participant_id=participant_id,
                role=role,
                assumed_at=clock.now(),
            )
        )
        # Whoever takes a real role is no longer just a participant or observer.
        if role not in ("Participant", "Observer", "Reporter"):
            await t.execute(
                update(ParticipantRole)
                .where(
                    ParticipantRole.org_id == t.org,
                    ParticipantRole.participant_id == participant_id,
                    ParticipantRole.role.in_(("Participant", "Observer")),
                    ParticipantRole.renounced_at.is_(None),
                )
                .values(renounced_at=clock.now())
            )
    invited = new_id is not None and bring_in
    if new_id is None and bring_back:
        away = select(Participant.id).where(
            Participant.org_id == t.org, Participant.id == participant_id, Participant.in_channel.is_(False)
        )
        invited = await t.scalar(away) is not None
    if (wanted and not quietly) or invited:
        await record(
            t,
            ParticipantAdded(person=who.name, person_id=who.id, role=role, reason=reason, bring_in=invited),
            about=Subject(situation.kind, situation.id),
            by=by,
        )
    return participant_id


async def end_role(
    t: Tx, situation: Situation, person_id: int, role: str, *, by: int | None = None, quietly: bool = False
) -> bool:
    """A person gives up a role. Returns False when they did not hold it. Nobody falls out of the situation by this."""
    ended = (
        await t.execute(
            update(ParticipantRole)
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.situation_id == situation.id,
                ParticipantRole.participant_id.in_(
                    select(Participant.id).where(
                        Participant.org_id == t.org,
                        Participant.situation_id == situation.id,
                        Participant.person_id == person_id,
                    )
                ),
                ParticipantRole.role == role,
                ParticipantRole.renounced_at.is_(None),
            )
            .values(renounced_at=clock.now())
            .returning(ParticipantRole.id)
        )
    ).all()
    if ended and not quietly:
        who = await person(t, person_id)
        await record(
            t,
            RoleRenounced(person=who.name, person_id=who.id, role=role),
            about=Subject(situation.kind, situation.id),
            by=by,
        )
        await add_participant(t, situation, who, role="Participant", reason=f"was {role}", by=by, quietly=True)
    return bool(ended)


async def note_in_channel(t: Tx, about: Subject, person_id: int, *, reason: str = "", hint: str = "") -> None:
    """Remember whether a participant is in the channel; `reason` says why not."""
    note = f"{reason.rstrip('.')}. {hint}".strip() if reason else ""
    changed = (
        await t.execute(
            update(Participant)
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == about.id,
                Participant.person_id == person_id,
                (Participant.in_channel.is_(None))
                | (Participant.in_channel != (not reason))
                | (Participant.note != note),
            )
            .values(in_channel=not reason, note=note)
            .returning(Participant.id)
        )
    ).scalar_one_or_none()
    if changed is not None and reason:
        who = await person(t, person_id)
        await record(t, PersonNotInvited(person=who.name, person_id=who.id, reason=reason, hint=hint), about=about)


async def joined_channel(t: Tx, situation: Situation, who: Person, *, at: datetime | None = None) -> bool:
    """A person came into the channel: they take part from now on. Returns False when that was known, or is old news.

    Args:
        at: when, by Slack's clock; what happened earlier than the latest known coming or leaving changes nothing.
    """
    about = Subject(situation.kind, situation.id)
    was, old = await _moved(t, situation, who, at=at)
    if was or old:
        return False
    await add_participant(t, situation, who, role="Participant", reason="joined the channel", by=who.id)
    await _moved(t, situation, who, at=at)
    await note_in_channel(t, about, who.id)
    await record(t, JoinedChannel(person=who.name, person_id=who.id), about=about, by=who.id)
    return True


async def left_channel(t: Tx, situation: Situation, who: Person, *, at: datetime | None = None) -> bool:
    """A person left the channel; they stay a participant. Returns False when that was known, or is old news.

    Args:
        at: as in `joined_channel`. Somebody whose coming was not told yet is a participant from now on, outside.
    """
    was, old = await _moved(t, situation, who, at=at)
    if old or was is False:
        return False
    participant_id = await add_participant(
        t, situation, who, role="Participant", reason="joined the channel", by=who.id, quietly=True
    )
    await t.execute(
        update(Participant)
        .where(Participant.org_id == t.org, Participant.id == participant_id)
        .values(in_channel=False, note="left the channel", moved_at=at)
    )
    leads = situation.status != "Closed" and await t.scalar(
        select(ParticipantRole.id).where(
            ParticipantRole.org_id == t.org,
            ParticipantRole.participant_id == participant_id,
            ParticipantRole.role == "Commander",
            ParticipantRole.renounced_at.is_(None),
        )
    )
    await record(
        t,
        LeftChannel(person=who.name, person_id=who.id, leads=bool(leads)),
        about=Subject(situation.kind, situation.id),
        by=who.id,
    )
    return True


async def _moved(t: Tx, situation: Situation, who: Person, *, at: datetime | None) -> tuple[bool | None, bool]:
    """(whether they are in the channel as far as known, whether later news of them is known)."""
    known = await t.scalar(
        select(Participant)
        .where(Participant.org_id == t.org, Participant.situation_id == situation.id, Participant.person_id == who.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if known is None:
        return None, False
    if at is not None:
        if known.moved_at is not None and at < known.moved_at:
            return known.in_channel, True
        known.moved_at = at
        await t.flush()
    return known.in_channel, False
