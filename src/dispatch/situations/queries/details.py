"""One situation, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.people.models import Organization, Person
from dispatch.people.queries import Viewer, people
from dispatch.projects.models import Project, Tag
from dispatch.situations.access import visible_to
from dispatch.situations.models import Duplicate, Situation, SituationTag
from dispatch.situations.queries.briefs import Links
from dispatch.situations.queries.resources import conversation, resources
from dispatch.situations.queries.rows import Row, rows_of


@dataclass(frozen=True)
class Detail(Row):
    """A situation with what its page shows on top."""

    project_slug: str = ""
    description: str = ""
    resolution: str = ""
    reporter: Person | None = None
    tags: tuple[str, ...] = ()
    stable_at: datetime | None = None
    closed_at: datetime | None = None
    channel_url: str = ""
    version: int = 1
    next_update_at: datetime | None = None


async def project_of(t: Read, situation_id: int) -> int | None:
    """The project a situation belongs to; None when there is no such situation."""
    return await t.scalar(select(Situation.project_id).where(Situation.org_id == t.org, Situation.id == situation_id))


async def by_name(t: Read, viewer: Viewer, name: str) -> Situation:
    """The situation the viewer may see.

    Raises:
        NotFound: none, or not for these eyes; the two are not told apart.
    """
    found = await t.scalar(
        select(Situation).where(Situation.org_id == t.org, Situation.name == name.upper(), visible_to(viewer))
    )
    if found is None:
        raise NotFound(f"There is no incident {name} that you may see.")
    return found


async def detail(t: Read, situation: Situation) -> Detail:
    """Everything on top of the page."""
    [row] = await rows_of(t, [situation.id])
    talk = conversation(await resources(t, situation.id))
    reporter = (await people(t, [situation.reporter_id])).get(situation.reporter_id)
    tags = await t.scalars(
        select(Tag.name)
        .join(SituationTag, and_(SituationTag.org_id == Tag.org_id, SituationTag.tag_id == Tag.id))
        .where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        .order_by(Tag.name)
    )
    slug = await t.scalar(select(Project.slug).where(Project.org_id == t.org, Project.id == situation.project_id))
    return Detail(
        **row.__dict__,
        project_slug=slug or "",
        description=situation.description,
        resolution=situation.resolution,
        reporter=reporter,
        tags=tuple(tags),
        stable_at=situation.stable_at,
        closed_at=situation.closed_at,
        channel_url=talk.url if talk else "",
        version=situation.version,
        next_update_at=situation.next_update_at,
    )


async def open_original(t: Read, situation_id: int) -> tuple[str, str] | None:
    """Name and address of what it is a duplicate of, for everybody's eyes: None where that is restricted."""
    row = (
        await t.execute(
            select(Situation.name, Organization.slug)
            .join(Duplicate, and_(Duplicate.org_id == Situation.org_id, Duplicate.original_id == Situation.id))
            .join(Organization, Organization.id == Situation.org_id)
            .where(Situation.org_id == t.org, Duplicate.situation_id == situation_id, Situation.visibility == "open")
        )
    ).one_or_none()
    return (row.name, Links.incident(row.slug, row.name)) if row is not None else None
