"""The JSON API of incidents, for machines with a bearer token."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.events import Subject
from dispatch.kit.flows import retry
from dispatch.people.actions import person_for
from dispatch.people.web import Visits
from dispatch.situations import queries
from dispatch.situations.actions import Report, open_situation


class NewIncident(BaseModel):
    """What is reported; names are matched within the project."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "Checkout fails", "description": "500 since 03:10", "severity": "High"}]},
    )

    title: str = Field(max_length=200)
    description: str = Field(max_length=40_000)
    project: str | None = None
    type: str | None = None
    severity: str | None = None
    priority: str | None = None
    visibility: Literal["open", "restricted"] | None = None
    tags: list[str] = []
    commander: str | None = Field(None, description="E-mail of a known person")
    reporter: str | None = Field(None, description="E-mail; the token's own name otherwise")


class IncidentOut(BaseModel):
    """An incident."""

    name: str
    title: str
    description: str | None = None
    status: str
    severity: str
    priority: str
    type: str
    project: str
    visibility: str
    commander: str | None
    acting: bool
    reported_at: datetime
    participants: int
    version: int | None = None
    url: str


class Page(BaseModel):
    """One page of a list."""

    items: list[IncidentOut]
    page: int
    size: int
    total: int
    next: str | None


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes under `/api/v1`."""
    routes = APIRouter(tags=["incidents"])

    def out(org: str, row: queries.Row) -> IncidentOut:
        detail = row if isinstance(row, queries.Detail) else None
        return IncidentOut(
            name=row.name, title=row.title, status=row.status, severity=row.severity.name, priority=row.priority.name,
            type=row.type, project=row.project, visibility=row.visibility,
            commander=row.commander.email if row.commander else None, acting=row.acting, reported_at=row.reported_at,
            participants=row.participants, url=queries.Links.incident(org, row.name),
            description=detail.description if detail else None, version=detail.version if detail else None,
        )  # fmt: skip

    @routes.get("/{org}/incidents")
    async def list_incidents(
        request: Request, org: str, q: str = "", status: str = "", page: int = 1, size: int = 25
    ) -> Page:
        """Incidents, newest first."""
        if not 1 <= size <= 100 or page < 1:
            raise Invalid("size is 1 to 100, page starts at 1.", field="size")
        organization, viewer = await visits.machine(request, org)
        wanted = queries.Filter(q=q, status=tuple(s for s in status.split(",") if s))
        async with db.read(organization.id) as t:
            found = await queries.listing(t, viewer, wanted, page=min(page, 100_000), size=size)
        more = found.page * found.size < found.total
        return Page(
            items=[out(org, row) for row in found.items], page=found.page, size=found.size, total=found.total,
            next=f"/api/v1/{org}/incidents?page={found.page + 1}&size={found.size}" if more else None,
        )  # fmt: skip

    @routes.post("/{org}/incidents", status_code=201)
    async def report_incident(
        request: Request, org: str, new: NewIncident, idempotency_key: str | None = Header(None, max_length=255)
    ) -> IncidentOut:
        """Report an incident. The same Idempotency-Key twice answers the same incident."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            reporter = await person_for(t, new.reporter or f"api@{org}.invalid", name="" if new.reporter else "API")
            situation = await open_situation(
                t,
                Report(
                    title=new.title, description=new.description, project=new.project, type=new.type,
                    severity=new.severity, priority=new.priority, visibility=new.visibility, tags=tuple(new.tags),
                    commander=new.commander,
                ),
                by=reporter,
                source_key=f"api:{idempotency_key}" if idempotency_key else None,
            )  # fmt: skip
            made = await queries.detail(t, situation)
        _ = viewer
        return out(org, made)

    @routes.get("/{org}/incidents/{name}")
    async def get_incident(request: Request, org: str, name: str, response: Response) -> IncidentOut:
        """One incident."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found = await queries.detail(t, await queries.by_name(t, viewer, name))
        response.headers["etag"] = f'"{found.version}"'
        return out(org, found)

    @routes.get("/{org}/incidents/{name}/{part}")
    async def get_part(
        request: Request, org: str, name: str, part: Literal["timeline", "participants", "resources", "steps"]
    ) -> dict[str, Any]:
        """Timeline, participants, resources or steps of an incident."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            about = Subject(situation.kind, situation.id)
            items: list[dict[str, Any]]
            if part == "timeline":
                items = [dict(row.__dict__) for row in await queries.timeline(t, about)]
            elif part == "steps":
                items = [dict(row.__dict__) for row in await queries.steps(t, about)]
            elif part == "resources":
                items = [
                    {"kind": r.kind, "provider": r.provider, "external_id": r.external_id, "title": r.title, "url": r.url}
                    for r in await queries.resources(t, situation.id)
                ]
            else:
                items = [
                    {
                        "email": p.person.email, "name": p.person.name, "roles": list(p.roles), "acting": p.acting,
                        "in_channel": p.in_channel, "note": p.note,
                    }
                    for p in await queries.participants(t, situation.id)
                ]  # fmt: skip
        return {"items": items, "page": 1, "size": len(items), "total": len(items), "next": None}

    @routes.post("/{org}/incidents/{name}/steps/{step_id}/retry", status_code=202)
    async def retry_step(request: Request, org: str, name: str, step_id: int) -> dict[str, str]:
        """Try a step again."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            row = await retry(t, Subject(situation.kind, situation.id), step_id)
            return {"state": row.state}

    return routes
