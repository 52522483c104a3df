"""The page of a built-in document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from sqlalchemy import and_, select

from dispatch.documents.models import Document, DocumentRevision
from dispatch.kit.db import Database
from dispatch.kit.errors import NotFound
from dispatch.people.queries import people
from dispatch.people.web import Visits
from dispatch.situations.queries import by_name


@dataclass(frozen=True)
class Shown:
    """A document as it reads now."""

    title: str
    body: str
    incident: str
    revision: int
    revised_at: datetime
    revised_by: str


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/documents/{document_id}")
    async def document(request: Request, org: str, document_id: int) -> Response:
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            row = (
                await t.execute(
                    select(Document, DocumentRevision)
                    .join(
                        DocumentRevision,
                        and_(DocumentRevision.org_id == Document.org_id, DocumentRevision.document_id == Document.id),
                    )
                    .where(Document.org_id == t.org, Document.id == document_id)
                    .order_by(DocumentRevision.number.desc())
                    .limit(1)
                )
            ).one_or_none()
            if row is None:
                raise NotFound("There is no such document.")
            # Whoever may not see the incident may not read its document either, nor learn that there is one.
            try:
                await by_name(t, visit.viewer, row.Document.name)
            except NotFound:
                raise NotFound("There is no such document.") from None
            revision = row.DocumentRevision
            authors = await people(t, [revision.author] if revision.author else [])
        shown = Shown(
            row.Document.title,
            revision.body,
            row.Document.name,
            revision.number,
            revision.created_at,
            authors[revision.author].name if revision.author in authors else "Dispatch",
        )
        page = pages.get_template("document.html").render(**visit.context(request, "incidents"), document=shown)
        return HTMLResponse(page)

    return routes
