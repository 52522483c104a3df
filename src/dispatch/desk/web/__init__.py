"""Pages about everything at once, one file per page."""

from __future__ import annotations

from fastapi import APIRouter
from jinja2 import Environment

from dispatch.desk.web import home, jump
from dispatch.kit.db import Database
from dispatch.kit.web.live import Live
from dispatch.people.web import Visits


def router(db: Database, visits: Visits, pages: Environment, live: Live) -> APIRouter:
    """All of them. Included last: `/{org}` takes every address of one part."""
    routes = APIRouter(include_in_schema=False)
    routes.include_router(jump.router(db, visits))
    routes.include_router(home.router(db, visits, pages, live))
    return routes
