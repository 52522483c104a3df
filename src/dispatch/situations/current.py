"""Reads about what is going on now: for the list in Slack and the App Home. Two statements whatever the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, exists, func, or_, select

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.people.queries import Viewer
from dispatch.projects.models import Project
from dispatch.situations.access import visible_to
from dispatch.situations.kinds import INCIDENT
from dispatch.situations.models import Participant, Situation
from dispatch.situations.queries import Row, rows_of

#: How long a closed incident still counts as news.
NEWS = timedelta(hours=24)


@dataclass(frozen=True)
class Current:
    """One page: Active first, then Stable, then what was closed of late; the newest on top."""

    items: list[Row]
    total: int


async def current_incidents(
    t: Read, viewer: Viewer, *, project: str = "", mine: bool = False, page: int = 1, size: int = 20
) -> Current:
    """Active and stable incidents, and those closed in the last 24 hours, that the viewer may see.

    Args:
        project: a slug; empty means all.
        mine: only those the viewer takes part in.
    """
    where = [
        Situation.org_id == t.org,
        Situation.kind == INCIDENT.key,
        visible_to(viewer),
        or_(Situation.status != "Closed", Situation.closed_at >= clock.now() - NEWS),
    ]
    if project:
        where.append(
            Situation.project_id.in_(select(Project.id).where(Project.org_id == t.org, Project.slug == project))
        )
    if mine:
        where.append(
            exists().where(
                Participant.org_id == Situation.org_id,
                Participant.situation_id == Situation.id,
                Participant.person_id == (viewer.person_id or 0),
            )
        )
    total = await t.scalar(select(func.count()).select_from(Situation).where(*where))
    ids = await t.scalars(
        select(Situation.id)
        .where(*where)
        .order_by(
            case({status: at for at, status in enumerate(INCIDENT.states)}, value=Situation.status),
            Situation.reported_at.desc(),
        )
        .offset((page - 1) * size)
        .limit(size)
    )
    return Current(await rows_of(t, list(ids)), int(total or 0))
