"""Steering an incident on the web: details, status, visibility, who leads."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.events import Subject
from dispatch.kit.web.answers import done
from dispatch.oncall.actions import acknowledge_pages
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, require_take_command, standing
from dispatch.situations.web.editing import EVERYTHING, Draft, Refusal, drawn, save


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/incidents/{name}` that change the incident."""
    routes = APIRouter(include_in_schema=False)

    async def form_page(
        request: Request, visit: Visit, name: str, draft: Draft | None = None, refused: Refusal | None = None,
        template: str = "update.html",
    ) -> Response:  # fmt: skip
        context = await drawn(db, visit, name, draft, EVERYTHING, refused)
        path = f"/{visit.org.slug}/incidents/{context['name']}/update"
        return visit.page(
            pages, template, request, "incidents", status=refused.status if refused else 200, fields_path=f"{path}/fields",
            **context,
        )  # fmt: skip

    @routes.get("/{org}/incidents/{name}/update")
    async def update_form(request: Request, org: str, name: str) -> Response:
        return await form_page(request, await visits.of(request, org), name)

    @routes.post("/{org}/incidents/{name}/update/fields")
    async def update_fields(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        return await form_page(
            request, visit, name, Draft.sent(await request.form(), EVERYTHING), template="_fields.html"
        )

    @routes.post("/{org}/incidents/{name}/update")
    async def update(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        draft = Draft.sent(await request.form(), EVERYTHING)
        refused = await save(db, visit, name, draft, EVERYTHING)
        if refused is not None:
            return await form_page(request, visit, name, draft, refused)
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    @routes.post("/{org}/incidents/{name}/status")
    async def status(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "change_status")
            await actions.change_status(
                t, situation.id, str(sent.get("status", "")), by=await visit.person(t),
                expected=str(sent["from"]) if sent.get("from") else None,
            )  # fmt: skip
        return done(request, f"/{org}/incidents/{name}")

    @routes.post("/{org}/incidents/{name}/visibility")
    async def visibility(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "change_visibility")
            await actions.change_visibility(t, situation.id, str(sent.get("visibility", "")), by=await visit.person(t))
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    @routes.post("/{org}/incidents/{name}/take-command")
    async def take_command(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        reason = str((await request.form()).get("reason", ""))
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require_take_command(await standing(t, visit.viewer, situation), reason=reason)
            who = await visit.person(t)
            await actions.take_command(t, situation, by=who, reason=reason)
            await acknowledge_pages(t, Subject(situation.kind, situation.id), who)
        return done(request, f"/{org}/incidents/{name}")

    @routes.post("/{org}/incidents/{name}/hand-off/{hand_off_id}")
    async def answer_hand_off(request: Request, org: str, name: str, hand_off_id: int) -> Response:
        visit = await visits.of(request, org)
        accept = (await request.form()).get("answer") == "accept"
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            who = await visit.person(t)
            await actions.answer_hand_off(t, hand_off_id, accept=accept, by=who, of=situation.id)
            if accept:
                await acknowledge_pages(t, Subject(situation.kind, situation.id), who)
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    return routes
