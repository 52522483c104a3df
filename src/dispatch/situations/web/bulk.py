"""Changing many incidents at once: each by itself, as if its own page had been used; a summary says what was refused."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from jinja2 import Environment
from sqlalchemy import select
from starlette.datastructures import FormData, QueryParams

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import DispatchError, Invalid, NotAllowed
from dispatch.people.models import Person
from dispatch.people.web import Visit, Visits
from dispatch.projects.models import Tag
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.models import SituationTag
from dispatch.situations.web.filters import address, query_of

#: Incidents in one go: as many as fit on four pages.
MOST = 100


@dataclass(frozen=True)
class Wanted:
    """What is to change; empty: stays as it is."""

    severity: str
    priority: str
    status: str
    add_tags: tuple[str, ...]
    remove_tags: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not any((self.severity, self.priority, self.status, self.add_tags, self.remove_tags))


@dataclass(frozen=True)
class Result:
    """What became of one: changed, same or refused, with the reason."""

    name: str
    what: str
    reason: str = ""


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Route `/{org}/incidents/bulk`."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/{org}/incidents/bulk")
    async def change(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        names = list(dict.fromkeys(str(name) for name in sent.getlist("name")))
        wanted = _wanted(sent)
        if not names or wanted.nothing:
            raise Invalid("Select incidents in the list, and choose what to change.")
        if len(names) > MOST:
            raise Invalid(f"At most {MOST} incidents can be changed at once; you selected {len(names)}.")
        results = [await one(visit, name, wanted) for name in names]
        return visit.page(
            pages, "bulk.html", request, "incidents", results=results,
            back=address(query_of(QueryParams(str(sent.get("query", ""))[:4000]))),
        )  # fmt: skip

    async def one(visit: Visit, name: str, wanted: Wanted) -> Result:
        try:
            if visit.viewer.person_id is None:
                raise NotAllowed("Incidents are changed by people.")
            async with db.tx(visit.org.id) as t:
                by = await visit.person(t)
                changed = await _change(t, visit, name, wanted, by)
        except DispatchError as why:
            return Result(name[:50], "refused", str(why))
        return Result(name, "changed" if changed else "same")

    return routes


async def _change(t: Tx, visit: Visit, name: str, wanted: Wanted, by: Person) -> bool:
    """Whether anything changed. The permission is asked for this incident.

    Raises:
        NotFound, NotAllowed, Invalid: as on the incident's own page.
    """
    situation = await queries.by_name(t, visit.viewer, name)
    here = await standing(t, visit.viewer, situation)
    before = situation.version
    details: dict[str, object] = {
        key: value for key, value in (("severity", wanted.severity), ("priority", wanted.priority)) if value
    }
    if wanted.add_tags or wanted.remove_tags:
        present = await t.scalars(
            select(Tag.name)
            .join(SituationTag, (SituationTag.org_id == Tag.org_id) & (SituationTag.tag_id == Tag.id))
            .where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        )
        details["tags"] = sorted({*present, *wanted.add_tags} - {*wanted.remove_tags})
    if details:
        require(here, "update")
        await actions.update_details(t, situation.id, details, by=by)
    if wanted.status:
        require(here, "change_status")
        await actions.change_status(t, situation.id, wanted.status, by=by)
    return situation.version != before


def _wanted(sent: FormData) -> Wanted:
    def tags(key: str) -> tuple[str, ...]:
        return tuple(word for tag in str(sent.get(key, "")).split(",") if (word := tag.strip()))

    return Wanted(
        severity=str(sent.get("severity", "")),
        priority=str(sent.get("priority", "")),
        status=str(sent.get("status", "")),
        add_tags=tags("add_tags"),
        remove_tags=tags("remove_tags"),
    )
