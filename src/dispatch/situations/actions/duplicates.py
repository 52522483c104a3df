"""Merging a situation into the one that it duplicates, and undoing that."""

from __future__ import annotations

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.situations.actions.command import locked
from dispatch.situations.actions.participants import add_participant
from dispatch.situations.actions.relations import no_duplicate, tell
from dispatch.situations.actions.status import change_status
from dispatch.situations.events import DuplicateMerged, MarkedDuplicate
from dispatch.situations.models import Duplicate, Participant, Situation, Subscriber


async def merge(t: Tx, situation: Situation, original: Situation, *, by: Person) -> None:
    """Close `situation` as a duplicate of `original`; who took part takes part there, too.

    The caller found both visible and asked `access.require_merge`.

    Raises:
        Invalid: it is the same one.
        Conflict: it is a duplicate already, or the original is one, or others would learn of a restricted one.
    """
    if situation.id == original.id:
        raise Invalid(f"{situation.name} cannot be a duplicate of itself.", field="other")
    # In one order: two people who merge the two into each other must not wait for each other.
    for each in sorted((situation.id, original.id)):
        await locked(t, each)
    if situation.visibility == "restricted" and original.visibility == "open":
        raise Conflict(
            f"{situation.name} is restricted and {original.name} is open, so that everybody would see who took part. "
            f"Restrict {original.name} first, or open {situation.name}."
        )
    known = {row.situation_id: row for row in await t.scalars(
        select(Duplicate).where(Duplicate.org_id == t.org, Duplicate.situation_id.in_((situation.id, original.id)))
    )}  # fmt: skip
    if situation.id in known:
        raise Conflict(f"{situation.name} is a duplicate already. Take that back first.")
    if original.id in known:
        raise Conflict(f"{original.name} is a duplicate itself. Choose the incident that goes on.")
    # What was merged into this one goes along.
    await t.execute(
        update(Duplicate)
        .where(Duplicate.org_id == t.org, Duplicate.original_id == situation.id)
        .values(original_id=original.id)
    )
    t.add(
        Duplicate(
            org_id=t.org, situation_id=situation.id, original_id=original.id, status_before=situation.status, by_id=by.id,
            at=clock.now(),
        )
    )  # fmt: skip
    await t.flush()
    await tell(
        t, situation, MarkedDuplicate(original=original.name, original_id=original.id), of=original, by=by, pinned=True
    )
    await tell(t, original, DuplicateMerged(duplicate=situation.name, duplicate_id=situation.id), of=situation, by=by)
    await _bring_over(t, situation, original, by=by)
    await change_status(t, situation.id, "Closed", by=by, duplicate=True)


async def _bring_over(t: Tx, situation: Situation, original: Situation, *, by: Person) -> None:
    ids = await t.scalars(
        select(Participant.person_id)
        .where(Participant.org_id == t.org, Participant.situation_id == situation.id)
        .order_by(Participant.id)
    )
    known = await people(t, list(ids))
    # A restricted one is named to nobody who reads the participants of the other.
    reason = f"{situation.name} is the same" if situation.visibility == "open" else ""
    for who in known.values():
        await add_participant(t, original, who, role="Participant", reason=reason, by=by.id, bring_in=True)
    if original.visibility == "open":
        told = select(Subscriber.org_id, literal(original.id), Subscriber.person_id, Subscriber.since).where(
            Subscriber.org_id == t.org, Subscriber.situation_id == situation.id
        )
        await t.execute(
            upsert(Subscriber)
            .from_select(["org_id", "situation_id", "person_id", "since"], told)
            .on_conflict_do_nothing()
        )


async def undo_merge(t: Tx, situation: Situation, *, by: Person) -> None:
    """It is no duplicate after all, and as it was before. Who was brought over stays there, too.

    The caller asked `access.require(..., "merge")`.

    Raises:
        NotFound: it is no duplicate.
    """
    await locked(t, situation.id)
    before = await t.scalar(
        select(Duplicate.status_before).where(Duplicate.org_id == t.org, Duplicate.situation_id == situation.id)
    )
    if before is None:
        raise NotFound(f"{situation.name} is no duplicate.")
    if not await change_status(t, situation.id, before, by=by):
        await no_duplicate(t, situation, by=by)
