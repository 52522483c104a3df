"""Writes about giving a role to somebody: most are given at once; the command is offered, and changes hands when accepted."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.situations.access import sees
from dispatch.situations.actions.command import (
    acknowledge_minutes,
    change_commander,
    commander_role,
    end_hand_off,
    locked,
    roles_held,
)
from dispatch.situations.actions.participants import add_participant, end_role
from dispatch.situations.events import HandOffDeclined, HandOffDue, HandOffOffered, RoleAssigned
from dispatch.situations.kinds import ROLES
from dispatch.situations.models import HandOff, Situation


async def assign_role(t: Tx, situation: Situation, who: Person, role: str, *, by: Person) -> HandOff | None:
    """Give a person a role. The command is not given but offered: returns the hand-off the person has to accept.

    The caller asked `access.require(..., "assign_role")`.

    Raises:
        Invalid: no such role, or the person holds it already.
        Conflict: the situation is closed.
    """
    if role not in ROLES or role == "Reporter":
        raise Invalid(f"A role is one of {', '.join(r for r in ROLES if r != 'Reporter')}.", field="role")
    await locked(t, situation.id)
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    if role == "Commander":
        return await offer_command(t, situation, who, by=by)
    held = await roles_held(t, situation.id, who.id)
    if role in held:
        raise Invalid(f"{who.name} is {role} already.", field="person")
    if role in ("Participant", "Observer"):
        more = sorted(held - {"Participant", "Observer"})
        if more:
            raise Invalid(f"{who.name} is {more[0]}; that says more than {role}.", field="person")
        for other in held:
            await end_role(t, situation, who.id, other, by=by.id, quietly=True)
    await add_participant(
        t,
        situation,
        who,
        role=role,
        reason=f"named by {by.name}",
        by=by.id,
        bring_in=True,
        bring_back=True,
        quietly=True,
    )
    await record(t, RoleAssigned(person=who.name, person_id=who.id, role=role), about=_about(situation), by=by.id)
    return None


async def offer_command(t: Tx, situation: Situation, who: Person, *, by: Person) -> HandOff | None:
    """First step of a hand-off. An earlier open offer is withdrawn. Taking it oneself needs no second step.

    Raises:
        Invalid: the person leads already.
    """
    held = await commander_role(t, situation.id)
    if held is not None and held[1] == who.id:
        raise Invalid(f"{who.name} is Commander already.", field="person")
    if who.id == by.id:
        await change_commander(t, situation, who, why="took the role over", by=by)
        return None
    await end_hand_off(t, situation.id, "withdrawn")
    minutes = await acknowledge_minutes(t, situation)
    now = clock.now()
    hand_off = HandOff(
        org_id=t.org, situation_id=situation.id, from_id=held[1] if held else None, to_id=who.id, offered_by=by.id,
        state="offered", offered_at=now, due_at=now + timedelta(minutes=minutes),
    )  # fmt: skip
    t.add(hand_off)
    await t.flush()
    await add_participant(
        t, situation, who, role="Participant", reason="asked to lead", by=by.id, bring_in=True, bring_back=True
    )
    await record(
        t,
        HandOffOffered(hand_off_id=hand_off.id, person=who.name, person_id=who.id, minutes=minutes),
        about=_about(situation),
        by=by.id,
    )
    return hand_off


async def answer_hand_off(t: Tx, hand_off_id: int, *, accept: bool, by: Person, of: int | None = None) -> Situation:
    """Second step of a hand-off.

    Args:
        of: the situation it has to belong to, when the caller knows.

    Raises:
        NotFound: no such offer, or one about what this person does not see.
        NotAllowed: it was made to somebody else.
        Conflict: it was answered, withdrawn or overtaken; says what holds now.
    """
    known = await t.scalar(select(HandOff).where(HandOff.org_id == t.org, HandOff.id == hand_off_id))
    if (
        known is None
        or of not in (None, known.situation_id)
        or (known.to_id != by.id and not await sees(t, by, known.situation_id))
    ):
        raise NotFound("There is no such offer.")
    situation, hand_off = await _locked_offer(t, known.situation_id, hand_off_id)
    if hand_off.to_id != by.id:
        to = await person(t, hand_off.to_id)
        raise NotAllowed(f"The command was offered to {to.name}; only they can answer.")
    if hand_off.state != "offered":
        held = await commander_role(t, situation.id, lock=False)
        lead = (await person(t, held[1])).name if held else "nobody"
        raise Conflict(f"This offer was {hand_off.state}; {lead} leads now.")
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    if accept:
        await change_commander(t, situation, by, why="accepted the command", by=by)
        return situation
    hand_off.state, hand_off.ended_at, hand_off.due_at = "declined", clock.now(), None
    await t.flush()
    await record(
        t,
        HandOffDeclined(hand_off_id=hand_off.id, person=by.name, person_id=by.id, offered_by=hand_off.offered_by),
        about=_about(situation),
        by=by.id,
    )
    return situation


def due_hand_offs(org: OrgId) -> Select[int, int]:
    """Offers of the command that nobody answered in time."""
    return select(HandOff.id, HandOff.situation_id).where(
        HandOff.org_id == org, HandOff.state == "offered", HandOff.due_at <= clock.now()
    )


async def remind_hand_offs(t: Tx) -> int:
    """Claim offers nobody answered in time: a reminder first, then the command is open to participants."""
    due = (await t.execute(due_hand_offs(t.org).order_by(HandOff.situation_id).limit(50))).all()
    for hand_off_id, situation_id in due:
        situation, hand_off = await _locked_offer(t, situation_id, hand_off_id)
        # Another worker, or an answer, may have been here.
        if hand_off.state != "offered" or hand_off.due_at is None or hand_off.due_at > clock.now():
            continue
        who = await person(t, hand_off.to_id)
        first = hand_off.reminded_at is None
        minutes = await acknowledge_minutes(t, situation)
        if first:
            hand_off.reminded_at = clock.now()
            hand_off.due_at = clock.now() + timedelta(minutes=minutes)
        else:
            hand_off.due_at = None
            held = await commander_role(t, situation.id)
            if held is not None:
                held[0].open_since = clock.now()
        await t.flush()
        await record(
            t,
            HandOffDue(hand_off_id=hand_off.id, person=who.name, person_id=who.id, minutes=minutes, reminded=not first),
            about=_about(situation),
        )
    return len(due)


async def _locked_offer(t: Tx, situation_id: int, hand_off_id: int) -> tuple[Situation, HandOff]:
    """The situation's row first, as everywhere: who answers an offer and who makes another one must not wait for each other."""
    situation = await locked(t, situation_id)
    hand_off = (
        await t.scalars(
            select(HandOff)
            .where(HandOff.org_id == t.org, HandOff.id == hand_off_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    return situation, hand_off


def _about(situation: Situation) -> Subject:
    return Subject(situation.kind, situation.id)
