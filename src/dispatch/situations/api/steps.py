"""What was set up for an incident, step by step, and what other systems hold."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from dispatch.kit.db import Database
from dispatch.kit.events import Subject
from dispatch.kit.flows import retry
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, listed
from dispatch.people.web import Visits
from dispatch.situations import queries
from dispatch.situations.access import require, standing


class StepOut(BaseModel):
    """A step of the journal."""

    id: int
    name: str
    title: str
    state: str
    attempts: int
    reason: str
    hint: str
    next_at: datetime | None
    deadline: datetime
    done_at: datetime | None
    can_retry: bool


class ResourceOut(BaseModel):
    """Ticket, channel, document, conference."""

    kind: str
    provider: str
    external_id: str
    title: str
    url: str
    state: str


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/steps` and `/resources`."""
    routes = api_router("steps")

    @routes.get("/{org}/incidents/{name}/steps")
    async def read_steps(request: Request, org: str, name: str) -> Listed[StepOut]:
        """Every step with its state, the reason when it is not done, and what to do about it."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            rows = await queries.steps(t, Subject(situation.kind, situation.id))
        items = [StepOut.model_validate(row, from_attributes=True) for row in rows]
        return listed(items, page=1, size=len(items), total=len(items), path=request.url.path)

    @routes.post("/{org}/incidents/{name}/steps/{step_id}/retry", status_code=202)
    async def retry_step(
        request: Request, org: str, name: str, step_id: int = Path(ge=1, le=LARGEST_ID)
    ) -> dict[str, str]:
        """Try a step again now; needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "retry")
            row = await retry(t, Subject(situation.kind, situation.id), step_id)
            return {"state": row.state}

    @routes.get("/{org}/incidents/{name}/resources")
    async def read_resources(request: Request, org: str, name: str) -> Listed[ResourceOut]:
        """What other systems hold for the incident."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            rows = await queries.resources(t, situation.id)
        items = [ResourceOut.model_validate(row, from_attributes=True) for row in rows]
        return listed(items, page=1, size=len(items), total=len(items), path=request.url.path)

    return routes
