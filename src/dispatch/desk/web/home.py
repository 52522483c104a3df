"""Home: what needs me, who is on call, what is open, what happened; kept up to date while it is open."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from dispatch.desk import queries
from dispatch.desk.setup import setup
from dispatch.desk.web import backups
from dispatch.kit.db import Database
from dispatch.kit.errors import NotFound
from dispatch.kit.web.live import Changes, Live
from dispatch.people.access import allows
from dispatch.people.web import Visit, Visits
from dispatch.people.web.following import follow

#: Seconds between two re-reads of an open page, however much happens.
AT_MOST_EACH = 1.0
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


def router(db: Database, visits: Visits, pages: Environment, live: Live, backups_of: Path | None) -> APIRouter:
    """Routes `/{org}` and `/{org}/home`."""
    routes = APIRouter(include_in_schema=False)

    async def page(request: Request, visit: Visit, template: str) -> Response:
        async with db.read(visit.org.id) as t:
            home = await queries.home(t, visit.viewer)
            guided = allows(visit.viewer, "plugins.configure") and visit.org.setup_dismissed_at is None
            guide = await setup(t, visit.org) if guided else None
        backup = await backups.trouble(visit, backups_of)
        return visit.page(pages, template, request, "home", home=home, backup=backup, guide=guide)

    @routes.get("/{org}/home/fragments/now")
    async def fragment(request: Request, org: str) -> Response:
        return await page(request, await visits.of(request, org), "_home.html")

    @routes.get("/{org}/home/live")
    async def live_events(request: Request, org: str) -> Response:
        async def told(now: Visit, changed: Changes) -> list[str]:
            async with db.read(now.org.id) as t:
                return ["now"] if await queries.concerns(t, now.viewer, changed) else []

        return follow(live, visits, request, await visits.of(request, org), told, at_most_each=AT_MOST_EACH)

    @routes.get("/{org}")
    async def home_page(request: Request, org: str) -> Response:
        if not _SLUG.fullmatch(org):
            raise NotFound("There is no such page.")
        return await page(request, await visits.of(request, org), "home.html")

    return routes
