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
from dispatch.kit.events import CONFIGURATION, Subject
from dispatch.kit.web.live import Live
from dispatch.kit.web.streams import stream
from dispatch.people.access import allows
from dispatch.people.web import Visit, Visits

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
        async def told(changed: set[Subject | None]) -> list[str]:
            return ["now"] if await concerns(await visits.of(request, org), changed) else []

        visit = await visits.of(request, org)
        return stream(live.watch_organization(visit.org.id), told, at_most_each=AT_MOST_EACH)

    async def concerns(visit: Visit, changed: set[Subject | None]) -> bool:
        """Not even that something happened is told about what the viewer may not see."""
        if None in changed:
            return True
        # The set-up guide goes on with what is configured.
        if visit.viewer.is_admin and any(each is not None and each.kind in CONFIGURATION for each in changed):
            return True
        ids = {each.id for each in changed if each is not None and each.kind == "incident"}
        if not ids:
            return False
        async with db.read(visit.org.id) as t:
            return await queries.sees_one(t, visit.viewer, ids)

    @routes.get("/{org}")
    async def home_page(request: Request, org: str) -> Response:
        if not _SLUG.fullmatch(org):
            raise NotFound("There is no such page.")
        return await page(request, await visits.of(request, org), "home.html")

    return routes
