"""Whether somebody is called, who is next, and who was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.events import Subject
from dispatch.oncall.queries import pages_about
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.projects.models import Priority, Severity, SituationType
from dispatch.situations.models import Engagement, Situation
from dispatch.situations.policies.queries import deciding, policies
from dispatch.situations.queries.rows import joined


@dataclass(frozen=True)
class Paging:
    """Whether the commander is called; `why` completes "... pages nobody." """

    wanted: bool
    why: str


@dataclass(frozen=True)
class PageRow:
    """A call as shown."""

    person: Person
    through: str
    state: str
    sent_at: datetime
    acknowledged_at: datetime | None
    attempt: int
    note: str


async def paging(t: Read, situation_id: int) -> Paging:
    """What the severity says, and where it leaves it to the priority, what that says."""
    severity, says, priority, page = (
        await t.execute(
            joined(Severity.name, Severity.paging, Priority.name, Priority.page_commander).where(
                Situation.org_id == t.org, Situation.id == situation_id
            )
        )
    ).one()
    if says in ("always", "never"):
        return Paging(says == "always", f"Severity {severity}")
    return Paging(page, f"Priority {priority}")


async def rotation_of(t: Read, situation_id: int) -> int | None:
    """Whose members are called one after the other: the rotation of the rule for the commander, else of the type."""
    row = (
        await t.execute(
            joined(Situation, SituationType.rotation_id).where(Situation.org_id == t.org, Situation.id == situation_id)
        )
    ).one_or_none()
    if row is None:
        return None
    rule = deciding(await policies(t, row.Situation.project_id), row.Situation).get("Commander")
    found: int | None = rule.rotation_id if rule is not None else row.rotation_id
    return found


async def pages(t: Read, about: Subject) -> list[PageRow]:
    """Who was called, latest first."""
    engaged = await t.scalars(
        select(Engagement.id).where(Engagement.org_id == t.org, Engagement.situation_id == about.id)
    )
    found = await pages_about(t, about, *(Subject("engagement", each) for each in engaged))
    known = await people(t, (p.person_id for p in found))
    return [
        PageRow(known[p.person_id], p.through, p.state, p.sent_at, p.acknowledged_at, p.round, p.note) for p in found
    ]
