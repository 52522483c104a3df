"""The report form and the receipt that fills in live."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.forms import FormErrors, from_html, html_values, to_html
from dispatch.people.web import Visit, Visits
from dispatch.projects import queries as projects
from dispatch.situations.actions import open_situation
from dispatch.situations.report_form import ReportIncident, prepare


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes `/{org}/report` and what it searches."""
    routes = APIRouter(include_in_schema=False)

    async def form_page(
        request: Request, visit: Visit, template: str, values: dict[str, Any], errors: dict[str, str], status: int = 200
    ) -> Response:
        async with db.read(visit.org.id) as t:
            choices, filled = await prepare(t, values)
        form = to_html(ReportIncident, choices=choices, values=filled, errors=errors)
        return visit.page(pages, template, request, "incidents", status=status, form=form, errors=list(errors.values()))

    @routes.get("/{org}/report")
    async def report_form(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        return await form_page(request, visit, "report.html", {}, {})

    @routes.post("/{org}/report/fields")
    async def report_fields(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        values = html_values(ReportIncident, await request.form())
        return await form_page(request, visit, "_fields.html", values, {})

    @routes.post("/{org}/report")
    async def report(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        try:
            form = from_html(ReportIncident, sent)
            async with db.tx(visit.org.id) as t:
                reporter = await visit.person(t)
                situation = await open_situation(
                    t, form.as_report(), by=reporter, source_key=f"web:{sent.get('once') or uuid.uuid4()}"
                )
        except FormErrors as wrong:
            return await form_page(
                request, visit, "report.html", html_values(ReportIncident, sent), wrong.by_field, 422
            )
        except Invalid as wrong:
            return await form_page(
                request, visit, "report.html", html_values(ReportIncident, sent), {wrong.field or "": str(wrong)}, 422
            )
        return RedirectResponse(f"/{org}/incidents/{situation.name}/receipt", 303)

    @routes.get("/{org}/options/tags")
    async def tag_options(request: Request, org: str, project: str = "", q: str = "") -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            chosen = await projects.project(t, project or None, disabled=True)
            found = await projects.tags(t, chosen.id, q[:100], limit=50)
        return Response(
            orjson.dumps([{"value": tag.name, "label": tag.name} for tag in found]), media_type="application/json"
        )

    return routes
