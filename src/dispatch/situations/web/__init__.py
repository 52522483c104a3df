"""Pages about incidents, one file per page."""

from __future__ import annotations

from fastapi import APIRouter
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.web.live import Live
from dispatch.people.web import Visits
from dispatch.situations.web import (
    bulk,
    editing,
    export,
    listing,
    page,
    people,
    relations,
    report,
    restricted,
    role_policies,
    steering,
    timeline,
    writing,
    zone,
)


def router(db: Database, visits: Visits, pages: Environment, live: Live) -> APIRouter:
    """All of them, under `/{org}`."""
    routes = APIRouter(include_in_schema=False)
    routes.include_router(listing.router(db, visits, pages))
    routes.include_router(export.router(db, visits))
    routes.include_router(bulk.router(db, visits, pages))
    routes.include_router(report.router(db, visits, pages))
    routes.include_router(restricted.router(db, visits, pages))
    routes.include_router(role_policies.router(db, visits, pages))
    routes.include_router(page.router(db, visits, pages, live))
    routes.include_router(editing.router(db, visits, pages))
    routes.include_router(zone.router(db, visits))
    routes.include_router(steering.router(db, visits, pages))
    routes.include_router(people.router(db, visits))
    routes.include_router(timeline.router(db, visits, pages))
    routes.include_router(writing.router(db, visits))
    routes.include_router(relations.router(db, visits))
    return routes
