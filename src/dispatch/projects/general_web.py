"""Settings: the projects, a new one, and Settings → Project → General."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Stale
from dispatch.kit.forms import FormErrors, from_html, html_values
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visit, Visits
from dispatch.projects import configure, queries
from dispatch.projects.settings_forms import NewProjectForm, ProjectForm, zones
from dispatch.projects.settings_pages import SettingsForm, Where, drawn, enter, latest_changes, refused, show

settings_page(
    "Organization", "projects", "Projects", icon="folder", position=5,
    about="The parts of the organization, each with its own types, people on call and plugins.",
)  # fmt: skip
settings_page(
    "Project", "general", "General", icon="settings", position=5,
    about="Name, description, incident prefix, announcement channel, time zone.",
)  # fmt: skip

CHOICES = {"tz": zones()}


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes `/{org}/settings/projects`, its `new`, and each project's `general`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings/projects")
    async def listed(request: Request, org: str) -> Response:
        visit = await visits.admin(request, org)
        async with db.read(visit.org.id) as t:
            found = await queries.all_projects(t)
        return visit.page(pages, "projects.html", request, "settings", found=found)

    def new_form(visit: Visit) -> SettingsForm:
        above = f"/{visit.org.slug}/settings/projects"
        return SettingsForm(
            NewProjectForm, f"{above}/new", "New project", {}, {}, save="Create project", above=("Projects", above),
            exists=False, lead="It starts with the usual types, severities and priorities. You can change them afterwards.",
        )  # fmt: skip

    @routes.get("/{org}/settings/projects/new")
    async def new(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="projects.create")
        return visit.page(
            pages, "settings_form.html", request, "settings", page_key="projects", **drawn(new_form(visit))
        )

    @routes.post("/{org}/settings/projects/new")
    async def create(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="projects.create")
        sent, asked = await request.form(), new_form(visit)
        try:
            form = from_html(NewProjectForm, sent)
            async with db.tx(visit.org.id) as t:
                made = await configure.new_project(t, form, by=visit.viewer.person_id)
        except FormErrors as why:
            return visit.page(
                pages, "settings_form.html", request, "settings", status=422, page_key="projects", **refused(asked, sent, why)
            )
        return RedirectResponse(f"/{org}/settings/projects/{made.slug}/general?saved=created", 303)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "general", may="projects.configure")

    def page(request: Request, where: Where, form: Mapping[str, Any], *, status: int = 200, **context: Any) -> Response:
        return show(pages, "settings_form.html", request, where, status=status, page_key="general", **form, **context)

    @routes.get("/{org}/settings/projects/{project}/general")
    async def general(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        said = SAVED.get(request.query_params.get("saved", ""), "")
        return page(request, where, drawn(_general(where)), saved=said)

    @routes.post("/{org}/settings/projects/{project}/general")
    async def save(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        sent, asked = await request.form(), _general(where)
        try:
            form = from_html(ProjectForm, sent, choices=CHOICES)
            async with db.tx(where.visit.org.id) as t:
                await configure.change_project(t, where.project.id, form, seen=str(sent.get("seen", "")), by=where.by)
        except FormErrors as why:
            # The version they saw, not the present one: an error at a field is no leave to overwrite somebody.
            return page(request, where, refused(asked, sent, why) | {"seen": str(sent.get("seen", ""))}, status=422)
        except Stale as why:
            told = await latest_changes(db, where, like="project.changed")
            typed = drawn(asked, typed=html_values(ProjectForm, sent))
            return page(request, where, typed, status=why.status, stale=str(why), told=told)
        return RedirectResponse(f"{where.path}?saved=changed", 303)

    return routes


SAVED = {"created": "Created. This is where its own settings begin.", "changed": "Saved. It holds from now on."}


def _general(where: Where) -> SettingsForm:
    return SettingsForm(
        ProjectForm, where.path, "General", configure.stored(ProjectForm, where.project), CHOICES,
        lead=f"What {where.project.name} is called and where it is announced.",
    )  # fmt: skip
