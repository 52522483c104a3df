"""Writes when somebody comes in by themselves, or wants to be told."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.situations.actions.participants import add_participant
from dispatch.situations.events import ParticipantAdded
from dispatch.situations.models import Participant, Situation, Subscriber


async def join_situation(t: Tx, situation: Situation, who: Person) -> bool:
    """Take part, and be brought into the channel. Returns False when they are in it. The caller found it visible to them."""
    known = await t.scalar(
        select(Participant).where(
            Participant.org_id == t.org, Participant.situation_id == situation.id, Participant.person_id == who.id
        )
    )
    if known is None:
        await add_participant(t, situation, who, role="Participant", reason="joined", by=who.id, bring_in=True)
        return True
    if known.in_channel is not False:
        return False
    await record(
        t,
        ParticipantAdded(person=who.name, person_id=who.id, role="Participant", reason="came back", bring_in=True),
        about=Subject(situation.kind, situation.id),
        by=who.id,
    )
    return True


async def toggle_subscription(t: Tx, situation: Situation, who: Person) -> bool:
    """Be told of changes of state and of reports, or no longer. Returns whether they are told from now on."""
    if await end_subscription(t, situation.id, who):
        return False
    await t.execute(
        upsert(Subscriber)
        .values(org_id=t.org, situation_id=situation.id, person_id=who.id, since=clock.now())
        .on_conflict_do_nothing()
    )
    return True


async def end_subscription(t: Tx, situation_id: int, who: Person) -> bool:
    """Be told no longer; also of what they may not see any more. Returns False when they were not."""
    mine = (Subscriber.org_id == t.org) & (Subscriber.situation_id == situation_id) & (Subscriber.person_id == who.id)
    return (await t.execute(delete(Subscriber).where(mine).returning(Subscriber.person_id))).first() is not None
