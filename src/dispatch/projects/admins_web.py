"""Settings → Project → Project admins: who runs the project, given and taken."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.forms import Form, FormErrors, Option, from_html, html_values, search, to_html
from dispatch.kit.web.settings_area import settings_page
from dispatch.people import project_admins
from dispatch.people.queries import by_email, person
from dispatch.people.web import Visits
from dispatch.projects.settings_pages import Where, enter, latest_changes, show

settings_page(
    "Project", "admins", "Project admins", icon="shield", position=8,
    about="Who runs the project: changes its settings and steers its incidents.",
)  # fmt: skip

#: Lines of what happened lately.
LATELY = 10


class AdminForm(Form):
    """A further one."""

    person: str = search("Member", source="people", help="They sign in to Dispatch, and run this project from now on.")


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/admins`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/admins", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "admins", may="projects.people")

    async def listing(request: Request, where: Where, *, status: int = 200, **context: Any) -> Response:
        async with db.read(where.visit.org.id) as t:
            found = await project_admins.admins_of(t, where.project.id)
        lately = await latest_changes(db, where, like="project.admin_", limit=LATELY)
        given = {"form": to_html(AdminForm, choices={}), "saved": SAVED.get(request.query_params.get("saved", ""), "")}
        return show(
            pages, "project_admins.html", request, where, status=status, admins=found, lately=lately, **given | context
        )

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        return await listing(request, await at(request, org, project))

    @routes.post("")
    async def give(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        sent = await request.form()
        try:
            form = from_html(AdminForm, sent)
            async with db.tx(where.visit.org.id) as t:
                new = await project_admins.give(t, where.project, form.person, viewer=where.visit.viewer, by=where.by)
        except (FormErrors, Invalid) as why:
            return await refused(request, where, html_values(AdminForm, sent), why)
        return RedirectResponse(f"{where.path}?saved={'given' if new else 'there'}", 303)

    async def refused(request: Request, where: Where, typed: dict[str, Any], why: FormErrors | Invalid) -> Response:
        email = str(typed.get("person", ""))
        async with db.read(where.visit.org.id) as t:
            who = await by_email(t, email.replace("\0", ""))
        choices = {"person": [Option(email, who.name if who else email)] if email else []}
        errors = why.by_field if isinstance(why, FormErrors) else {"person": str(why)}
        form = to_html(AdminForm, choices=choices, values=typed, errors=errors)
        return await listing(request, where, status=422, form=form)

    @routes.post("/{person_id:int}/remove")
    async def take(request: Request, org: str, project: str, person_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            who = await person(t, person_id)
            await project_admins.take(t, where.project, who.email, viewer=where.visit.viewer, by=where.by)
        # They may have given away the right to see the page.
        mine = person_id == where.by and not where.visit.viewer.is_admin
        return RedirectResponse(f"/{org}" if mine else f"{where.path}?saved=taken", 303)

    return routes


SAVED = {
    "given": "They run the project from now on.",
    "there": "They run the project already.",
    "taken": "They run the project no longer. What they had open is closed.",
}
