"""Writes about who leads: acknowledging, taking the command, changing the commander. Hand-offs are in `hand_off`."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select, update

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.errors import Conflict, NotAllowed, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.projects.models import Priority
from dispatch.situations.access import NOT_YOURS
from dispatch.situations.actions.participants import add_participant, end_role
from dispatch.situations.events import CommandAcknowledged, CommanderChanged, CommandUnanswered
from dispatch.situations.models import HandOff, Participant, ParticipantRole, Situation


async def commander_role(t: Tx, situation_id: int, *, lock: bool = True) -> tuple[ParticipantRole, int] | None:
    """The role held by the commander, and whose it is; locked, so that two who take the command queue up."""
    query = (
        select(ParticipantRole, Participant.person_id)
        .join(
            Participant,
            (Participant.org_id == ParticipantRole.org_id) & (Participant.id == ParticipantRole.participant_id),
        )
        .where(
            ParticipantRole.org_id == t.org,
            ParticipantRole.situation_id == situation_id,
            ParticipantRole.role == "Commander",
            ParticipantRole.renounced_at.is_(None),
        )
        .order_by(ParticipantRole.id.desc())
    )
    row = (await t.execute(query.with_for_update(of=ParticipantRole) if lock else query)).first()
    return (row.ParticipantRole, row.person_id) if row is not None else None


async def acknowledge_command(t: Tx, situation_id: int, *, by: Person) -> bool:
    """The commander says "I lead". Returns False when it was acknowledged before.

    Raises:
        NotAllowed: somebody else is the commander.
    """
    situation = await locked(t, situation_id)
    held = await commander_role(t, situation_id)
    if held is None:
        raise NotFound(f"{situation.name} has no commander.")
    role, person_id = held
    if person_id != by.id:
        lead = await person(t, person_id)
        if role.acknowledged_at is not None:
            raise NotAllowed(f"{lead.name} leads {situation.name} already; nobody else is called for it.")
        raise NotAllowed(f"{lead.name} is the commander here and has to acknowledge. You can ask them, or an admin.")
    if role.acknowledged_at is not None:
        return False
    role.acknowledged_at, role.open_since = clock.now(), None
    await t.flush()
    await record(t, CommandAcknowledged(person_id=by.id), about=_about(situation), by=by.id)
    return True


async def take_command(t: Tx, situation: Situation, *, by: Person, reason: str = "") -> None:
    """Lead from now on. The caller asked `access.require_take_command`.

    Args:
        reason: empty when the command was open to them.

    Raises:
        Conflict: it is closed, the person leads already, or without a reason: somebody else was faster.
    """
    situation = await locked(t, situation.id)
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    held = await commander_role(t, situation.id)
    if not reason.strip() and held is not None and held[0].open_since is None and held[1] != by.id:
        # Two who press at the same moment were both asked before this lock; only one of them may be told "you lead".
        raise Conflict(f"{(await person(t, held[1])).name} was faster and leads {situation.name} now.")
    why = (
        f"took the command ({reason.strip()})" if reason.strip() else "took the command, which nobody had acknowledged"
    )
    await change_commander(t, situation, by, why=why, by=by)


async def change_commander(t: Tx, situation: Situation, who: Person, *, why: str, by: Person) -> None:
    """End the old command and any open offer; the new commander has acknowledged by this very act when it is theirs.

    Raises:
        Conflict: the person leads already.
    """
    held = await commander_role(t, situation.id)
    if held is not None and held[1] == who.id:
        raise Conflict(f"{who.name} leads already.")
    before, before_id = "nobody", None
    if held is not None:
        before_id = held[1]
        before = (await person(t, before_id)).name
        await end_role(t, situation, before_id, "Commander", quietly=True)
        if not await roles_held(t, situation.id, before_id):
            await add_participant(
                t,
                situation,
                await person(t, before_id),
                role="Participant",
                reason="led before",
                by=by.id,
                quietly=True,
            )
    await end_hand_off(t, situation.id, "accepted" if who.id == by.id else "withdrawn", to=who.id)
    participant_id = await add_participant(
        t, situation, who, role="Commander", reason=why, by=by.id, bring_in=True, bring_back=True, quietly=True
    )
    if who.id == by.id:
        await t.execute(
            update(ParticipantRole)
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.participant_id == participant_id,
                ParticipantRole.role == "Commander",
                ParticipantRole.renounced_at.is_(None),
            )
            .values(acknowledged_at=clock.now())
        )
    situation.version += 1
    situation.changed_at = clock.now()
    await t.flush()
    await record(
        t,
        CommanderChanged(person=who.name, person_id=who.id, before=before, before_id=before_id, why=why),
        about=_about(situation),
        by=by.id,
    )


def unanswered_commands(org: OrgId) -> Select[ParticipantRole, int, Situation, int]:
    """Commands that nobody acknowledged in time."""
    return (
        select(ParticipantRole, Participant.person_id, Situation, Priority.acknowledge_minutes)
        .join(
            Participant,
            (Participant.org_id == ParticipantRole.org_id) & (Participant.id == ParticipantRole.participant_id),
        )
        .join(
            Situation,
            (Situation.org_id == ParticipantRole.org_id) & (Situation.id == ParticipantRole.situation_id),
        )
        .join(Priority, (Priority.org_id == Situation.org_id) & (Priority.id == Situation.priority_id))
        .where(
            ParticipantRole.org_id == org,
            ParticipantRole.role == "Commander",
            ParticipantRole.renounced_at.is_(None),
            ParticipantRole.acknowledged_at.is_(None),
            ParticipantRole.open_since.is_(None),
            Situation.status != "Closed",
            ParticipantRole.assumed_at + Priority.acknowledge_minutes * timedelta(minutes=1) <= clock.now(),
        )
    )


async def open_unanswered_commands(t: Tx) -> int:
    """Claim commands nobody acknowledged in time; any participant may take them from now on. Returns how many."""
    due = (
        await t.execute(unanswered_commands(t.org).with_for_update(of=ParticipantRole, skip_locked=True).limit(50))
    ).all()
    for role, person_id, situation, minutes in due:
        role.open_since = clock.now()
        await t.flush()
        who = await person(t, person_id)
        await record(t, CommandUnanswered(person=who.name, person_id=who.id, minutes=minutes), about=_about(situation))
    return len(due)


async def acknowledge_minutes(t: Tx, situation: Situation) -> int:
    """Minutes the priority gives a commander to answer."""
    return (
        await t.execute(
            select(Priority.acknowledge_minutes).where(Priority.org_id == t.org, Priority.id == situation.priority_id)
        )
    ).scalar_one()


async def roles_held(t: Tx, situation_id: int, person_id: int) -> set[str]:
    """The roles a person holds now."""
    return set(
        await t.scalars(
            select(ParticipantRole.role)
            .join(
                Participant,
                (Participant.org_id == ParticipantRole.org_id) & (Participant.id == ParticipantRole.participant_id),
            )
            .where(
                ParticipantRole.org_id == t.org,
                ParticipantRole.situation_id == situation_id,
                Participant.person_id == person_id,
                ParticipantRole.renounced_at.is_(None),
            )
        )
    )


async def locked(t: Tx, situation_id: int) -> Situation:
    """The situation's row, locked: writers that must not interleave queue up here.

    Raises:
        NotFound: no such situation.
    """
    found = await t.scalar(
        select(Situation)
        .where(Situation.org_id == t.org, Situation.id == situation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(NOT_YOURS)
    return found


async def end_hand_off(t: Tx, situation_id: int, state: str, *, to: int | None = None) -> None:
    """End the open offer; one made to somebody else than `to` was overtaken."""
    open_offer = await t.scalar(
        select(HandOff)
        .where(HandOff.org_id == t.org, HandOff.situation_id == situation_id, HandOff.state == "offered")
        .with_for_update()
    )
    if open_offer is not None:
        open_offer.state = state if to is None or open_offer.to_id == to else "overtaken"
        open_offer.ended_at, open_offer.due_at = clock.now(), None
        await t.flush()


def _about(situation: Situation) -> Subject:
    return Subject(situation.kind, situation.id)
