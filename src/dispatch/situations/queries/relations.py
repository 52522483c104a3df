"""Reads about what situations have to do with each other, for the eyes of one viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, exists, func, literal, or_, select, union_all

from dispatch.kit.db import Read
from dispatch.people.queries import Viewer, person, viewer_of_person
from dispatch.situations.access import visible_to
from dispatch.situations.models import Duplicate, Situation, SituationLink

#: How alike two titles must be (pg_trgm, 0 to 1) to ask whether they are the same trouble.
ALIKE = 0.45
#: Open incidents of a project that are compared, the newest; more of them would make the page wait.
COMPARED = 500
MOST_ALIKE = 3


@dataclass(frozen=True)
class Relative:
    """Another situation. `what`: original (this is its duplicate), duplicate (of this), related or alike."""

    what: str
    id: int
    name: str
    title: str
    status: str
    reported_at: datetime


async def relatives(t: Read, viewer: Viewer, situation: Situation) -> list[Relative]:
    """Those the viewer may see: the original first, then duplicates, then related ones. One statement."""
    mine = situation.id
    pairs = union_all(
        select(Duplicate.original_id.label("id"), literal("original").label("what")).where(
            Duplicate.org_id == t.org, Duplicate.situation_id == mine
        ),
        select(Duplicate.situation_id, literal("duplicate")).where(
            Duplicate.org_id == t.org, Duplicate.original_id == mine
        ),
        select(
            case((SituationLink.first_id == mine, SituationLink.second_id), else_=SituationLink.first_id),
            literal("related"),
        ).where(
            SituationLink.org_id == t.org,
            or_(SituationLink.first_id == mine, SituationLink.second_id == mine),
            SituationLink.relation == "related",
        ),
    ).subquery()
    rows = await t.execute(
        select(pairs.c.what, Situation)
        .join(Situation, Situation.id == pairs.c.id)
        .where(Situation.org_id == t.org, visible_to(viewer))
        .order_by(func.array_position(["original", "duplicate", "related"], pairs.c.what), Situation.id)
    )
    return [_relative(what, other) for what, other in rows]


async def named_in(t: Read, situation_id: int) -> list[str]:
    """Names of those whose timeline may name this one, because they are related or merged. For the situation's own people."""
    linked = union_all(
        select(SituationLink.second_id.label("id")).where(
            SituationLink.org_id == t.org, SituationLink.first_id == situation_id
        ),
        select(SituationLink.first_id).where(SituationLink.org_id == t.org, SituationLink.second_id == situation_id),
        select(Duplicate.original_id).where(Duplicate.org_id == t.org, Duplicate.situation_id == situation_id),
        select(Duplicate.situation_id).where(Duplicate.org_id == t.org, Duplicate.original_id == situation_id),
    ).subquery()
    # Those that are restricted themselves have no more readers than before.
    open_ones = select(Situation.name).where(
        Situation.org_id == t.org, Situation.visibility == "open", Situation.id.in_(select(linked.c.id))
    )
    return list(await t.scalars(open_ones.order_by(Situation.id)))


async def original_of(t: Read, viewer: Viewer, situation_id: int) -> Situation | None:
    """What this is a duplicate of, if the viewer may see it."""
    return await t.scalar(
        select(Situation)
        .join(Duplicate, (Duplicate.org_id == Situation.org_id) & (Duplicate.original_id == Situation.id))
        .where(Situation.org_id == t.org, Duplicate.situation_id == situation_id, visible_to(viewer))
    )


async def lookalikes(t: Read, viewer: Viewer, situation: Situation) -> list[Relative]:
    """Earlier open incidents of the project with a similar title, the most alike first; what is settled is not asked again."""
    if situation.status == "Closed":
        return []
    newest = (
        select(Situation.id)
        .where(
            Situation.org_id == t.org, Situation.kind == situation.kind, Situation.status.in_(("Active", "Stable")),
            Situation.project_id == situation.project_id, Situation.drill.is_(situation.drill),
            Situation.id < situation.id, visible_to(viewer),
        )
        .order_by(Situation.reported_at.desc())
        .limit(COMPARED)
        .subquery()
    )  # fmt: skip
    settled = exists().where(
        SituationLink.org_id == t.org,
        or_(
            (SituationLink.first_id == situation.id) & (SituationLink.second_id == Situation.id),
            (SituationLink.second_id == situation.id) & (SituationLink.first_id == Situation.id),
        ),
    )
    score = func.similarity(Situation.title, situation.title)
    found = await t.scalars(
        select(Situation)
        .where(Situation.org_id == t.org, Situation.id.in_(select(newest.c.id)), score >= ALIKE, ~settled)
        .order_by(score.desc(), Situation.id)
        .limit(MOST_ALIKE)
    )
    return [_relative("alike", other) for other in found]


async def lookalikes_for_reporter(t: Read, situation_id: int) -> list[Relative]:
    """The same for the eyes of whoever reported it."""
    situation = (
        await t.scalars(select(Situation).where(Situation.org_id == t.org, Situation.id == situation_id))
    ).one()
    return await lookalikes(t, await viewer_of_person(t, await person(t, situation.reporter_id)), situation)


def _relative(what: str, other: Situation) -> Relative:
    return Relative(what, other.id, other.name, other.title, other.status, other.reported_at)
