"""The timeline on the page of an incident: its filter, its pages, what can be done with an entry, and all of it as a file."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from jinja2 import Environment

from dispatch.kit import clock
from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Subject
from dispatch.kit.web.files import csv_line, download
from dispatch.kit.web.pages import clock_time, day, iso
from dispatch.people.web import Visit, Visits
from dispatch.situations import queries
from dispatch.situations.access import standing
from dispatch.situations.queries import TIMELINE_KINDS, TimelineFilter, TimelineRow
from dispatch.situations.web.parts import Look, page_part
from dispatch.situations.web.zone import ZONES, zone_shown

#: Entries on one page.
SIZE = 20
#: Entries in one file; and those read at once.
MOST, PIECE = 50_000, 500
FILES = {"csv": "text/csv; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json"}
COLUMNS = ("at", "actor", "kind", "says", "detail", "pinned", "edited", "link")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def filter_of(query: Mapping[str, str]) -> TimelineFilter:
    """What the address asks for; an unknown kind asks for nothing in particular."""
    kind = query.get("kind", "")
    return TimelineFilter(
        kind=kind if kind in TIMELINE_KINDS else "", person=query.get("person", "")[:320],
        pinned=query.get("pinned") == "1", q=query.get("q", "")[:200].strip(),
    )  # fmt: skip


async def read_timeline(t: Read, look: Look) -> dict[str, Any]:
    """One page of what fits."""
    wanted = filter_of(look.query)
    total = await queries.timeline_length(t, look.about, wanted)
    asked = look.query.get("page", "1")
    page = min(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1, -(-total // SIZE) or 1) or 1
    chosen = {"kind": wanted.kind, "person": wanted.person, "pinned": "1" if wanted.pinned else "", "q": wanted.q}
    return {
        "timeline": await queries.timeline(t, look.about, wanted, limit=SIZE, offset=(page - 1) * SIZE),
        "timeline_page": page,
        "timeline_total": total,
        "timeline_size": SIZE,
        "timeline_query": {key: value for key, value in chosen.items() if value},
        "timeline_kinds": TIMELINE_KINDS,
        "zones": ZONES,
        "timeline_people": [each.person for each in await queries.participants(t, look.situation.id)],
    }


page_part(
    "timeline", column="main", position=90, read=read_timeline, frame="timeline_frame.html",
    follows=("participants", "summary"),
)  # fmt: skip


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes `/{org}/incidents/{name}/timeline.{ending}`, with the parameters of the page, and `/timeline/{id}/menu`."""
    routes = APIRouter(include_in_schema=False)

    async def subject(visit: Visit, name: str, t: Read) -> Subject:
        situation = await queries.by_name(t, visit.viewer, name)
        return Subject(situation.kind, situation.id)

    async def pieces(visit: Visit, name: str, wanted: TimelineFilter) -> AsyncIterator[list[TimelineRow]]:
        """A transaction each: a slow reader must hold none open. Who may see the incident is asked again each time."""
        last: TimelineRow | None = None
        while True:
            async with db.read(visit.org.id) as t:
                about = await subject(visit, name, t)
                rows = await queries.timeline_after(t, about, wanted, after=last, limit=PIECE)
            if rows:
                yield rows
            if len(rows) < PIECE:
                return
            last = rows[-1]

    @routes.get("/{org}/incidents/{name}/timeline.{ending}")
    async def export(request: Request, org: str, name: str, ending: str) -> Response:
        """In the order it happened."""
        if ending not in FILES:
            raise NotFound("There are the files timeline.csv, timeline.md and timeline.json.")
        visit = await visits.of(request, org)
        wanted = filter_of(request.query_params)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            if await queries.timeline_length(t, await subject(visit, name, t), wanted) > MOST:
                raise Invalid(f"A file has at most {MOST:,} entries. Filter the timeline, and take it in parts.")
            zone = zone_shown(visit.viewer, await queries.detail(t, situation))
        rows = pieces(visit, situation.name, wanted)
        written = {
            "csv": _csv(rows),
            "md": _markdown(rows, f"{situation.name}: {situation.title}", zone or "UTC"),
            "json": _json(rows, situation.name),
        }[ending]
        return download(written, FILES[ending], f"{situation.name}-timeline-{clock.now():%Y-%m-%d}.{ending}")

    @routes.get("/{org}/incidents/{name}/timeline/{event_id}/menu")
    async def menu(request: Request, org: str, name: str, event_id: int) -> Response:
        """Drawn when it is opened: most entries' menus never are."""
        visit = await visits.of(request, org)
        async with db.read(visit.org.id) as t:
            situation = await queries.by_name(t, visit.viewer, name)
            here = await standing(t, visit.viewer, situation)
            event = await queries.entry(t, Subject(situation.kind, situation.id), event_id)
        mine = here.admin or event.actor_id == visit.viewer.person_id
        return visit.page(
            pages, "entry_menu.html", request, "incidents", event=event, incident=situation.name, may_pin=here.may("add_event"),
            own=event.note_id is not None and not event.removed and mine,
        )  # fmt: skip

    return routes


def _out(row: TimelineRow) -> dict[str, Any]:
    return {
        "at": iso(row.at), "actor": row.actor, "kind": TIMELINE_KINDS[row.kind], "says": row.says, "detail": row.detail,
        "pinned": row.pinned, "edited": row.edited, "link": row.link,
    }  # fmt: skip


async def _csv(pieces: AsyncIterator[list[TimelineRow]]) -> AsyncIterator[str]:
    yield csv_line(COLUMNS)
    async for rows in pieces:
        yield "".join(csv_line(_out(row)[each] for each in COLUMNS) for row in rows)


async def _json(pieces: AsyncIterator[list[TimelineRow]], name: str) -> AsyncIterator[bytes]:
    yield b'{"incident":' + orjson.dumps(name) + b',"items":['
    first = True
    async for rows in pieces:
        for row in rows:
            yield (b"" if first else b",\n") + orjson.dumps(_out(row))
            first = False
    yield b"]}\n"


async def _markdown(pieces: AsyncIterator[list[TimelineRow]], title: str, zone: str) -> AsyncIterator[str]:
    """What people wrote is Markdown already; everything else is text, in which no character may count as a sign."""
    yield f"# {_plain(title)}\n\nTimes in {zone}.\n"
    today = ""
    async for rows in pieces:
        for row in rows:
            if day(row.at, zone) != today:
                today = day(row.at, zone)
                yield f"\n## {today}\n\n"
            written = row.note_id is not None and not row.removed
            text = "\n  ".join((row.says if written else _plain(row.says)).splitlines())
            by = f" ({_plain(row.actor)})" if row.actor not in row.says else ""
            mark = " 📌" if row.pinned else ""
            yield f"- **{clock_time(row.at, zone)}**{mark} {text}{by}\n"
            if row.detail:
                yield "".join(f"  > {line}\n" for line in row.detail.splitlines())


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
