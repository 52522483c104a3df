"""Bringing people into an incident on the web, and giving them roles."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.web.answers import done
from dispatch.people.queries import by_email, search_people
from dispatch.people.web import Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes under `/{org}/incidents/{name}/participants`, and the search for people."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/{org}/incidents/{name}/participants")
    async def add(request: Request, org: str, name: str) -> Response:
        """Somebody comes in, with a role; the command is offered to them rather than given."""
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            role = str(sent.get("role") or "Participant")
            require(await standing(t, visit.viewer, situation), "invite" if role == "Participant" else "assign_role")
            who = await by_email(t, str(sent.get("person", "")))
            if who is None:
                raise Invalid("Choose a person from the list.", field="person")
            by = await visit.person(t)
            if role == "Participant":
                await actions.add_participant(
                    t, situation, who, role=role, reason=str(sent.get("reason", ""))[:200], by=by.id, bring_in=True
                )
            else:
                await actions.assign_role(t, situation, who, role, by=by)
        return done(request, f"/{org}/incidents/{name}#participants")

    @routes.get("/{org}/options/people")
    async def people_options(request: Request, org: str, q: str = "") -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            found = await search_people(t, q[:100], limit=20)
        return Response(
            orjson.dumps([{"value": p.email, "label": p.name, "note": p.title or p.email} for p in found]),
            media_type="application/json",
        )

    return routes
