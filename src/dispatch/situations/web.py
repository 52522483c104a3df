"""Pages about incidents: list, incident with live parts, report form and receipt."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from sse_starlette import EventSourceResponse, ServerSentEvent

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Subject
from dispatch.kit.flows import retry
from dispatch.kit.forms import FormErrors, from_html, html_values, to_html
from dispatch.kit.web.live import Live
from dispatch.people.queries import Viewer, person
from dispatch.people.web import Visit, Visits
from dispatch.projects import queries as projects
from dispatch.projects.reach import slack_down_since
from dispatch.situations import queries
from dispatch.situations.access import require, standing
from dispatch.situations.actions import answer_page, open_situation
from dispatch.situations.models import Situation
from dispatch.situations.report_form import ReportIncident, prepare

PARTS = ("summary", "timeline", "steps", "participants", "resources", "pages")
PAGE_SIZE = 25
ICONS = {
    "ticket": "ticket",
    "document": "file-text",
    "conversation": "brand-slack",
    "conference": "video",
}


def router(db: Database, visits: Visits, pages: Environment, live: Live) -> APIRouter:
    """Routes under `/{org}`."""
    routes = APIRouter(include_in_schema=False)

    def show(name: str, request: Request, visit: Visit, status: int = 200, **context: Any) -> HTMLResponse:
        return HTMLResponse(
            pages.get_template(name).render(**visit.context(request, "incidents"), **context), status_code=status
        )

    async def parts(t: Read, viewer: Viewer, situation: Situation) -> dict[str, Any]:
        about = Subject(situation.kind, situation.id)
        here = await standing(t, viewer, situation)
        everybody = await queries.participants(t, situation.id)
        lead = next((p for p in everybody if "Commander" in p.roles), None)
        steps = await queries.steps(t, about)
        return {
            "incident": await queries.detail(t, situation),
            "participants": everybody,
            "resources": [_resource(r) for r in await queries.resources(t, situation.id)],
            "steps": steps if here.steers else [_without_retry(s) for s in steps],
            "pages": await queries.pages(t, about),
            "timeline": await queries.timeline(t, about),
            "can": {"acknowledge": bool(lead and lead.acting and lead.person.id == viewer.person_id)},
            "slack_down_since": await slack_down_since(t, situation.project_id),
        }

    @routes.get("/{org}/incidents")
    async def incident_list(
        request: Request, org: str, q: str = "", status: str = "", severity: str = "", project: str = "", page: int = 1
    ) -> Response:
        visit = await visits.of(request, org)
        wanted = queries.Filter(
            q=q[:200], status=(status,) if status else (), severity=(severity,) if severity else (), project=project
        )
        async with db.read(visit.org.id) as t:
            found = await queries.listing(t, visit.viewer, wanted, page=max(1, min(page, 100_000)), size=PAGE_SIZE)
            filters = await _filters(t)
        return show(
            "incident_list.html", request, visit,
            items=found.items, page=found.page, size=found.size, total=found.total, counts=found.counts,
            query={"q": q, "status": status, "severity": severity, "project": project}, filters=filters,
        )  # fmt: skip

    @routes.get("/{org}/incidents/{name}")
    async def incident_page(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            return show("incident.html", request, visit, **await parts(t, visit.viewer, situation))

    @routes.get("/{org}/incidents/{name}/receipt")
    async def receipt(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            return show("receipt.html", request, visit, **await parts(t, visit.viewer, situation))

    @routes.get("/{org}/incidents/{name}/fragments/{part}")
    async def fragment(request: Request, org: str, name: str, part: str) -> Response:
        if part not in PARTS:
            raise NotFound("There is no such part.")
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            return show(f"_{part}.html", request, visit, **await parts(t, visit.viewer, situation))

    @routes.get("/{org}/incidents/{name}/live")
    async def live_events(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
        subject = Subject(situation.kind, situation.id)

        async def events() -> AsyncIterator[ServerSentEvent]:
            async with live.watch(visit.org.id, subject) as queue:
                while True:
                    changed = {await queue.get()}
                    # Several facts of one transaction arrive together: one re-read per part is enough.
                    await asyncio.sleep(0.05)
                    while not queue.empty():
                        changed.add(queue.get_nowait())
                    for part in PARTS if "*" in changed else sorted(_shown(changed)):
                        yield ServerSentEvent(data="changed", event=part)

        return EventSourceResponse(events(), ping=20)

    @routes.post("/{org}/incidents/{name}/steps/{step_id}/retry")
    async def retry_step(request: Request, org: str, name: str, step_id: int) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "retry")
            await retry(t, Subject(situation.kind, situation.id), step_id)
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/{org}/incidents/{name}", 303)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            return show("_steps.html", request, visit, **await parts(t, visit.viewer, situation))

    @routes.post("/{org}/incidents/{name}/acknowledge")
    async def acknowledge(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        if visit.viewer.person_id is None:
            raise NotFound("There is no such page.")
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            who = await person(t, visit.viewer.person_id)
            await answer_page(t, situation.id, by=who)
        return RedirectResponse(f"/{org}/incidents/{name}", 303)

    async def form_page(
        request: Request, visit: Visit, template: str, values: dict[str, Any], errors: dict[str, str], status: int = 200
    ) -> Response:
        async with db.read(visit.org.id) as t:
            choices, filled = await prepare(t, values)
        form = to_html(ReportIncident, choices=choices, values=filled, errors=errors)
        return show(template, request, visit, status, form=form, errors=list(errors.values()))

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
                if visit.viewer.person_id is None:
                    raise NotFound("There is no such page.")
                reporter = await person(t, visit.viewer.person_id)
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
            chosen = await projects.project(t, project or None)
            found = await projects.tags(t, chosen.id, q[:100], limit=50)
        return Response(
            orjson.dumps([{"value": tag.name, "label": tag.name} for tag in found]), media_type="application/json"
        )

    return routes


async def _filters(t: Read) -> list[dict[str, Any]]:
    all_projects = await projects.projects(t)
    names = await projects.severity_names(t)
    return [
        {"key": "severity", "label": "Severity", "options": [{"value": n, "label": n} for n in names]},
        {"key": "project", "label": "Project", "options": [{"value": p.slug, "label": p.name} for p in all_projects]},
    ]


def _shown(changed: set[str]) -> set[str]:
    return {part for part in changed if part in PARTS}


def _resource(r: Any) -> dict[str, Any]:
    return {
        "kind": r.kind,
        "title": r.title,
        "url": r.url,
        "icon": ICONS.get(r.kind, "link"),
        "state": r.state,
        "note": r.note,
    }


def _without_retry(row: queries.StepRow) -> queries.StepRow:
    return queries.StepRow(**{**row.__dict__, "can_retry": False})
