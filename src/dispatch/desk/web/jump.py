"""What the palette (Ctrl-K) offers: incidents, pages and actions that fit what was typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson
from fastapi import APIRouter, Request, Response

from dispatch.kit.db import Database
from dispatch.kit.web.settings_area import navigation
from dispatch.people.access import allows
from dispatch.people.web import Visit, Visits
from dispatch.situations import queries as situations

#: Pages and actions offered at once; incidents are limited by their query.
MOST = 8


@dataclass(frozen=True)
class Target:
    """Where one can go. `kind` stands beside it: Incident, Page, Action or Settings."""

    kind: str
    label: str
    note: str
    href: str


def router(db: Database, visits: Visits) -> APIRouter:
    """Route `/{org}/jump`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/jump")
    async def jump(request: Request, org: str, q: str = "") -> Response:
        visit = await visits.of(request, org)
        typed = q[:200].strip()
        async with db.read(visit.org.id) as t:
            found = await situations.titles_like(t, visit.viewer, typed, limit=6)
        incidents = [Target("Incident", r.title, f"{r.name} · {r.status}", f"/{org}/incidents/{r.name}") for r in found]
        places = [place for place in _places(visit) if _fits(place, typed)][:MOST]
        both = [*incidents, *places] if typed else [*places, *incidents]
        return Response(orjson.dumps([asdict(each) for each in both]), media_type="application/json")

    return routes


def _places(visit: Visit) -> list[Target]:
    at = f"/{visit.org.slug}"
    made = []
    if allows(visit.viewer, "incidents.report"):
        made.append(Target("Action", "Report an incident", "new", f"{at}/report"))
    made += [
        Target("Page", "Home", "what needs me", at),
        Target("Page", "Incidents", "list", f"{at}/incidents"),
        Target("Page", "Incidents I lead", "commander", f"{at}/incidents?commander=me"),
        Target("Page", "Incidents I take part in", "participant", f"{at}/incidents?participant=me"),
        Target("Page", "Your profile", "password, sessions, time zone", f"{at}/profile"),
        Target("Page", "API", "for programs, openapi", f"{at}/api"),
    ]
    if allows(visit.viewer, "settings.open"):
        made.append(Target("Settings", "Settings", "overview", f"{at}/settings"))
        for group, entries in navigation(visit.org.slug, opens=visit.opens).items():
            made += [Target("Settings", entry.label, group.lower(), entry.href) for entry in entries]
    return made


def _fits(place: Target, typed: str) -> bool:
    """Every word typed is the beginning of a word of the place."""
    words = f"{place.label} {place.note} {place.kind}".lower().replace(",", " ").split()
    return all(any(word.startswith(each) for word in words) for each in typed.lower().split())
