"""The JSON API of reports about an incident: tactical ones for those who work on it, executive ones for those who wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.reports import actions, queries
from dispatch.reports.actions import LONGEST
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing

Promise = Literal[15, 30, 60, 120, 240, 1440]
_NEXT = "Minutes until the next update, promised to everybody; null: nothing is promised"


class NewTactical(BaseModel):
    """Posted and pinned in the incident's channel."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "tactical", "conditions": "One order in five fails", "actions": "Bo rolls back",
                 "needs": "Somebody who knows the gateway", "next_update": 30}
            ]
        },
    )  # fmt: skip

    kind: Literal["tactical"]
    conditions: str = Field(max_length=LONGEST)
    actions: str = Field(max_length=LONGEST)
    needs: str = Field(max_length=LONGEST)
    next_update: Promise | None = Field(None, description=_NEXT)


class NewExecutive(BaseModel):
    """Kept as a document, and mailed to the notifications group."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "executive", "current_status": "Orders work again", "overview": "A bad deployment",
                 "next_steps": "Review on Monday"}
            ]
        },
    )  # fmt: skip

    kind: Literal["executive"]
    current_status: str = Field(max_length=LONGEST)
    overview: str = Field(max_length=LONGEST)
    next_steps: str = Field(max_length=LONGEST)
    next_update: Promise | None = Field(None, description=_NEXT)


NewReport = Annotated[NewTactical | NewExecutive, Field(discriminator="kind")]


class ReportOut(BaseModel):
    """A report."""

    id: int
    kind: str
    number: int = Field(description="1, 2, 3 of its kind within the incident")
    author: str
    content: dict[str, str]
    created_at: datetime
    promised_at: datetime | None = Field(description="When the next one was promised for")
    promise: str = Field(description="What became of that: empty while it is open, kept, late")


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/reports`."""
    routes = api_router("reports")

    @routes.get("/{org}/incidents/{name}/reports")
    async def list_reports(
        request: Request, org: str, name: str, page: int = 1, size: int = 25,
        kind: Literal["tactical", "executive"] | None = Query(None),
    ) -> Listed[ReportOut]:  # fmt: skip
        """The latest first."""
        page, size = window(page, size)
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            found, total = await queries.page_of_reports(t, situation.id, kind=kind or "", page=page, size=size)
        items = [ReportOut.model_validate(row, from_attributes=True) for row in found]
        path = f"/api/v1/{org}/incidents/{situation.name}/reports"
        return listed(items, page=page, size=size, total=total, path=path, asked={"kind": kind})

    @routes.post("/{org}/incidents/{name}/reports", status_code=201)
    async def write_report(
        request: Request,
        org: str,
        name: str,
        new: NewReport,
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> ReportOut:
        """Write a report, as the commands do; it keeps or misses what the one before promised. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "report")
            before: Any = await answered(t, key, ("POST reports", name, new))
            if before is not None:
                return ReportOut.model_validate(before)
            content = new.model_dump(exclude={"kind", "next_update"})
            row = await actions.write_report(
                t, situation, new.kind, content, by=await person_of(t, viewer), next_minutes=new.next_update
            )
            made = ReportOut.model_validate(await queries.report(t, row.id), from_attributes=True)
            await remember(t, key, made)
        return made

    return routes
