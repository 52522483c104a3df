"""Writes when somebody's account in the chat system is switched off or on again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, announce, record
from dispatch.people.models import Person
from dispatch.situations.actions.command import commander_role
from dispatch.situations.events import AccountDeactivated, MemberGone
from dispatch.situations.models import Participant, Situation

NOTE: Final = "Their Slack account is deactivated."


async def account_deactivated(t: Tx, who: Person) -> None:
    """Every open situation they are in says so; where they lead, any participant may take the command from now on."""
    for situation in await _open_ones(t, who):
        await t.execute(
            update(Participant)
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == situation.id,
                Participant.person_id == who.id,
            )
            .values(in_channel=False, note=NOTE)
        )
        leads = await _let_others_lead(t, situation, who)
        await record(
            t,
            AccountDeactivated(person=who.name, person_id=who.id, leads=leads),
            about=Subject(situation.kind, situation.id),
        )


async def member_gone(t: Tx, who: Person, *, by: int | None) -> None:
    """The same for somebody who is no member any more: whether their account in the chat goes, too, is told by the chat."""
    for situation in await _open_ones(t, who):
        leads = await _let_others_lead(t, situation, who)
        await record(
            t,
            MemberGone(person=who.name, person_id=who.id, leads=leads),
            about=Subject(situation.kind, situation.id),
            by=by,
        )


async def _open_ones(t: Tx, who: Person) -> list[Situation]:
    found = await t.scalars(
        select(Situation)
        .join(Participant, (Participant.org_id == Situation.org_id) & (Participant.situation_id == Situation.id))
        .where(Situation.org_id == t.org, Participant.person_id == who.id, Situation.status != "Closed")
        .order_by(Situation.id)
    )
    return list(found)


async def _let_others_lead(t: Tx, situation: Situation, who: Person) -> bool:
    """Whether they lead it; then any participant may take the command from now on."""
    held = await commander_role(t, situation.id)
    if held is None or held[1] != who.id:
        return False
    held[0].open_since = held[0].open_since or clock.now()
    await t.flush()
    return True


async def account_reactivated(t: Tx, who: Person) -> None:
    """Whether they are in the channels again is not known; the note goes."""
    changed = await t.scalars(
        update(Participant)
        .where(Participant.org_id == t.org, Participant.person_id == who.id, Participant.note == NOTE)
        .values(in_channel=None, note="")
        .returning(Participant.situation_id)
    )
    for situation_id in list(changed):
        await announce(t, Subject("incident", situation_id), "participants")
