"""The timeline of an incident: read it, add to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Subject
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, listed, window
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


class EntryChanges(BaseModel):
    """Exactly the fields that are sent are changed. Only what somebody wrote has a text to change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"pinned": True}, {"text": "Failed over to eu-3"}]}
    )

    text: str | None = Field(None, max_length=40_000, description="Markdown; earlier texts are kept")
    pinned: bool | None = None


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
        path = f"/api/v1/{org}/incidents/{situation.name}/timeline"
        asked = {"kind": kind, "person": person, "pinned": "true" if pinned else "", "q": q}
        return listed([_out(row) for row in rows], page=page, size=size, total=total, path=path, asked=asked)

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

    @routes.patch("/{org}/incidents/{name}/timeline/{event_id}")
    async def change_entry(
        request: Request, org: str, name: str, changes: EntryChanges, event_id: int = Path(ge=1, le=LARGEST_ID)
    ) -> EntryOut:
        """Edit what was written, pin an entry or no longer. Pinning needs a token of an admin; a text its author or an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            about = Subject(situation.kind, situation.id)
            if changes.pinned is not None:
                require(await standing(t, viewer, situation), "add_event")
                await actions.pin_event(t, situation, event_id, pinned=changes.pinned)
            if changes.text is not None:
                by = await person_of(t, viewer)
                note = await actions.own_note(
                    t, situation, await _note_id(t, about, event_id), by=by, admin=viewer.admin_of(situation.project_id)
                )
                await actions.edit_note(t, note, changes.text, by=by)
            return _out(await queries.timeline_entry(t, about, event_id))

    @routes.delete("/{org}/incidents/{name}/timeline/{event_id}", status_code=204)
    async def remove_entry(request: Request, org: str, name: str, event_id: int = Path(ge=1, le=LARGEST_ID)) -> None:
        """Take out what was written; that it was taken out stays. Its author, or a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await queries.by_name(t, viewer, name)
            by = await person_of(t, viewer)
            note_id = await _note_id(t, Subject(situation.kind, situation.id), event_id)
            note = await actions.own_note(t, situation, note_id, by=by, admin=viewer.admin_of(situation.project_id))
            await actions.remove_note(t, note, by=by, why=f"removed by {by.name}")

    return routes


async def _note_id(t: Read, about: Subject, event_id: int) -> int:
    """The note of an entry.

    Raises:
        NotFound: no such entry, or Dispatch wrote it itself.
    """
    entry = await queries.timeline_entry(t, about, event_id)
    if entry.note_id is None:
        raise NotFound("Dispatch wrote this entry itself: only what people and programs wrote can be changed.")
    return entry.note_id


def _out(row: queries.TimelineRow) -> EntryOut:
    return EntryOut(
        id=row.id, at=row.at, actor=row.actor, says=row.says, kind=row.kind, pinned=row.pinned, edited=row.edited,
        link=row.link,
    )  # fmt: skip
