"""Linking two incidents on the web, merging one into the other, and taking either back."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Invalid
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, require_merge, standing
from dispatch.situations.models import Situation


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes under `/{org}/incidents/{name}/relations`, and the search for incidents."""
    routes = APIRouter(include_in_schema=False)

    async def both(t: Tx, visit: Visit, name: str, other: str) -> tuple[Situation, Situation]:
        if not other.strip():
            raise Invalid("Name the other incident, such as INC-7.", field="other")
        return (
            await queries.by_name(t, visit.viewer, name),
            await queries.by_name(t, visit.viewer, other.strip()),
        )

    @routes.post("/{org}/incidents/{name}/relations")
    async def relate(request: Request, org: str, name: str) -> Response:
        """Related, a duplicate, or alike and not the same."""
        visit = await visits.of(request, org)
        sent = await request.form()
        what = str(sent.get("what") or "related")
        async with db.tx(visit.org.id) as t:
            situation, other = await both(t, visit, name, str(sent.get("other", "")))
            here, by = await standing(t, visit.viewer, situation), await visit.person(t)
            if what == "duplicate":
                lets_in = other.visibility == "restricted"
                require_merge(here, await standing(t, visit.viewer, other), lets_in=lets_in)
                await actions.merge(t, situation, other, by=by)
            elif what in ("related", "different"):
                require(here, "relate")
                await (actions.relate if what == "related" else actions.tell_apart)(t, situation, other, by=by)
            else:
                raise Invalid("Two incidents are related, duplicate or different.", field="what")
        return RedirectResponse(f"/{org}/incidents/{situation.name}", 303)

    @routes.post("/{org}/incidents/{name}/relations/remove")
    async def remove(request: Request, org: str, name: str) -> Response:
        """Without another incident: it is no duplicate after all."""
        visit = await visits.of(request, org)
        other_name = str((await request.form()).get("other", ""))
        async with db.tx(visit.org.id) as t:
            if other_name:
                situation, other = await both(t, visit, name, other_name)
                require(await standing(t, visit.viewer, situation), "relate")
                await actions.unrelate(t, situation, other, by=await visit.person(t))
            else:
                situation = await queries.by_name(t, visit.viewer, name)
                require(await standing(t, visit.viewer, situation), "merge")
                await actions.undo_merge(t, situation, by=await visit.person(t))
        return RedirectResponse(f"/{org}/incidents/{situation.name}", 303)

    @routes.get("/{org}/options/incidents")
    async def incident_options(request: Request, org: str, q: str = "") -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            found = await queries.titles_like(t, visit.viewer, q[:100])
        return Response(
            orjson.dumps([{"value": row.name, "label": row.title, "note": row.status} for row in found]),
            media_type="application/json",
        )

    return routes
