"""Pages about everything at once, one file per page."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from jinja2 import Environment

from dispatch.desk.web import backups, home, jump
from dispatch.kit.db import Database
from dispatch.kit.web.live import Live
from dispatch.people.web import Visits


def router(db: Database, visits: Visits, pages: Environment, live: Live, backups_of: Path | None) -> APIRouter:
    """All of them. Included last: `/{org}` takes every address of one part.

    Args:
        backups_of: the data directory whose database we back up ourselves, if any.
    """
    routes = APIRouter(include_in_schema=False)
    routes.include_router(jump.router(db, visits))
    routes.include_router(home.router(db, visits, pages, live, backups_of))
    routes.include_router(backups.router(visits, pages, backups_of))
    return routes
