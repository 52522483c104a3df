"""Steering an incident on the web: details, status, visibility, who leads."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid, Stale
from dispatch.kit.events import Subject
from dispatch.kit.forms import FormErrors, from_html, html_values, to_html
from dispatch.oncall.actions import acknowledge_pages
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, require_take_command, standing
from dispatch.situations.update_form import UpdateIncident, prepare_update, present


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/incidents/{name}` that change the incident."""
    routes = APIRouter(include_in_schema=False)

    async def form_page(
        request: Request, visit: Visit, name: str, values: dict[str, Any] | None, *, version: int | None = None,
        was: dict[str, Any] | None = None, errors: dict[str, str] | None = None, notice: str = "", status: int = 200, template: str = "update.html",
    ) -> Response:  # fmt: skip
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "update")
            now = await present(t, situation)
            choices, filled = await prepare_update(t, values or now)
        wrong = errors or {}
        form = to_html(UpdateIncident, choices=choices, values=filled, errors=wrong)
        return visit.page(
            pages, template, request, "incidents", status=status, form=form, name=situation.name, title=situation.title,
            version=version or situation.version, was=orjson.dumps(was or now).decode(), errors=list(wrong.values()),
            notice=notice, fields_path=f"/{visit.org.slug}/incidents/{situation.name}/update/fields",
        )  # fmt: skip

    @routes.get("/{org}/incidents/{name}/update")
    async def update_form(request: Request, org: str, name: str) -> Response:
        return await form_page(request, await visits.of(request, org), name, None)

    @routes.post("/{org}/incidents/{name}/update/fields")
    async def update_fields(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        return await form_page(request, visit, name, html_values(UpdateIncident, await request.form()), template="_fields.html")

    @routes.post("/{org}/incidents/{name}/update")
    async def update(request: Request, org: str, name: str) -> Response:
        """Exactly the fields that differ from what the person was shown are changed."""
        visit = await visits.of(request, org)
        sent = await request.form()
        typed = html_values(UpdateIncident, sent)
        version = int(str(sent.get("version"))) if str(sent.get("version", "")).isdigit() else None
        was = _shown_before(str(sent.get("was", "")))
        try:
            form = from_html(UpdateIncident, sent)
            async with db.tx(visit.org.id) as t:
                situation = await queries.by_name(t, visit.viewer, name)
                require(await standing(t, visit.viewer, situation), "update")
                await actions.update_details(
                    t, situation.id, form.changes(was), by=await visit.person(t), expected_version=version
                )
        except FormErrors as wrong:
            return await form_page(request, visit, name, typed, version=version, was=was, errors=wrong.by_field, status=422)
        except Invalid as wrong:
            by_field = {wrong.field or "": str(wrong)}
            return await form_page(request, visit, name, typed, version=version, was=was, errors=by_field, status=422)
        except Stale as late:
            # What was typed stays in the form, and saving it again overwrites with open eyes.
            return await form_page(request, visit, name, typed, notice=str(late), status=late.status)
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
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    @routes.post("/{org}/incidents/{name}/visibility")
    async def visibility(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "change_visibility")
            await actions.change_visibility(
                t, situation.id, str(sent.get("visibility", "")), by=await visit.person(t)
            )
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
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

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


def _shown_before(sent: str) -> dict[str, Any]:
    """What the person was shown, as their form brings it back; it decides only what counts as changed by them."""
    try:
        was = orjson.loads(sent)
    except orjson.JSONDecodeError:
        raise Invalid("This form is damaged. Please open it again.") from None
    if not isinstance(was, dict):
        raise Invalid("This form is damaged. Please open it again.")
    return was
