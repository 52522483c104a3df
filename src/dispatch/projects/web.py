"""The settings area: its overview, and the way to a project's settings."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.people.web import Visits
from dispatch.projects import admins_web, choices_web, general_web, plugins_web, queries, tags_web
from dispatch.projects.providers import Providers


def router(
    db: Database, visits: Visits, pages: Environment, providers: Providers, rotations: choices_web.Rotations
) -> APIRouter:
    """Routes under `/{org}/settings`.

    Args:
        rotations: the rotations of a project as options, for its types.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings")
    async def overview(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="settings.open")
        page = pages.get_template("settings_overview.html").render(**visit.context(request, "settings"))
        return HTMLResponse(page)

    @routes.get("/{org}/settings/project/{path}")
    async def default_project(request: Request, org: str, path: str) -> Response:
        visit = await visits.of(request, org, may="settings.open")
        async with db.read(visit.org.id) as t:
            project = await queries.project(t, None)
            if not visit.viewer.admin_of(project.id):
                project = next(
                    (each for each in await queries.all_projects(t) if visit.viewer.admin_of(each.id)), project
                )
        return RedirectResponse(f"/{org}/settings/projects/{project.slug}/{path}", 303)

    routes.include_router(general_web.router(db, visits, pages))
    routes.include_router(admins_web.router(db, visits, pages))
    routes.include_router(choices_web.router(db, visits, pages, rotations))
    routes.include_router(tags_web.router(db, visits, pages))
    routes.include_router(plugins_web.router(db, visits, pages, providers))
    return routes
