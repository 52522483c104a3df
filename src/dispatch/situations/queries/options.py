"""What the list can be narrowed to, for its form: all choices and saved views in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, func, literal, null, or_, select, union_all
from sqlalchemy.types import BigInteger

from dispatch.kit.db import Read
from dispatch.people.queries import Viewer
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.situations.models import SavedView


@dataclass(frozen=True)
class Option:
    """Something to choose: a type, severity, priority, project or view. `id`, `shared`, `mine`: of a view."""

    what: str
    value: str
    label: str
    id: int | None = None
    shared: bool = False
    mine: bool = False


async def list_options(t: Read, viewer: Viewer, *, kind: str = "incident") -> list[Option]:
    """Choices by name, each once however many projects have it; and the views the viewer may open."""
    parts = [
        select(
            literal(what, Text).label("what"),
            func.min(cls.position).label("position"),
            cls.name.label("value"),
            cls.name.label("label"),
            null().cast(BigInteger).label("id"),
            literal(value=False).label("shared"),
            null().cast(BigInteger).label("owner_id"),
        )
        .join(Project, (Project.org_id == cls.org_id) & (Project.id == cls.project_id))
        .where(cls.org_id == t.org, cls.kind == kind, cls.enabled, Project.enabled)
        .group_by(cls.name)
        for what, cls in (("type", SituationType), ("severity", Severity), ("priority", Priority))
    ]
    parts.append(
        select(
            literal("project", Text), literal(0), Project.slug, Project.name,
            null().cast(BigInteger), literal(value=False), null().cast(BigInteger),
        ).where(Project.org_id == t.org, Project.enabled)
    )  # fmt: skip
    mine = SavedView.owner_id == (viewer.person_id or 0)
    parts.append(
        select(
            literal("view", Text), literal(0), SavedView.query, SavedView.name,
            SavedView.id, SavedView.shared, SavedView.owner_id,
        ).where(SavedView.org_id == t.org, mine if viewer.role == "guest" else or_(mine, SavedView.shared))
    )  # fmt: skip
    every = union_all(*parts).subquery()
    rows = await t.execute(select(every).order_by(every.c.what, every.c.position, func.lower(every.c.label)))
    return [
        Option(r.what, r.value, r.label, r.id, r.shared, r.owner_id is not None and r.owner_id == viewer.person_id)
        for r in rows
    ]
