"""Settings: the projects, a new one, and Settings → Project → General."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Tx
from dispatch.kit.forms import FormErrors, from_html
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visit, Visits
from dispatch.projects import configure, queries
from dispatch.projects.form_pages import FormPage
from dispatch.projects.settings_forms import NewProjectForm, ProjectForm, zones
from dispatch.projects.settings_pages import SettingsForm, Where, drawn, enter, refused

settings_page(
    "Organization", "projects", "Projects", icon="folder", position=5, may="settings.open",
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
        visit = await visits.of(request, org, may="settings.open")
        async with db.read(visit.org.id) as t:
            found = [each for each in await queries.all_projects(t) if visit.viewer.admin_of(each.id)]
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
                pages,
                "settings_form.html",
                request,
                "settings",
                status=422,
                page_key="projects",
                **refused(asked, sent, why),
            )
        return RedirectResponse(f"/{org}/settings/projects/{made.slug}/general?saved=created", 303)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "general", may="projects.configure")

    form_page = FormPage(db, pages, "general", "project.changed")

    @routes.get("/{org}/settings/projects/{project}/general")
    async def general(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        said = SAVED.get(request.query_params.get("saved", ""), "")
        return form_page.show(request, where, _general(where), saved=said)

    @routes.post("/{org}/settings/projects/{project}/general")
    async def save(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)

        async def write(t: Tx, form: ProjectForm, seen: str) -> None:
            if form.is_default != where.project.is_default:
                await where.need(t, "projects.choose_default", "is_default", ProjectForm)
            await configure.change_project(t, where.project.id, form, seen=seen, by=where.by)

        return await form_page.save(
            request, where, _general(where), write, then=lambda _: f"{where.path}?saved=changed"
        )

    return routes


SAVED = {"created": "Created. This is where its own settings begin.", "changed": "Saved. It holds from now on."}


def _general(where: Where) -> SettingsForm:
    return SettingsForm(
        ProjectForm, where.path, "General", configure.stored(ProjectForm, where.project), CHOICES,
        lead=f"What {where.project.name} is called and where it is announced.",
    )  # fmt: skip
