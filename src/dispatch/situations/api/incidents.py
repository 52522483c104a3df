"""Incidents: list, report, read, change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Invalid, Stale
from dispatch.kit.web.api import Listed, api_router, etag, expected, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.actions import person_for
from dispatch.people.machines import person_of
from dispatch.people.models import Person
from dispatch.people.queries import Viewer
from dispatch.people.web import Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import Standing, require, require_merge, standing
from dispatch.situations.models import Situation
from dispatch.situations.queries.listing import SORTS
from dispatch.situations.web.filters import MOST, filter_of
from dispatch.situations.web.filters import Query as Asked

#: Moments have the names they have in an incident.
MOMENTS = {"reported_at": "reported", "changed_at": "changed"}
_SEVERAL = "Several: with commas between, or repeated. Any of them fits"


class NewIncident(BaseModel):
    """What is reported; names are matched within the project, what is left out takes the project's default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Checkout fails", "description": "500 since 03:10", "severity": "High"}]
        },
    )

    title: str = Field(max_length=200)
    description: str = Field(max_length=40_000)
    project: str | None = Field(None, max_length=100, description="Slug")
    type: str | None = Field(None, max_length=200)
    severity: str | None = Field(None, max_length=200)
    priority: str | None = Field(None, max_length=200)
    visibility: Literal["open", "restricted"] | None = None
    tags: list[str] = Field([], max_length=50)
    commander: str | None = Field(None, max_length=320, description="E-mail of a known person")
    reporter: str | None = Field(
        None, max_length=320, description="E-mail of a known person; the token itself otherwise"
    )
    drill: bool = False


class Changes(BaseModel):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"severity": "Low", "status": "Stable"}]})

    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=40_000)
    resolution: str | None = Field(None, max_length=40_000)
    project: str | None = Field(None, max_length=100)
    type: str | None = Field(None, max_length=200)
    severity: str | None = Field(None, max_length=200)
    priority: str | None = Field(None, max_length=200)
    tags: list[str] | None = Field(None, max_length=50)
    status: Literal["Active", "Stable", "Closed"] | None = None
    visibility: Literal["open", "restricted"] | None = None
    duplicate_of: str | None = Field(
        None,
        max_length=40,
        description="Name of the incident that goes on for both: this one is closed. Empty: no duplicate after all",
    )


class IncidentOut(BaseModel):
    """An incident."""

    name: str
    title: str
    description: str | None = None
    resolution: str | None = None
    status: str
    severity: str
    priority: str
    type: str
    project: str
    visibility: str
    drill: bool
    tags: list[str] | None = None
    commander: str | None = Field(description="E-mail")
    acting: bool = Field(description="Nobody has acknowledged the command yet")
    reported_at: datetime
    stable_at: datetime | None = None
    closed_at: datetime | None = None
    participants: int
    duplicate_of: str | None = Field(None, description="The incident that goes on for both, if the token may see it")
    related: list[str] | None = Field(None, description="Names of linked incidents the token may see")
    version: int | None = Field(None, description="The ETag; rises with each change")
    url: str


def shown(org: str, row: queries.Row) -> IncidentOut:
    """A row of a list, or the whole."""
    out = IncidentOut(
        name=row.name, title=row.title, status=row.status, severity=row.severity.name, priority=row.priority.name,
        type=row.type, project=row.project, visibility=row.visibility, drill=row.drill,
        commander=row.commander.email if row.commander else None, acting=row.acting, reported_at=row.reported_at,
        participants=row.participants, url=queries.Links.incident(org, row.name),
    )  # fmt: skip
    if isinstance(row, queries.Detail):
        out.description, out.resolution, out.tags = row.description, row.resolution, list(row.tags)
        out.stable_at, out.closed_at, out.version = row.stable_at, row.closed_at, row.version
    return out


async def whole(t: Read, org: str, viewer: Viewer, situation: Situation) -> IncidentOut:
    """With everything, and what it has to do with others."""
    out = shown(org, await queries.detail(t, situation))
    others = await queries.relatives(t, viewer, situation)
    out.duplicate_of = next((one.name for one in others if one.what == "original"), None)
    out.related = [one.name for one in others if one.what == "related"]
    return out


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents`."""
    routes = api_router("incidents")

    @routes.get("/{org}/incidents")
    async def list_incidents(
        request: Request, org: str, page: int = 1, size: int = 25,
        q: str = Query("", description="Words, their beginnings and other forms; mistyped ones find similar ones"),
        status: list[str] = Query([], description=f"Active, Stable, Closed. {_SEVERAL}"),
        type: list[str] = Query([], description=_SEVERAL),
        severity: list[str] = Query([], description=_SEVERAL),
        priority: list[str] = Query([], description=_SEVERAL),
        tag: list[str] = Query([], description=_SEVERAL),
        tags: Literal["any", "all"] = Query("any", description="Whether one of the tags is enough"),
        project: str = Query("", description="Slug"),
        participant: str = Query("", description="E-mail"),
        commander: str = Query("", description="E-mail"),
        since: str = Query("", alias="from", description="Reported on this day (UTC) or later"),
        until: str = Query("", alias="to", description="Reported on this day (UTC) or earlier"),
        visibility: Literal["open", "restricted"] | None = None,
        drill: Literal["yes", "no"] | None = None,
        sort: str = Query("-reported_at", description="reported_at, changed_at, name, title, severity, priority or status; a minus before it: the other way round"),
    ) -> Listed[IncidentOut]:  # fmt: skip
        """Incidents the token may see, with the filters of the page, newest first."""
        page, size = window(page, size)
        asked: Asked = {
            **_several(status=status, type=type, severity=severity, priority=priority, tag=tag),
            **_once(
                q=q, project=project, participant=participant, commander=commander, visibility=visibility, drill=drill
            ),
            **_once(**{"from": since, "to": until, "tags": "all" if tags == "all" else ""}),
        }
        if "me" in (participant, commander):
            raise Invalid(
                'A token takes no part in incidents: name an e-mail address instead of "me".', field="participant"
            )
        order = _order(sort)
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found = await queries.listing(t, viewer, filter_of(asked, viewer), page=page, size=size, sort=order)
        kept = asked if sort == "-reported_at" else {**asked, "sort": sort}
        return listed(
            [shown(org, row) for row in found.items], page=page, size=size, total=found.total,
            path=f"/api/v1/{org}/incidents", asked=kept,
        )  # fmt: skip

    @routes.post("/{org}/incidents", status_code=201)
    async def report_incident(
        request: Request, org: str, new: NewIncident, idempotency_key: str | None = Header(None, max_length=255)
    ) -> IncidentOut:
        """Report an incident: it is paged, gets its channel and everything else as one reported in Slack."""
        organization, viewer = await visits.machine(request, org)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            before: Any = await answered(t, key, ("POST incidents", new))
            if before is not None:
                return IncidentOut.model_validate(before)
            reporter = await person_for(t, new.reporter) if new.reporter else await person_of(t, viewer)
            situation = await actions.open_situation(
                t,
                actions.Report(
                    title=new.title, description=new.description, project=new.project, type=new.type,
                    severity=new.severity, priority=new.priority, visibility=new.visibility, tags=tuple(new.tags),
                    commander=new.commander, drill=new.drill,
                ),
                by=reporter,
            )  # fmt: skip
            made = await whole(t, org, viewer, situation)
            await remember(t, key, made)
        return made

    @routes.get("/{org}/incidents/{name}")
    async def get_incident(request: Request, org: str, name: str, response: Response) -> IncidentOut:
        """One incident; its ETag serves `If-Match`."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found = await whole(t, org, viewer, await queries.by_name(t, viewer, name))
        response.headers["etag"] = etag(found.version or 1)
        return found

    @routes.patch("/{org}/incidents/{name}")
    async def change_incident(
        request: Request, org: str, name: str, changes: Changes, response: Response,
        if_match: str | None = Header(None, max_length=100),
    ) -> IncidentOut:  # fmt: skip
        """Change exactly what is sent. With `If-Match`, only if nobody changed it since (412 otherwise)."""
        organization, viewer = await visits.machine(request, org)
        version = expected(if_match)
        sent = changes.model_dump(exclude_unset=True, exclude_none=True)
        status, visibility, duplicate_of = (sent.pop(key, None) for key in ("status", "visibility", "duplicate_of"))
        async with db.tx(organization.id) as t:
            situation = await actions.locked(t, (await queries.by_name(t, viewer, name)).id)
            here = await standing(t, viewer, situation)
            require(here, "update")
            if version is not None and version != situation.version:
                raise Stale(f"{situation.name} is at version {situation.version} now. Read it again.")
            by = await person_of(t, viewer)
            if sent:
                await actions.update_details(t, situation.id, sent, by=by)
            if status is not None:
                await actions.change_status(t, situation.id, status, by=by)
            if visibility is not None:
                await actions.change_visibility(t, situation.id, visibility, by=by)
            if duplicate_of is not None:
                await _merge(t, viewer, here, situation, duplicate_of, by=by)
            found = await whole(t, org, viewer, await actions.locked(t, situation.id))
        response.headers["etag"] = etag(found.version or 1)
        return found

    return routes


async def _merge(t: Tx, viewer: Viewer, here: Standing, situation: Situation, original: str, *, by: Person) -> None:
    if not original:
        require(here, "merge")
        await actions.undo_merge(t, situation, by=by)
        return
    goes_on = await queries.by_name(t, viewer, original)
    require_merge(here, await standing(t, viewer, goes_on), lets_in=goes_on.visibility == "restricted")
    await actions.merge(t, situation, goes_on, by=by)


def _several(**sent: list[str]) -> Asked:
    """Names, which are repeated or stand with commas between."""
    split = {
        key: [name for value in values for part in value.split(",") if (name := _clean(part))]
        for key, values in sent.items()
    }
    return {key: names[:MOST] for key, names in split.items() if names}


def _once(**sent: str | None) -> Asked:
    return {key: value for key, given in sent.items() if (value := _clean(given or ""))}


def _clean(value: str) -> str:
    return value.replace("\0", " ").strip()[:200]


def _order(sort: str) -> str:
    """The list's own name of an order.

    Raises:
        Invalid: nothing the list can be ordered by.
    """
    minus, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    known = {**MOMENTS, **{each: each for each in SORTS if each not in MOMENTS.values()}}
    if name not in known:
        raise Invalid(f"sort is one of {', '.join(known)}; with a minus before it the other way round.", field="sort")
    return f"{minus}{known[name]}"
