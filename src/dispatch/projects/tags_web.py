"""Settings → Project → Tags: many, so found by typing, and added by the dozen."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Conflict, NotFound
from dispatch.kit.forms import FormErrors, from_html, html_values, to_html
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.projects import queries, tag_actions
from dispatch.projects.configure import stored
from dispatch.projects.form_pages import FormPage
from dispatch.projects.settings_pages import SettingsForm, Where, enter, show
from dispatch.projects.tag_actions import NewTagsForm, TagForm

settings_page("Project", "tags", "Tags", icon="label", about="Words that incidents are marked with.", position=50)

SIZE = 100


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/tags`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/tags", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "tags", may="projects.configure")

    async def listing(request: Request, where: Where, *, status: int = 200, **context: Any) -> Response:
        asked = request.query_params
        number = int(asked["page"]) if asked.get("page", "").isdecimal() else 1
        number, q = max(1, min(number, 10_000)), asked.get("q", "")[:100]
        async with db.read(where.visit.org.id) as t:
            found, total = await queries.tag_page(t, where.project.id, q, page=number, size=SIZE)
        given = {"form": to_html(NewTagsForm, choices={}), "saved": _said(request), "problem": ""} | context
        return show(
            pages, "tags.html", request, where, status=status, tags=found, total=total, query={"q": q}, page=number,
            size=SIZE, **given,
        )  # fmt: skip

    async def form_of(where: Where, tag_id: int) -> SettingsForm:
        async with db.read(where.visit.org.id) as t:
            tag = await queries.tag(t, where.project.id, tag_id)
        if tag is None:
            raise NotFound("There is no such tag in this project.")
        return SettingsForm(
            TagForm, f"{where.path}/{tag.id}", tag.name, stored(TagForm, tag), {}, above=("Tags", where.path)
        )

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        return await listing(request, await at(request, org, project))

    @routes.post("")
    async def add(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        sent = await request.form()
        try:
            form = from_html(NewTagsForm, sent)
        except FormErrors as why:
            typed = html_values(NewTagsForm, sent)
            wrong = to_html(NewTagsForm, choices={}, values=typed, errors=why.by_field)
            return await listing(request, where, status=422, form=wrong)
        async with db.tx(where.visit.org.id) as t:
            new = await tag_actions.add(t, where.project, form, by=where.by)
        return RedirectResponse(f"{where.path}?added={len(new)}", 303)

    form_page = FormPage(db, pages, "tags", "project.tag_changed")

    @routes.get("/{tag_id:int}")
    async def edit(request: Request, org: str, project: str, tag_id: int) -> Response:
        where = await at(request, org, project)
        return form_page.show(request, where, await form_of(where, tag_id))

    @routes.post("/{tag_id:int}")
    async def change(request: Request, org: str, project: str, tag_id: int) -> Response:
        where = await at(request, org, project)

        async def write(t: Tx, form: TagForm, seen: str) -> None:
            await tag_actions.change(t, where.project, tag_id, form, seen=seen, by=where.by)

        asked = await form_of(where, tag_id)
        return await form_page.save(request, where, asked, write, then=lambda _: f"{where.path}?saved=changed")

    @routes.post("/{tag_id:int}/delete")
    async def delete(request: Request, org: str, project: str, tag_id: int) -> Response:
        where = await at(request, org, project)
        try:
            async with db.tx(where.visit.org.id) as t:
                await tag_actions.remove(t, where.project, tag_id, by=where.by)
        except Conflict as why:
            return await listing(request, where, status=why.status, problem=str(why))
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    return routes


def _said(request: Request) -> str:
    added = request.query_params.get("added", "")
    if added.isdecimal():
        return {"0": "Nothing new: they are all there.", "1": "One tag added."}.get(added, f"{added[:6]} tags added.")
    return {"changed": "Saved.", "removed": "Removed."}.get(request.query_params.get("saved", ""), "")
