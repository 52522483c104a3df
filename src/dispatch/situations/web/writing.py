"""Writing into the timeline on the web: add, edit, remove, pin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from dispatch.kit import clock
from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.web.answers import done
from dispatch.kit.web.pages import typed
from dispatch.people.models import Person
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing
from dispatch.situations.models import Situation


def moment(local: str, zone: str, *, field: str = "at") -> datetime | None:
    """What a datetime-local input says, in the person's zone; None when it is empty.

    Raises:
        Invalid: it is no date with a time, or one before 1970 or after 9000.
    """
    if not local.strip():
        return None
    try:
        at = datetime.fromisoformat(local.strip()).replace(tzinfo=ZoneInfo(zone or "UTC"))
    except ValueError:
        raise Invalid("Please give date and time, such as 2026-03-01T03:10.", field=field) from None
    if not clock.EARLIEST <= at <= clock.LATEST:
        raise Invalid(clock.OUT_OF_RANGE, field=field)
    return at.astimezone(UTC)


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
            at = moment(str(sent.get("at", "")), visit.viewer.zone)
            beside = str(sent.get("beside", ""))
            if beside.isdigit():
                at = await _beside(
                    t, situation, int(beside), str(sent.get("side", "")), str(sent.get("at", "")), at, visit
                )
            await actions.add_note(t, situation, str(sent.get("text", "")), author=who, at=at, source="web")
        return done(request, f"/{org}/incidents/{name}#timeline")

    @routes.post("/{org}/incidents/{name}/notes/{note_id}")
    async def change(request: Request, org: str, name: str, note_id: int) -> Response:
        """Edit one's own entry, or take it out; earlier texts are kept."""
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation, who = await acting(t, visit, name)
            note = await actions.own_note(
                t, situation, note_id, by=who, admin=visit.viewer.admin_of(situation.project_id)
            )
            if sent.get("remove"):
                await actions.remove_note(t, note, by=who, why=f"removed by {who.name}")
            else:
                await actions.edit_note(t, note, str(sent.get("text", "")), by=who)
        return done(request, f"/{org}/incidents/{name}#timeline")

    @routes.post("/{org}/incidents/{name}/timeline/{event_id}/pin")
    async def pin(request: Request, org: str, name: str, event_id: int) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation, _ = await acting(t, visit, name)
            require(await standing(t, visit.viewer, situation), "add_event")
            await actions.pin_event(t, situation, event_id, pinned=sent.get("pinned") == "1")
        return done(request, f"/{org}/incidents/{name}#timeline")

    return routes


async def _beside(
    t: Tx, situation: Situation, event_id: int, side: str, written: str, at: datetime | None, visit: Visit
) -> datetime | None:
    """The moment right before or after an entry; another one when the person changed the time that was suggested."""
    anchor = await queries.moment_of(t, situation, event_id)
    if written.strip() and written.strip() != typed(anchor, visit.viewer.zone):
        return at
    # Of two entries of one moment the later written stands later, so "after" needs no other moment.
    return anchor - timedelta(microseconds=1) if side == "before" else anchor
