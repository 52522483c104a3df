"""Settings: an admin who takes no part looks at a restricted incident, with a reason its participants read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.situations.actions import look_at_restricted

settings_page(
    "Organization", "restricted", "Restricted incidents", icon="lock", position=60,
    about="Look at a restricted incident you take no part in. The reason is written into its timeline.",
)  # fmt: skip


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Route `/{org}/settings/restricted`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings/restricted")
    async def ask(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="restricted.open")
        return visit.page(pages, "restricted.html", request, "settings", values={}, error="", wrong_field="")

    @routes.post("/{org}/settings/restricted")
    async def look(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="restricted.open")
        sent = {key: str(value) for key, value in (await request.form()).items()}
        try:
            async with db.tx(visit.org.id) as t:
                situation = await look_at_restricted(
                    t, sent.get("name", ""), by=await visit.person(t), reason=sent.get("reason", "")
                )
        except (Invalid, NotFound) as wrong:
            field = (wrong.field or "") if isinstance(wrong, Invalid) else "name"
            return visit.page(
                pages, "restricted.html", request, "settings", status=wrong.status, values=sent, error=str(wrong),
                wrong_field=field,
            )  # fmt: skip
        return RedirectResponse(f"/{org}/incidents/{situation.name}", 303)

    return routes
