"""The timeline of an incident: read it, add to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.kit.db import Database
from dispatch.kit.events import Subject
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.situations import actions, queries
from dispatch.situations.access import require, standing

Kind = Literal["notes", "summary", "participants", "pages", "tasks", "reports", "resources", "other"]


class NewEntry(BaseModel):
    """Something that happened."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Failed over to eu-2"}]})

    text: str = Field(max_length=40_000, description="Markdown")
    at: AwareDatetime | None = Field(None, description="When it happened, with a zone; now when left out")


class EntryOut(BaseModel):
    """An entry as people read it."""

    id: int
    at: datetime
    actor: str
    says: str
    kind: str
    pinned: bool
    edited: bool
    link: str | None


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/timeline`."""
    routes = api_router("timeline")

    @routes.get("/{org}/incidents/{name}/timeline")
    async def read_timeline(
        request: Request, org: str, name: str, page: int = 1, size: int = 100,
        kind: Kind | None = None,
        person: str = Query("", max_length=320, description="E-mail of who did it"),
        pinned: bool = Query(False, description="Only pinned entries"),
        q: str = Query("", max_length=200, description="Words of the sentence, or of the name of who did it"),
    ) -> Listed[EntryOut]:  # fmt: skip
        """What happened, newest first."""
        wanted = queries.TimelineFilter(kind=kind or "", person=person, pinned=pinned, q=q)
        page, size = window(page, size)
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            about = Subject(situation.kind, situation.id)
            rows = await queries.timeline(t, about, wanted, limit=size, offset=(page - 1) * size)
            total = await queries.timeline_length(t, about, wanted)
        items = [
            EntryOut(id=r.id, at=r.at, actor=r.actor, says=r.says, kind=r.kind, pinned=r.pinned, edited=r.edited, link=r.link)
            for r in rows
        ]
        path = f"/api/v1/{org}/incidents/{situation.name}/timeline"
        made = listed(items, page=page, size=size, total=total, path=path)
        asked = {"kind": kind, "person": person, "pinned": "true" if pinned else "", "q": q}
        if made.next and (kept := {key: value for key, value in asked.items() if value}):
            made.next += f"&{urlencode(kept)}"
        return made

    @routes.post("/{org}/incidents/{name}/timeline", status_code=201)
    async def add_entry(
        request: Request, org: str, name: str, new: NewEntry, idempotency_key: str | None = Header(None, max_length=255)
    ) -> dict[str, int]:
        """Add an entry; needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "add_event")
            before: Any = await answered(t, key, ("POST timeline", name, new))
            if before is not None:
                return dict(before)
            note = await actions.add_note(
                t, situation, new.text, author=await person_of(t, viewer), at=new.at, source="api"
            )
            made = {"id": note.event_id or 0} if note is not None else {"id": 0}
            await remember(t, key, made)
        return made

    return routes
