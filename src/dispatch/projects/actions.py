"""Writes about projects and what a reporter chooses from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag

SEVERITIES = (
    ("Undetermined", "Nobody knows yet how bad it is.", "secondary", 0),
    ("Low", "Few are affected, and there is a way around it.", "azure", 1),
    ("Medium", "Part of the service is degraded for some.", "yellow", 2),
    ("High", "An important function is down for many.", "orange", 3),
    ("Critical", "The service is down, or data is at risk.", "red", 4),
)
PRIORITIES = (
    ("Low", "Within working hours.", "azure", 1, False, 30),
    ("Medium", "Today.", "yellow", 2, True, 15),
    ("High", "Now, whatever the hour.", "red", 3, True, 5),
)


async def take_turn(t: Tx, project: Project) -> None:
    """Until the transaction's end nobody else writes about this project's settings: two could add one name at once."""
    await t.execute(
        select(Project.id).where(Project.org_id == t.org, Project.id == project.id).with_for_update(key_share=True)
    )


async def create_project(t: Tx, slug: str, *, name: str = "", is_default: bool = False, **more: Any) -> Project:
    """A project with the severities, priorities and the type every team starts with.

    Raises:
        Conflict: the slug is taken.
    """
    if await t.scalar(select(Project.id).where(Project.org_id == t.org, Project.slug == slug)):
        raise Conflict(f'There is already a project "{slug}".')
    first = await t.scalar(select(Project.id).where(Project.org_id == t.org).limit(1)) is None
    project = Project(
        org_id=t.org,
        slug=slug,
        name=name or slug.title(),
        is_default=is_default or first,
        created_at=clock.now(),
        **more,
    )
    t.add(project)
    await t.flush()
    t.add_all(
        Severity(
            org_id=t.org,
            project_id=project.id,
            kind="incident",
            name=n,
            help=h,
            color=c,
            rank=r,
            position=i,
            is_default=i == 0,
        )
        for i, (n, h, c, r) in enumerate(SEVERITIES)
    )
    t.add_all(
        Priority(
            org_id=t.org, project_id=project.id, kind="incident", name=n, help=h, color=c, rank=r, page_commander=p,
            acknowledge_minutes=m, position=i, is_default=n == "Medium",
        )
        for i, (n, h, c, r, p, m) in enumerate(PRIORITIES)
    )  # fmt: skip
    await add_type(t, project, "Default", help="Anything that does not fit elsewhere.", is_default=True)
    return project


async def add_type(t: Tx, project: Project, name: str, **values: Any) -> SituationType:
    """A further type to choose from."""
    made = SituationType(org_id=t.org, project_id=project.id, kind="incident", name=name, **values)
    t.add(made)
    await t.flush()
    return made


async def add_tags(t: Tx, project: Project, names: list[str]) -> None:
    """Words to mark incidents with; known ones stay."""
    known = set(await t.scalars(select(Tag.name).where(Tag.org_id == t.org, Tag.project_id == project.id)))
    t.add_all(Tag(org_id=t.org, project_id=project.id, name=n) for n in dict.fromkeys(names) if n not in known)
    await t.flush()
