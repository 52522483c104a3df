"""Writes about pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.oncall.events import NobodyAnswered, PageAcknowledged, Paged, PageDue, PageFailed
from dispatch.oncall.models import Page, Rotation
from dispatch.people.models import Person
from dispatch.people.queries import person

#: Minutes until a page is repeated.
REPEAT_MINUTES = 2
#: Calls to one person before the next on the rotation is called.
CALLS_EACH = 2


async def note_page(
    t: Tx, about: Subject, who: Person, *, through: str, key: str, call: int, message: dict[str, Any], failed: str = ""
) -> None:
    """Write down that a person was called. The same key twice is one page."""
    now = clock.now()
    made = (
        await t.execute(
            upsert(Page)
            .values(
                org_id=t.org,
                subject_kind=about.kind,
                subject_id=about.id,
                person_id=who.id,
                through=through,
                state="failed" if failed else "delivered",
                key=key,
                round=call,
                sent_at=now,
                due_at=None if failed else now + timedelta(minutes=REPEAT_MINUTES),
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
        await record(t, PageFailed(person=who.name, person_id=who.id, through=through, reason=failed), about=about)
    else:
        await record(t, Paged(person=who.name, person_id=who.id, through=through, round=call), about=about)


async def acknowledge_pages(t: Tx, about: Subject, who: Person) -> bool:
    """The person answered: nothing about this subject is repeated any more. False when nothing was open."""
    ended = (
        await t.execute(
            update(Page)
            .where(
                Page.org_id == t.org,
                Page.subject_kind == about.kind,
                Page.subject_id == about.id,
                Page.state.in_(("sent", "delivered")),
            )
            .values(state="acknowledged", acknowledged_at=clock.now(), due_at=None)
            .returning(Page.id)
        )
    ).all()
    if ended:
        await record(t, PageAcknowledged(person=who.name, person_id=who.id), about=about, by=who.id)
    return bool(ended)


async def escalate_due_pages(t: Tx) -> int:
    """Claim pages nobody answered in time; each becomes a fact that calls again. Returns how many."""
    due = (
        await t.scalars(
            select(Page)
            .where(Page.org_id == t.org, Page.due_at <= clock.now(), Page.state.in_(("sent", "delivered")))
            .with_for_update(skip_locked=True)
            .limit(50)
        )
    ).all()
    for page in due:
        page.state, page.due_at = "escalated", None
        await t.flush()
        who = await person(t, page.person_id)
        await record(
            t,
            PageDue(page_id=page.id, person=who.name, person_id=who.id, minutes=REPEAT_MINUTES),
            about=Subject(page.subject_kind, page.subject_id),
        )
    return len(due)


async def next_to_call(t: Tx, page: Page) -> tuple[int, int] | None:
    """(person id, call number) after an unanswered page; None when everybody was called."""
    if page.round % CALLS_EACH != 0:
        return page.person_id, page.round + 1
    rotation = await t.scalar(
        select(Rotation)
        .where(Rotation.org_id == t.org, Rotation.members.contains([page.person_id]))
        .order_by(Rotation.id)
        .limit(1)
    )
    if rotation is None:
        return None
    members = [int(m) for m in rotation.members]
    turns = page.round // CALLS_EACH
    if turns >= len(members):
        return None
    return members[(members.index(page.person_id) + 1) % len(members)], page.round + 1


async def nobody_answered(t: Tx, about: Subject, last: int) -> None:
    """Everybody was called in vain."""
    await record(t, NobodyAnswered(person_id=last), about=about)
