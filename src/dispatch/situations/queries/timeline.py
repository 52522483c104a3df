"""The timeline as people read it: filtered, paged, and piece by piece for an export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, column, func, literal, or_, select, tuple_

from dispatch.kit import events as kit_events
from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Event, Subject
from dispatch.people.models import Person
from dispatch.people.queries import people
from dispatch.situations.events import NoteAdded
from dispatch.situations.models import Note, Situation

#: What an entry is about, as people choose it, and the parts of the page whose facts that are.
TIMELINE_KINDS: Final = {
    "notes": "Written by people",
    "summary": "Status and details",
    "participants": "People and roles",
    "pages": "Pages",
    "tasks": "Tasks",
    "reports": "Reports",
    "resources": "Channel and resources",
    "other": "Everything else",
}


@dataclass(frozen=True)
class TimelineRow:
    """An event as shown."""

    id: int
    at: datetime
    actor: str
    says: str
    icon: str
    pinned: bool
    detail: str | None
    link: str | None
    #: A person's entry: its note, whether it was edited or taken out, and whose it is.
    note_id: int | None = None
    edited: bool = False
    removed: bool = False
    actor_id: int | None = None
    #: A key of `TIMELINE_KINDS`.
    kind: str = "other"


@dataclass(frozen=True)
class TimelineFilter:
    """What of the timeline is wanted. `kind` is a key of `TIMELINE_KINDS`, `person` an e-mail address, `q` words."""

    kind: str = ""
    person: str = ""
    pinned: bool = False
    q: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.person or self.pinned or self.q)


async def timeline(
    t: Read, about: Subject, wanted: TimelineFilter = TimelineFilter(), *, limit: int = 200, offset: int = 0
) -> list[TimelineRow]:
    """What happened, newest first; `offset` leaves out the newest."""
    found = await t.scalars(
        select(Event)
        .where(*_where(t, about, wanted))
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return await _rows(t, list(found))


async def entry(t: Read, about: Subject, event_id: int) -> TimelineRow:
    """One entry.

    Raises:
        NotFound: no such entry here.
    """
    found = await t.scalar(select(Event).where(*_where(t, about, TimelineFilter()), Event.id == event_id))
    if found is None:
        raise NotFound("There is no such entry.")
    return (await _rows(t, [found]))[0]


async def timeline_after(
    t: Read, about: Subject, wanted: TimelineFilter, *, after: TimelineRow | None, limit: int
) -> list[TimelineRow]:
    """The next ones in the order they happened: for an export, which reads piece by piece."""
    query = select(Event).where(*_where(t, about, wanted))
    if after is not None:
        query = query.where(tuple_(Event.at, Event.id) > tuple_(literal(after.at), literal(after.id)))
    return await _rows(t, list(await t.scalars(query.order_by(Event.at, Event.id).limit(limit))))


async def timeline_length(t: Read, about: Subject, wanted: TimelineFilter = TimelineFilter()) -> int:
    """How many entries fit."""
    return (await t.execute(select(func.count()).select_from(Event).where(*_where(t, about, wanted)))).scalar_one()


async def timeline_entry(t: Read, about: Subject, event_id: int) -> TimelineRow:
    """One entry.

    Raises:
        NotFound: no such entry here.
    """
    found = await t.scalar(select(Event).where(*_where(t, about, TimelineFilter()), Event.id == event_id))
    if found is None:
        raise NotFound("There is no such entry.")
    return (await _rows(t, [found]))[0]


async def moment_of(t: Read, situation: Situation, event_id: int) -> datetime:
    """When an entry of this situation happened.

    Raises:
        NotFound: no such entry here.
    """
    at = await t.scalar(
        select(Event.at).where(
            Event.org_id == t.org, Event.subject_kind == situation.kind, Event.subject_id == situation.id,
            Event.id == event_id,
        )
    )  # fmt: skip
    if at is None:
        raise NotFound("There is no such entry.")
    return at


@dataclass(frozen=True)
class WrittenNote:
    """What a person wrote into the timeline, with what stood there before: (text, until when, who changed it)."""

    id: int
    text: str
    author: str
    author_id: int
    added_by: int
    created_at: datetime
    earlier: tuple[tuple[str, datetime, str], ...]


async def note_written(t: Read, situation: Situation, note_id: int) -> WrittenNote:
    """An entry of this situation, latest earlier text first. For everybody who may see the situation.

    Raises:
        NotFound: no such entry here, or it was taken out: then nobody reads any of its texts.
    """
    note = await t.scalar(
        select(Note).where(
            Note.org_id == t.org, Note.situation_id == situation.id, Note.id == note_id, Note.removed_at.is_(None)
        )
    )
    if note is None:
        raise NotFound("There is no such entry.")
    known = await people(t, {note.author_id, *(each["by"] for each in note.history if each["by"] is not None)})
    earlier = [
        (
            str(each["text"]),
            datetime.fromisoformat(each["until"]),
            known[each["by"]].name if each["by"] in known else "Dispatch",
        )
        for each in reversed(note.history)
    ]
    return WrittenNote(
        note.id, note.text, known[note.author_id].name, note.author_id, note.added_by, note.created_at, tuple(earlier)
    )


def kind_of(fact: str) -> str:
    """The key of `TIMELINE_KINDS` an event belongs to."""
    if fact.startswith("note."):
        return "notes"
    cls = kit_events.fact_named(fact)
    return cls.part if cls is not None and cls.part in TIMELINE_KINDS else "other"


def _where(t: Read, about: Subject, wanted: TimelineFilter) -> list[ColumnElement[bool]]:
    where = [Event.org_id == t.org, Event.subject_kind == about.kind, Event.subject_id == about.id]
    if wanted.kind:
        names = [cls.name for cls in kit_events.facts()]
        fits = [name for name in names if kind_of(name) == wanted.kind]
        # What a later version removed has no class: it is everything else.
        where.append(
            or_(Event.fact.in_(fits), Event.fact.not_in(names)) if wanted.kind == "other" else Event.fact.in_(fits)
        )
    if wanted.person:
        who = select(Person.id).where(Person.org_id == t.org, Person.email == wanted.person.strip().lower())
        where.append(Event.actor.in_(who))
    if wanted.pinned:
        where.append(Event.pinned.is_(True))
    return where + [_says(t, word) for word in wanted.q.split()[:10]]


def _says(t: Read, word: str) -> ColumnElement[bool]:
    """Entries in whose sentence the word stands: in what was filled in, in the words around it, or in the name."""
    shown = func.jsonb_each_text(Event.data).table_valued(column("key", Text), column("value", Text)).render_derived()
    filled = (
        select(literal(1))
        .select_from(shown)
        .where(
            (Event.fact + ":" + shown.c.key).in_(_shown_fields()),
            shown.c.value.icontains(word, autoescape=True),
        )
        .exists()
    )
    around = [cls.name for cls in kit_events.facts() if word.lower() in re.sub(r"\{[^}]*\}", "\0", cls.says).lower()]
    named = select(Person.id).where(Person.org_id == t.org, Person.name.icontains(word, autoescape=True))
    return or_(filled, Event.fact.in_(around), Event.actor.in_(named))


def _shown_fields() -> list[str]:
    """ "fact:field" of every field that people read."""
    return [
        f"{cls.name}:{field}"
        for cls in kit_events.facts()
        for field in {name for _, name, _, _ in Formatter().parse(cls.says) if name} | {"hint", "detail"}
    ]


async def _rows(t: Read, found: Sequence[Event]) -> list[TimelineRow]:
    known = await people(t, (e.actor for e in found if e.actor is not None))
    return [_row(e, known) for e in found]


def _row(e: Event, known: dict[int, Person]) -> TimelineRow:
    actor = known[e.actor].name if e.actor in known else "Dispatch"
    cls = kit_events.fact_named(e.fact)
    data: dict[str, Any] = e.data
    return TimelineRow(
        id=e.id,
        at=e.at,
        actor=actor,
        says=kit_events.sentence(e.fact, data, actor),
        icon=cls.icon if cls else "point",
        pinned=e.pinned,
        detail=str(data.get("hint") or data.get("detail") or "") or None,
        link=str(data.get("url") or "") or None,
        note_id=data.get("note_id") if e.fact == NoteAdded.name else None,
        edited=bool(data.get("edited")),
        removed=bool(data.get("removed")),
        actor_id=e.actor,
        kind=kind_of(e.fact),
    )
