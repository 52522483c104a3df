"""Settings → Backups: how the nightly backups are doing. The home says so when one is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from dispatch.kit import backup
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.access import allows
from dispatch.people.web import Visit, Visits

settings_page(
    "Organization", "backups", "Backups", icon="archive",
    about="Whether last night's backup was made, and which are kept.", position=95,
)  # fmt: skip


async def trouble(visit: Visit, backups_of: Path | None) -> backup.State | None:
    """What the home warns of: the backups' state when it is not well and the viewer may see about it."""
    if backups_of is None or not allows(visit.viewer, "settings.read"):
        return None
    state = await asyncio.to_thread(backup.state, backups_of)
    return None if state.well else state


def router(visits: Visits, pages: Environment, backups_of: Path | None) -> APIRouter:
    """`/{org}/settings/backups`.

    Args:
        backups_of: the data directory whose database we back up ourselves; None when the database is the operator's.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/settings/backups")
    async def look(request: Request, org: str) -> Response:
        visit = await visits.admin(request, org)
        state = await asyncio.to_thread(backup.state, backups_of) if backups_of is not None else None
        kept = await asyncio.to_thread(backup.kept, backups_of) if backups_of is not None else []
        return visit.page(pages, "backups.html", request, "settings", state=state, kept=kept, hour=backup.HOUR)

    return routes
