"""The JSON API of incidents, for machines with a bearer token; one file per subject."""

from __future__ import annotations

from fastapi import APIRouter

from dispatch.kit.db import Database
from dispatch.people.web import Visits
from dispatch.situations.api import incidents, people, relations, role_rules, steps, timeline


def router(db: Database, visits: Visits) -> APIRouter:
    """All of them, under `/api/v1`."""
    routes = APIRouter()
    for subject in (incidents, timeline, people, steps, relations, role_rules):
        routes.include_router(subject.router(db, visits))
    return routes
