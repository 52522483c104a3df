"""Whose clock the times of an incident page follow; a person's choice, kept for all incidents and browsers."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.web.answers import done
from dispatch.people.membership import show_times_of
from dispatch.people.queries import Viewer
from dispatch.people.web import Visits
from dispatch.situations import queries

#: What can be chosen, in the order it is offered.
ZONES: Final = {"": "My time", "utc": "UTC", "commander": "Commander's time", "reporter": "Reporter's time"}


def zone_shown(viewer: Viewer, incident: queries.Detail) -> str:
    """The IANA name of the zone; the viewer's own where nobody holds the chosen part."""
    if viewer.times_of == "utc":
        return "UTC"
    who = {"commander": incident.commander, "reporter": incident.reporter}.get(viewer.times_of)
    return (who.tz if who is not None else "") or viewer.zone


def router(db: Database, visits: Visits) -> APIRouter:
    """Route `/{org}/incidents/{name}/zone`."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/{org}/incidents/{name}/zone")
    async def choose(request: Request, org: str, name: str) -> Response:
        """Everything on the page is read again in that zone."""
        visit = await visits.of(request, org)
        chosen = str((await request.form()).get("times_of", ""))
        if chosen not in ZONES:
            raise Invalid(
                "Times are shown in your zone, in UTC, or in the commander's or reporter's.", field="times_of"
            )
        async with db.tx(visit.org.id) as t:
            await queries.by_name(t, visit.viewer, name)
            await show_times_of(t, await visit.person(t), chosen)
        answer = done(request, f"/{org}/incidents/{name}#timeline")
        answer.headers["HX-Trigger"] = "refresh"
        return answer

    return routes
