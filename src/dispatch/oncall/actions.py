"""Writes about pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.events import Subject, record
from dispatch.oncall.events import NobodyAnswered, PageAcknowledged, Paged, PageDue, PageFailed
from dispatch.oncall.models import Page, Rotation
from dispatch.oncall.queries import on_call
from dispatch.people.models import Person
from dispatch.people.queries import person, unreachable

#: Minutes until somebody is called again.
REPEAT_MINUTES = 2
#: Calls to one person before the next on the rotation is called.
CALLS_EACH = 2
#: Pages that wait for an answer.
OPEN = ("sent", "delivered")


async def note_page(
    t: Tx,
    about: Subject,
    who: Person,
    *,
    through: str,
    key: str,
    call: int,
    message: dict[str, Any],
    state: str = "delivered",
    failed: str = "",
    timeline: Subject | None = None,
    repeated: bool = True,
    rotation_id: int | None = None,
    repeat_minutes: int = REPEAT_MINUTES,
) -> None:
    """Write down that a person was called through one channel. The same key twice is one page.

    Args:
        call: which attempt to reach somebody this is, from 1; all channels of one attempt have the same.
        state: "delivered" when it stands where the person reads it, "sent" when only its way there is known.
        failed: why it could not be delivered; a failed page is followed by another call as an unanswered one is.
        timeline: whose history tells of it, when that is another subject.
        repeated: whether it is called again here; False when the caller sees to that itself.
        repeat_minutes: without an answer for so long, somebody is called again.
        rotation_id: whose members are called after this person; None when there is nobody else to call.
    """
    await _one_at_a_time(t, about)
    now = clock.now()
    # A channel that was slow must not call again for a round that is over.
    settled = await t.scalar(
        select(Page.id)
        .where(_round(t.org, about, who.id, call), Page.state.in_(("escalated", "acknowledged")))
        .limit(1)
    )
    made = (
        await t.execute(
            upsert(Page)
            .values(
                org_id=t.org,
                subject_kind=about.kind,
                subject_id=about.id,
                person_id=who.id,
                through=through,
                state="failed" if failed else state,
                key=key,
                round=call,
                rotation_id=rotation_id,
                sent_at=now,
                due_at=None if settled is not None or not repeated else now + timedelta(minutes=repeat_minutes),
                note=failed,
                message=message,
            )
            .on_conflict_do_nothing()
            .returning(Page.id)
        )
    ).scalar_one_or_none()
    if made is None:
        return
    if failed:
        await record(
            t, PageFailed(person=who.name, person_id=who.id, through=through, reason=failed), about=timeline or about
        )
    else:
        await record(t, Paged(person=who.name, person_id=who.id, through=through, round=call), about=timeline or about)


async def acknowledge_pages(t: Tx, about: Subject, who: Person) -> bool:
    """The person answered: nothing about this subject is repeated any more. False when nothing was open."""
    await _one_at_a_time(t, about)
    pages = and_(Page.org_id == t.org, Page.subject_kind == about.kind, Page.subject_id == about.id)
    ended = (
        await t.execute(
            update(Page)
            .where(pages, Page.state.in_(OPEN))
            .values(state="acknowledged", acknowledged_at=clock.now(), due_at=None)
            .returning(Page.id)
        )
    ).all()
    await t.execute(update(Page).where(pages, Page.due_at.is_not(None)).values(due_at=None))
    if ended:
        await record(t, PageAcknowledged(person=who.name, person_id=who.id), about=about, by=who.id)
    return bool(ended)


def due_pages(org: OrgId) -> Select[str, int, int, int]:
    """Calls that nobody answered in time."""
    return select(Page.subject_kind, Page.subject_id, Page.person_id, Page.round).where(
        Page.org_id == org, Page.due_at <= clock.now()
    )


async def escalate_due_pages(t: Tx) -> int:
    """Settle rounds nobody answered in time: somebody is called again, or everybody was. Returns how many."""
    rounds = (await t.execute(due_pages(t.org).distinct().order_by(Page.subject_id, Page.round).limit(50))).all()
    settled = 0
    for kind, subject_id, person_id, call in rounds:
        about = Subject(kind, subject_id)
        await _one_at_a_time(t, about)
        # Read again under the lock: another worker may have settled the round, or somebody answered.
        pages = (
            await t.scalars(
                select(Page)
                .where(_round(t.org, about, person_id, call), Page.due_at.is_not(None))
                .execution_options(populate_existing=True)
            )
        ).all()
        if not any(page.due_at is not None and page.due_at <= clock.now() for page in pages):
            continue
        reached = [page for page in pages if page.state in OPEN]
        waited = max(1, round(max((p.due_at - p.sent_at).total_seconds() for p in pages if p.due_at) / 60))
        for page in pages:
            page.due_at = None
            page.state = "escalated" if page.state in OPEN else page.state
        await t.flush()
        await _call_on(t, about, person_id, call, reached=bool(reached), minutes=waited)
        settled += 1
    return settled


async def _call_on(t: Tx, about: Subject, person_id: int, call: int, *, reached: bool, minutes: int) -> None:
    """Whom to call after an unanswered round, or that there is nobody left."""
    who = await person(t, person_id)
    following = await next_to_call(t, about, person_id, call, reached=reached)
    if following is None:
        await record(t, NobodyAnswered(person_id=person_id), about=about)
        return
    next_id, next_call = following
    next_one = who if next_id == person_id else await person(t, next_id)
    await record(
        t,
        PageDue(
            person=who.name, person_id=who.id, minutes=minutes, next_person=next_one.name,
            next_person_id=next_one.id, call=next_call,
        ),
        about=about,
    )  # fmt: skip


async def next_to_call(t: Tx, about: Subject, person_id: int, call: int, *, reached: bool) -> tuple[int, int] | None:
    """(person id, call number); None when everybody was called. Who cannot be reached is not tried again.

    After somebody come those on the rotation the page names who were not called about this yet: from the place of
    who was called last, or, when that one is not on it (chosen by the reporter, or standing in), from whoever is on call.
    """
    place = (call - 1) // CALLS_EACH
    following = call + 1 if reached else (place + 1) * CALLS_EACH + 1
    if (following - 1) // CALLS_EACH == place:
        return person_id, following
    pages = (
        await t.execute(
            select(Page.person_id, Page.rotation_id, Page.round).where(
                Page.org_id == t.org, Page.subject_kind == about.kind, Page.subject_id == about.id
            )
        )
    ).all()
    rotation_id = next((p.rotation_id for p in pages if p.person_id == person_id and p.round == call), None)
    rotation = None
    if rotation_id is not None:
        rotation = await t.scalar(select(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))
    if rotation is None:
        return None
    gone = await unreachable(t, (int(m) for m in rotation.members))
    members = [int(m) for m in rotation.members if int(m) not in gone or int(m) == person_id]
    if person_id in members:
        first = members.index(person_id) + 1
    else:
        now = await on_call(t, rotation.id)
        # Somebody who stands in is called before whoever they stand in for.
        if now is not None and now.person_id not in members:
            members.insert(members.index(now.instead_of) if now.instead_of in members else 0, now.person_id)
        first = members.index(now.person_id) if now is not None else 0
    called = {p.person_id for p in pages}
    for member in [*members[first:], *members[:first]]:
        if member not in called:
            return member, following
    return None


def _round(org: OrgId, about: Subject, person_id: int, call: int) -> ColumnElement[bool]:
    return and_(
        Page.org_id == org,
        Page.subject_kind == about.kind,
        Page.subject_id == about.id,
        Page.person_id == person_id,
        Page.round == call,
    )


async def _one_at_a_time(t: Tx, about: Subject) -> None:
    """Writers about the pages of one subject queue up, or a round could be answered and escalated at once."""
    await t.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"pages:{t.org}:{about.kind}:{about.id}", 0)))
    )
