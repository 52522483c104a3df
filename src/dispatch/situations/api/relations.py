"""What an incident has to do with others: linked ones. Duplicates are a change of the incident, see `PATCH`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.web.api import Listed, api_router, listed
from dispatch.people.machines import person_of
from dispatch.people.queries import Viewer
from dispatch.people.web import Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.models import Situation


class NewRelation(BaseModel):
    """Another incident that has to do with this one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"incident": "INC-7"}]})

    incident: str = Field(max_length=40)


class RelationOut(BaseModel):
    """An incident this one is linked with."""

    incident: str
    title: str
    status: str
    what: str = Field(description="related; original: it goes on for both; duplicate: this one goes on for both")


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/related`."""
    routes = api_router("incidents")

    @routes.get("/{org}/incidents/{name}/related")
    async def list_related(request: Request, org: str, name: str) -> Listed[RelationOut]:
        """Linked incidents that the token may see."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            return await everything(t, viewer, await queries.by_name(t, viewer, name), request.url.path)

    @routes.post("/{org}/incidents/{name}/related", status_code=201)
    async def relate(request: Request, org: str, name: str, new: NewRelation) -> Listed[RelationOut]:
        """Link two incidents; linking them again changes nothing. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            other = await queries.by_name(t, viewer, new.incident)
            require(await standing(t, viewer, situation), "relate")
            await actions.relate(t, situation, other, by=await person_of(t, viewer))
            return await everything(t, viewer, situation, request.url.path)

    @routes.delete("/{org}/incidents/{name}/related/{other}", status_code=204)
    async def unrelate(request: Request, org: str, name: str, other: str) -> None:
        """Take a link back. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            linked = await queries.by_name(t, viewer, other)
            require(await standing(t, viewer, situation), "relate")
            await actions.unrelate(t, situation, linked, by=await person_of(t, viewer))

    return routes


async def everything(t: Read, viewer: Viewer, situation: Situation, path: str) -> Listed[RelationOut]:
    """All of them, as one page."""
    found = await queries.relatives(t, viewer, situation)
    items = [RelationOut(incident=one.name, title=one.title, status=one.status, what=one.what) for one in found]
    return listed(items, page=1, size=len(items), total=len(items), path=path)
