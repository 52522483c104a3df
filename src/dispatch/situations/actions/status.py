"""Moving a situation through its states, and who may see it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.situations.actions.command import end_hand_off, locked
from dispatch.situations.actions.relations import no_duplicate
from dispatch.situations.events import RestrictedOpened, StatusChanged, VisibilityChanged
from dispatch.situations.kinds import KINDS
from dispatch.situations.models import RestrictedAccess, Situation

#: How long an admin's recorded reason opens a restricted situation.
LOOK_HOURS = 24


async def change_status(
    t: Tx, situation_id: int, status: str, *, by: Person, expected: str | None = None, duplicate: bool = False
) -> bool:
    """Move to a state; closing and reopening included. Returns False when it is there already.

    The caller asked `access.require(..., "change_status")`. Moving to Active again clears the later moments;
    a closed one that becomes Stable or Active is reopened, and no duplicate of another one any more.

    Args:
        expected: the state the person saw; a stale button must not undo what somebody else did.
        duplicate: it is closed because another one goes on for both.

    Raises:
        Invalid: no such state.
        Conflict: the present state is not `expected`; says what it is.
    """
    situation = await locked(t, situation_id)
    kind = KINDS[situation.kind]
    if status not in kind.states:
        raise Invalid(f"A status is one of {', '.join(kind.states)}.", field="status")
    if situation.status == status:
        return False
    if expected is not None and situation.status != expected:
        raise Conflict(f"{situation.name} is {situation.status} now; nothing was changed.")
    before, now = situation.status, clock.now()
    situation.status = status
    if status == "Closed":
        # Nobody waits for an update of what is over.
        situation.closed_at, situation.next_update_at = now, None
        situation.stable_at = situation.stable_at or now
        await end_hand_off(t, situation_id, "withdrawn")
    elif status == "Stable":
        situation.stable_at, situation.closed_at = now, None
    else:
        situation.stable_at = situation.closed_at = None
    situation.version += 1
    situation.changed_at = now
    await t.flush()
    await record(
        t,
        StatusChanged(before=before, after=status, duplicate=duplicate),
        about=Subject(situation.kind, situation.id),
        by=by.id,
        pinned=True,
    )
    if before == "Closed":
        await no_duplicate(t, situation, by=by)
    return True


async def change_visibility(t: Tx, situation_id: int, visibility: str, *, by: Person) -> bool:
    """Make it restricted or open. Returns False when it is that already.

    The caller asked `access.require(..., "change_visibility")`.

    Raises:
        Invalid: neither open nor restricted.
    """
    if visibility not in ("open", "restricted"):
        raise Invalid("Visibility is open or restricted.", field="visibility")
    situation = await locked(t, situation_id)
    if situation.visibility == visibility:
        return False
    before = situation.visibility
    situation.visibility = visibility
    situation.version += 1
    situation.changed_at = clock.now()
    await t.flush()
    await record(
        t, VisibilityChanged(before=before, after=visibility), about=Subject(situation.kind, situation.id), by=by.id
    )
    return True


async def look_at_restricted(t: Tx, name: str, *, by: Person, reason: str) -> Situation:
    """An admin opens a restricted situation for a day; on record in its timeline. The caller checked the role.

    Raises:
        Invalid: no reason.
        NotFound: no restricted situation of that name.
    """
    if len(reason.strip()) < 10:
        raise Invalid("Please write down why, in at least ten characters; participants will read it.", field="reason")
    situation = await t.scalar(
        select(Situation).where(
            Situation.org_id == t.org, Situation.name == name.strip().upper(), Situation.visibility == "restricted"
        )
    )
    if situation is None:
        raise NotFound(f"There is no restricted incident {name.strip().upper()}.")
    now = clock.now()
    await t.execute(
        insert(RestrictedAccess).values(
            org_id=t.org, situation_id=situation.id, person_id=by.id, reason=reason.strip(), at=now,
            until=now + timedelta(hours=LOOK_HOURS),
        )
    )  # fmt: skip
    await record(
        t,
        RestrictedOpened(kind=KINDS[situation.kind].word, reason=reason.strip(), hours=LOOK_HOURS),
        about=Subject(situation.kind, situation.id),
        by=by.id,
    )
    return situation
