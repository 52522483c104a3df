"""Settings: the audit log."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.web.settings_area import settings_page
from dispatch.people import audit
from dispatch.people.web import Visits

settings_page(
    "Organization", "audit", "Audit log", icon="list-details", about="Who changed what, before and after.", position=90
)


def router(db: Database, visits: Visits, pages: Environment, *, project_names: audit.ProjectNames) -> APIRouter:
    """`/{org}/settings/audit`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings/audit")
    async def log(request: Request, org: str, topic: str = "", by: str = "", page: int = 1) -> Response:
        visit = await visits.of(request, org, may="audit.read")
        number = max(1, min(page, 100_000))
        topic = topic if topic in audit.TOPICS else ""
        person = int(by) if by.isdecimal() and len(by) < 19 else None
        async with db.read(visit.org.id) as t:
            found = await audit.log(t, project_names, topic=topic, person=person, page=number)
        return visit.page(
            pages, "audit.html", request, "settings", log=found, page=number, size=audit.SIZE, topics=audit.TOPICS,
            query={"topic": topic, "by": str(person or "")},
        )  # fmt: skip

    return routes
