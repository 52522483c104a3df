"""The filtered list as a file: CSV for spreadsheets, JSON for programs. Sent piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid
from dispatch.kit.web.files import csv_line, download
from dispatch.people.queries import Viewer
from dispatch.people.web import Visit, Visits
from dispatch.situations import queries
from dispatch.situations.access import visible_to
from dispatch.situations.models import Situation
from dispatch.situations.web.filters import filter_of, query_of, sort_of

#: Incidents in one file; a longer list has to be narrowed.
MOST = 50_000
#: Incidents read at once.
PIECE = 500
COLUMNS = (
    "name", "title", "status", "severity", "priority", "type", "project", "visibility", "drill", "commander",
    "reported_at", "participants", "url",
)  # fmt: skip


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/{org}/incidents/export.csv` and `.json`, with the parameters of the list."""
    routes = APIRouter(include_in_schema=False)

    async def ids_of(request: Request, visit: Visit) -> list[int]:
        query = query_of(request.query_params)
        wanted, sort = filter_of(query, visit.viewer), sort_of(query)
        async with db.read(visit.org.id) as t:
            ids = await queries.found_ids(t, visit.viewer, wanted, sort=sort, limit=MOST + 1)
        if len(ids) > MOST:
            raise Invalid(
                f"An export has at most {MOST:,} incidents. Narrow the list, by days for example, and export it in parts."
            )
        return ids

    async def pieces(visit: Visit, ids: list[int]) -> AsyncIterator[list[dict[str, Any]]]:
        """A transaction each: a slow reader must hold none open. Who may see what is asked again each time."""
        for start in range(0, len(ids), PIECE):
            async with db.read(visit.org.id) as t:
                seen = set(
                    await t.scalars(
                        select(Situation.id).where(
                            Situation.org_id == t.org,
                            Situation.id.in_(ids[start : start + PIECE]),
                            visible_to(visit.viewer),
                        )
                    )
                )
                rows = await queries.rows_of(t, [i for i in ids[start : start + PIECE] if i in seen])
            yield [_out(visit.viewer, row) for row in rows]

    @routes.get("/{org}/incidents/export.csv")
    async def as_csv(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        ids = await ids_of(request, visit)

        async def lines() -> AsyncIterator[str]:
            yield csv_line(COLUMNS)
            async for piece in pieces(visit, ids):
                yield "".join(csv_line([row[column] for column in COLUMNS]) for row in piece)

        return download(lines(), "text/csv; charset=utf-8", f"incidents-{clock.now():%Y-%m-%d}.csv")

    @routes.get("/{org}/incidents/export.json")
    async def as_json(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        ids = await ids_of(request, visit)

        async def parts() -> AsyncIterator[bytes]:
            yield b'{"items":['
            first = True
            async for piece in pieces(visit, ids):
                for row in piece:
                    yield (b"" if first else b",\n") + orjson.dumps(row)
                    first = False
            yield b"]}\n"

        return download(parts(), "application/json", f"incidents-{clock.now():%Y-%m-%d}.json")

    return routes


def _out(viewer: Viewer, row: queries.Row) -> dict[str, Any]:
    return {
        "name": row.name, "title": row.title, "status": row.status, "severity": row.severity.name,
        "priority": row.priority.name, "type": row.type, "project": row.project, "visibility": row.visibility,
        "drill": row.drill, "commander": row.commander.email if row.commander else None,
        "reported_at": row.reported_at.isoformat(), "participants": row.participants,
        "url": queries.Links.incident(viewer.org_slug, row.name),
    }  # fmt: skip
