"""Who is on call, and what was paged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, tuple_

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.events import Subject
from dispatch.oncall.models import Page, Rotation


@dataclass(frozen=True)
class OnCall:
    """A turn of a rotation."""

    rotation_id: int
    rotation: str
    person_id: int
    until: datetime


def turn(rotation: Rotation, at: datetime, *, ahead: int = 0) -> OnCall | None:
    """Whose turn it is at a moment, `ahead` turns later; None for an empty rotation or before its start."""
    if not rotation.members or at < rotation.starts_at:
        return None
    shift = timedelta(hours=rotation.shift_hours)
    number = (at - rotation.starts_at) // shift
    member = int(rotation.members[(number + ahead) % len(rotation.members)])
    return OnCall(rotation.id, rotation.name, member, rotation.starts_at + (number + 1) * shift)


async def on_call(t: Read, rotation_id: int) -> OnCall | None:
    """Whose turn it is now."""
    rotation = await t.scalar(select(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))
    return turn(rotation, clock.now()) if rotation else None


async def rotations(t: Read, project_id: int) -> list[Rotation]:
    """The project's rotations that have members, by name."""
    found = await t.scalars(
        select(Rotation).where(Rotation.org_id == t.org, Rotation.project_id == project_id).order_by(Rotation.name)
    )
    return [rotation for rotation in found if rotation.members]


async def rotation_by_id(t: Read, rotation_id: int) -> Rotation | None:
    """None when it is gone."""
    return await t.scalar(select(Rotation).where(Rotation.org_id == t.org, Rotation.id == rotation_id))


async def pages_about(t: Read, *about: Subject) -> list[Page]:
    """Everything that was paged for these subjects, latest first."""
    return list(
        await t.scalars(
            select(Page)
            .where(
                Page.org_id == t.org,
                tuple_(Page.subject_kind, Page.subject_id).in_([(each.kind, each.id) for each in about]),
            )
            .order_by(Page.id.desc())
        )
    )


async def latest_call(t: Read, about: Subject) -> int:
    """The number of the latest call about a subject, through whatever channel; 0 before the first."""
    number = await t.scalar(
        select(func.max(Page.round)).where(
            Page.org_id == t.org, Page.subject_kind == about.kind, Page.subject_id == about.id
        )
    )
    return int(number or 0)


async def was_called(t: Read, about: Subject, person_id: int) -> bool:
    """Whether a page about the subject reached this person."""
    found = await t.scalar(
        select(Page.id)
        .where(
            Page.org_id == t.org,
            Page.subject_kind == about.kind,
            Page.subject_id == about.id,
            Page.person_id == person_id,
            Page.state != "failed",
        )
        .limit(1)
    )
    return found is not None
