"""Writing into the timeline on the web: add, edit, remove, pin."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Invalid
from dispatch.people.models import Person
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.models import Situation


def moment(local: str, zone: str) -> datetime | None:
    """What a datetime-local input says, in the person's zone; None when it is empty.

    Raises:
        Invalid: it is no date with a time.
    """
    if not local.strip():
        return None
    try:
        return datetime.fromisoformat(local.strip()).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError:
        raise Invalid("Please give date and time, such as 2026-03-01T03:10.", field="at") from None


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes under `/{org}/incidents/{name}/timeline`."""
    routes = APIRouter(include_in_schema=False)

    async def acting(t: Tx, visit: Visit, name: str) -> tuple[Situation, Person]:
        situation = await queries.by_name(t, visit.viewer, name)
        return situation, await visit.person(t)

    @routes.post("/{org}/incidents/{name}/timeline")
    async def add(request: Request, org: str, name: str) -> Response:
        """Who steers writes what happened; it may be earlier than now."""
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation, who = await acting(t, visit, name)
            require(await standing(t, visit.viewer, situation), "add_event")
            await actions.add_note(
                t, situation, str(sent.get("text", "")), author=who, at=moment(str(sent.get("at", "")), visit.viewer.zone),
                source="web",
            )  # fmt: skip
        return RedirectResponse(f"/{org}/incidents/{name}#timeline", 303)

    @routes.post("/{org}/incidents/{name}/notes/{note_id}")
    async def change(request: Request, org: str, name: str, note_id: int) -> Response:
        """Edit one's own entry, or take it out; earlier texts are kept."""
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation, who = await acting(t, visit, name)
            note = await actions.own_note(t, situation, note_id, by=who, admin=visit.viewer.is_admin)
            if sent.get("remove"):
                await actions.remove_note(t, note, by=who, why=f"removed by {who.name}")
            else:
                await actions.edit_note(t, note, str(sent.get("text", "")), by=who)
        return RedirectResponse(f"/{org}/incidents/{name}#timeline", 303)

    @routes.post("/{org}/incidents/{name}/timeline/{event_id}/pin")
    async def pin(request: Request, org: str, name: str, event_id: int) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation, _ = await acting(t, visit, name)
            require(await standing(t, visit.viewer, situation), "add_event")
            await actions.pin_event(t, situation, event_id, pinned=sent.get("pinned") == "1")
        return RedirectResponse(f"/{org}/incidents/{name}#timeline", 303)

    return routes
