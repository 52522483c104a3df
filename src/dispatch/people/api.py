"""The JSON API of people: whom a request may name."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from dispatch.kit.db import Database
from dispatch.kit.errors import NotFound
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.people import queries
from dispatch.people.web import Visits


class PersonOut(BaseModel):
    """A person of the organization."""

    email: str
    name: str
    title: str
    team: str
    department: str
    location: str
    tz: str = Field(description="IANA time zone")


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/persons`."""
    routes = api_router("persons")

    @routes.get("/{org}/persons")
    async def list_persons(
        request: Request,
        org: str,
        q: str = Query("", description="Part of a name or an e-mail"),
        page: int = 1,
        size: int = 25,
    ) -> Listed[PersonOut]:
        """People whose name or e-mail contains `q`, by name."""
        page, size = window(page, size)
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found, total = await queries.page_of_people(t, q[:100], page=page, size=size)
        items = [PersonOut.model_validate(p, from_attributes=True) for p in found]
        return listed(items, page=page, size=size, total=total, path=f"/api/v1/{org}/persons", asked={"q": q})

    @routes.get("/{org}/persons/{email}")
    async def get_person(request: Request, org: str, email: str) -> PersonOut:
        """One person, by e-mail."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found = await queries.by_email(t, email.replace("\0", ""))
        if found is None or found.is_program:
            raise NotFound(f'"{email[:100]}" is not a person of this organization.')
        return PersonOut.model_validate(found, from_attributes=True)

    return routes
