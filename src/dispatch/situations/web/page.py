"""The page of an incident: live parts, steps tried again, the command acknowledged."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.events import Subject
from dispatch.kit.flows import retry
from dispatch.kit.web.live import Changes, Live
from dispatch.people.web import Visit, Visits
from dispatch.people.web.following import follow
from dispatch.situations import queries
from dispatch.situations.access import require, standing, told_of
from dispatch.situations.actions import answer_page
from dispatch.situations.web import own_parts, questions
from dispatch.situations.web.dialogs import dialog_named
from dispatch.situations.web.parts import Part, about_it, look, part_named, parts, read_parts, shown

#: What a reporter watches being made.
ON_THE_RECEIPT = ("resources", "pages", "steps", "related")
_ = own_parts, questions


def router(db: Database, visits: Visits, pages: Environment, live: Live) -> APIRouter:
    """Routes under `/{org}/incidents/{name}`."""
    routes = APIRouter(include_in_schema=False)

    async def drawn(request: Request, visit: Visit, name: str, template: str, wanted: list[Part]) -> Response:
        async with db.read(visit.org.id) as t:
            context = await read_parts(t, await look(t, visit, name, request), wanted)
        return visit.page(pages, template, request, "incidents", parts=wanted, **context)

    @routes.get("/{org}/incidents/{name}")
    async def incident_page(request: Request, org: str, name: str) -> Response:
        """A duplicate leads on to the incident that goes on; with `stay` it is shown itself."""
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            looking = await look(t, visit, name, request)
            if "stay" not in request.query_params:
                original = await queries.original_of(t, visit.viewer, looking.situation.id)
                if original is not None:
                    came_from = looking.situation.name
                    return RedirectResponse(f"/{org}/incidents/{original.name}?duplicate={came_from}", 303)
            context = await read_parts(t, looking, parts())
        came_from = request.query_params.get("duplicate", "")
        merged = any(one.what == "duplicate" and one.name == came_from for one in context["relatives"])
        return visit.page(
            pages, "incident.html", request, "incidents", parts=parts(), merged=came_from if merged else "", **context
        )

    @routes.get("/{org}/incidents/{name}/receipt")
    async def receipt(request: Request, org: str, name: str) -> Response:
        wanted = [part_named(key) for key in ON_THE_RECEIPT]
        return await drawn(request, await visits.of(request, org), name, "receipt.html", wanted)

    @routes.get("/{org}/incidents/{name}/fragments/{part}")
    async def fragment(request: Request, org: str, name: str, part: str) -> Response:
        wanted = part_named(part)
        return await drawn(request, await visits.of(request, org), name, wanted.template, [wanted])

    @routes.get("/{org}/incidents/{name}/dialogs/{dialog}")
    async def dialog(request: Request, org: str, name: str, dialog: str) -> Response:
        """As things are now; who may not do what it is about is told so instead."""
        wanted, visit = dialog_named(dialog), await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            looking = await look(t, visit, name, request)
            context = await about_it(t, looking) | await wanted.read(t, looking)
        return visit.page(pages, wanted.template, request, "incidents", **context)

    @routes.get("/{org}/incidents/{name}/live")
    async def live_events(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)

        async def told(now: Visit, changed: Changes) -> list[str]:
            """The incident may have been restricted since, and a change of it may be about one that is."""
            async with db.read(now.org.id) as t:
                await queries.by_name(t, now.viewer, name)
                seen = await told_of(t, now.viewer, changed)
            return shown({"*" if each is None else each.part for each in seen})

        return follow(live, visits, request, visit, told, Subject(situation.kind, situation.id))

    @routes.post("/{org}/incidents/{name}/steps/{step_id}/retry")
    async def retry_step(request: Request, org: str, name: str, step_id: int) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "retry")
            await retry(t, Subject(situation.kind, situation.id), step_id)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/{org}/incidents/{name}", 303)
        return await drawn(request, visit, name, "_steps.html", [part_named("steps")])

    @routes.post("/{org}/incidents/{name}/acknowledge")
    async def acknowledge(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            who = await visit.person(t)
            await answer_page(t, situation.id, by=who)
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    return routes
