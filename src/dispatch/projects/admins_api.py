"""The JSON API of who runs a project."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from dispatch.kit.db import Database
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.people import project_admins
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.projects.rows_api import project_named


class ProjectAdminOut(BaseModel):
    """A project admin: changes the settings of the project and steers its incidents."""

    email: str
    name: str
    role: str = Field(description="In the organization")
    since: datetime
    given_by: str = Field(description="Empty: the command line")


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/admins`."""
    routes = api_router("settings")

    @routes.get("/{org}/projects/{project}/admins")
    async def list_project_admins(
        request: Request, org: str, project: str, page: int = 1, size: int = 100
    ) -> Listed[ProjectAdminOut]:
        """Who runs the project, by name; admins of the organization run every project besides. Needs a token of an admin."""
        page, size = window(page, size)
        organization, _ = await visits.machine(request, org, may="projects.people")
        async with db.read(organization.id) as t:
            found = await project_admins.admins_of(t, (await project_named(t, project)).id)
        items = [_out(each) for each in found[(page - 1) * size : page * size]]
        return listed(items, page=page, size=size, total=len(found), path=f"/api/v1/{org}/projects/{project}/admins")

    @routes.put("/{org}/projects/{project}/admins/{email}")
    async def make_project_admin(request: Request, org: str, project: str, email: str) -> ProjectAdminOut:
        """Let a member run the project; nothing changes if they do. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.people")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            by = (await person_of(t, viewer)).id
            await project_admins.give(t, there, email, viewer=viewer, by=by)
            found = await project_admins.admins_of(t, there.id)
        return next(_out(each) for each in found if each.person.email == email.strip().lower())

    @routes.delete("/{org}/projects/{project}/admins/{email}", status_code=204)
    async def remove_project_admin(request: Request, org: str, project: str, email: str) -> None:
        """They run the project no longer, at once. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.people")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            await project_admins.take(t, there, email, viewer=viewer, by=(await person_of(t, viewer)).id)

    return routes


def _out(each: project_admins.Admin) -> ProjectAdminOut:
    return ProjectAdminOut(
        email=each.person.email, name=each.person.name, role=each.role, since=each.since, given_by=each.given_by
    )
