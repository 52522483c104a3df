"""Settings → Project → Types, Severities and Priorities: what reporters choose from, in three pages of one kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Conflict, NotFound
from dispatch.kit.forms import Form, Option, inputs
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.projects import configure
from dispatch.projects.form_pages import FormPage, row_routes
from dispatch.projects.models import SituationType
from dispatch.projects.settings_forms import COLORS, KINDS, PAGING, UPDATES, VISIBILITIES, ChoiceKind
from dispatch.projects.settings_pages import Choices, SettingsForm, Where, enter, show

for _kind in KINDS:
    settings_page("Project", _kind.key, _kind.title, icon=_kind.icon, about=_kind.about, position=_kind.position)

#: The rotations of a project as options; they belong to the slice left of this one.
Rotations = Callable[[Read, int], Awaitable[list[Option]]]


def router(db: Database, visits: Visits, pages: Environment, rotations: Rotations) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/` for each of the three lists."""
    routes = APIRouter(include_in_schema=False)
    for kind in KINDS:
        routes.include_router(_of(kind, db, visits, pages, rotations))
    return routes


def _of(kind: ChoiceKind, db: Database, visits: Visits, pages: Environment, rotations: Rotations) -> APIRouter:
    routes = APIRouter(prefix=f"/{{org}}/settings/projects/{{project}}/{kind.key}", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, kind.key, may="projects.configure")

    async def options(where: Where) -> Choices:
        if kind.cls is not SituationType:
            return {"color": COLORS, "paging": PAGING, "update_minutes": UPDATES}
        async with db.read(where.visit.org.id) as t:
            return {"visibility": VISIBILITIES, "rotation_id": await rotations(t, where.project.id)}

    async def form_of(where: Where, choice_id: int | None) -> SettingsForm:
        above, choices = (kind.title, where.path), await options(where)
        if choice_id is None:
            defaults = {key: each.default for key, each in inputs(kind.form).items()}
            return SettingsForm(
                kind.form, f"{where.path}/new", f"New {kind.one}", defaults, choices, save=f"Add {kind.one}", above=above,
                exists=False,
            )  # fmt: skip
        async with db.read(where.visit.org.id) as t:
            rows = await configure.rows(t, kind, where.project.id)
        for row in rows:
            if row.id == choice_id:
                return SettingsForm(
                    kind.form,
                    f"{where.path}/{row.id}",
                    row.name,
                    configure.stored(kind.form, row),
                    choices,
                    above=above,
                )
        raise NotFound(f"There is no such {kind.one} in this project.")

    form_page = FormPage(db, pages, kind.key, "project.choice_changed")

    async def listing(request: Request, where: Where, *, status: int = 200, problem: str = "") -> Response:
        async with db.read(where.visit.org.id) as t:
            rows = await configure.rows(t, kind, where.project.id)
            called = {each.value: each.label for each in await rotations(t, where.project.id)}
        saved = request.query_params.get("saved", "")
        return show(
            pages, "choices.html", request, where, status=status, kind=kind, rows=rows, rotations=called, problem=problem,
            saved=SAVED.get(saved, ""),
        )  # fmt: skip

    async def save(request: Request, where: Where, choice_id: int | None) -> Response:
        asked = await form_of(where, choice_id)

        async def write(t: Tx, form: Form, seen: str) -> None:
            await configure.save_choice(
                t, where.project, kind, form, choice_id=choice_id, seen=seen, by=where.by, choices=asked.choices
            )

        done = f"{where.path}?saved={'added' if choice_id is None else 'changed'}"
        return await form_page.save(request, where, asked, write, then=lambda _: done, item=choice_id)

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        return await listing(request, await at(request, org, project))

    row_routes(routes, form_page, at=at, form_of=form_of, save=save)

    @routes.post("/{choice_id:int}/up")
    async def up(request: Request, org: str, project: str, choice_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            await configure.move_choice_up(t, where.project, kind, choice_id, by=where.by)
        return RedirectResponse(where.path, 303)

    @routes.post("/{choice_id:int}/delete")
    async def delete(request: Request, org: str, project: str, choice_id: int) -> Response:
        where = await at(request, org, project)
        try:
            async with db.tx(where.visit.org.id) as t:
                await configure.remove_choice(t, where.project, kind, choice_id, by=where.by)
        except Conflict as why:
            return await listing(request, where, status=why.status, problem=str(why))
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    return routes


SAVED = {
    "added": "Added. Reporters can choose it now.",
    "changed": "Saved. It holds from now on.",
    "removed": "Removed.",
}
