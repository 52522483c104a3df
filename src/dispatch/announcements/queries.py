"""Reads about announcement rules."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from starlette.datastructures import QueryParams

from dispatch.announcements.models import AnnouncedByRule, AnnouncementRule
from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.people.queries import Viewer
from dispatch.projects.queries import project_by_id
from dispatch.situations.queries import Filter
from dispatch.situations.queries.listing import fits
from dispatch.situations.web.filters import filter_of, query_of


async def rules(t: Read, project_id: int) -> list[AnnouncementRule]:
    """All of a project, by name."""
    found = await t.scalars(
        select(AnnouncementRule)
        .where(AnnouncementRule.org_id == t.org, AnnouncementRule.project_id == project_id)
        .order_by(func.lower(AnnouncementRule.name))
    )
    return list(found)


async def rule(t: Read, rule_id: int, *, project_id: int) -> AnnouncementRule:
    """One of a project.

    Raises:
        NotFound: none of this project.
    """
    found = await t.get(AnnouncementRule, (t.org, rule_id))
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such rule in this project.")
    return found


async def announced_by(t: Read, rule_ids: list[int]) -> dict[int, int]:
    """How many incidents each rule announced."""
    rows = await t.execute(
        select(AnnouncedByRule.rule_id, func.count())
        .where(AnnouncedByRule.org_id == t.org, AnnouncedByRule.rule_id.in_(rule_ids))
        .group_by(AnnouncedByRule.rule_id)
    )
    return {rule_id: count for rule_id, count in rows}


async def fitting(t: Read, situation_id: int, project_id: int, *, restricted: bool) -> list[AnnouncementRule]:
    """Enabled rules of the project that fit the situation and have not announced it yet.

    Args:
        restricted: the situation is; only rules that say so fit it then.
    """
    before = exists().where(
        AnnouncedByRule.org_id == t.org, AnnouncedByRule.situation_id == situation_id,
        AnnouncedByRule.rule_id == AnnouncementRule.id,
    )  # fmt: skip
    wanted = select(AnnouncementRule).where(
        AnnouncementRule.org_id == t.org, AnnouncementRule.project_id == project_id, AnnouncementRule.enabled, ~before
    )
    if restricted:
        wanted = wanted.where(AnnouncementRule.restricted)
    waiting = list(await t.scalars(wanted.order_by(AnnouncementRule.id)))
    if not waiting:
        return []
    zone = (await project_by_id(t, project_id)).tz
    return [each for each in waiting if await fits(t, situation_id, filter_of_rule(t, each.query, zone))]


def filter_of_rule(t: Read, query: str, zone: str) -> Filter:
    """The filter of a rule: nobody looks, so days are the project's."""
    nobody = Viewer(t.org, "", "", "member", None, "", "", zone)
    return filter_of(query_of(QueryParams(query)), nobody)


def personal(query: str) -> bool:
    """Whether a filter means whoever looks at it; a rule looks for everybody."""
    return any(part in ("commander=me", "participant=me") for part in query.split("&"))
