"""The list of incidents."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from dispatch.kit.db import Database, Read
from dispatch.people.web import Visits
from dispatch.projects import queries as projects
from dispatch.situations import queries

PAGE_SIZE = 25


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Route `/{org}/incidents`."""
    routes = APIRouter(include_in_schema=False)

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
        return visit.page(
            pages, "incident_list.html", request, "incidents",
            items=found.items, page=found.page, size=found.size, total=found.total, counts=found.counts,
            query={"q": q, "status": status, "severity": severity, "project": project}, filters=filters,
        )  # fmt: skip

    return routes


async def _filters(t: Read) -> list[dict[str, Any]]:
    all_projects = await projects.projects(t)
    names = await projects.severity_names(t)
    return [
        {"key": "severity", "label": "Severity", "options": [{"value": n, "label": n} for n in names]},
        {"key": "project", "label": "Project", "options": [{"value": p.slug, "label": p.name} for p in all_projects]},
    ]
