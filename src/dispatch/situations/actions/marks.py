"""Messages marked for the timeline by a reaction: an entry stands as long as somebody's reaction marks its message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Read, Tx
from dispatch.kit.events import Happened, Subject, record_all
from dispatch.people.models import Person
from dispatch.situations.actions.command import locked
from dispatch.situations.actions.notes import checked_text
from dispatch.situations.events import NoteAdded
from dispatch.situations.models import Note, Situation, TimelineMark


@dataclass(frozen=True)
class Mark:
    """A reaction that was added or removed. `message` is "team/channel/ts", `at_us` Slack's clock in microseconds."""

    person: Person
    message: str
    present: bool
    at_us: int


async def note_marks(t: Tx, situation: Situation, marks: Sequence[Mark]) -> list[Mark]:
    """Write the reactions down. Answers those that are news: what is older than what is known changes nothing."""
    latest: dict[tuple[str, int], Mark] = {}
    for mark in sorted(marks, key=lambda each: each.at_us):
        latest[mark.message, mark.person.id] = mark
    if not latest:
        return []
    row = upsert(TimelineMark)
    changed = await t.execute(
        row.on_conflict_do_update(
            index_elements=["org_id", "situation_id", "message", "person_id"],
            set_={"present": row.excluded.present, "changed_us": row.excluded.changed_us},
            where=TimelineMark.changed_us < row.excluded.changed_us,
        ).returning(TimelineMark.message, TimelineMark.person_id),
        # Given apart from the statement, so that it is compiled once for any number of rows.
        [
            {
                "org_id": t.org, "situation_id": situation.id, "message": mark.message, "person_id": mark.person.id,
                "present": mark.present, "changed_us": mark.at_us,
            }
            for mark in latest.values()
        ],
    )  # fmt: skip
    return [latest[message, person_id] for message, person_id in changed]


@dataclass(frozen=True)
class Marked:
    """A message as it reads now, to be entered. `author` is who marked it where an app wrote it."""

    mark: Mark
    text: str
    author: Person
    at: datetime
    url: str


async def enter_marked(t: Tx, situation: Situation, marked: Sequence[Marked]) -> list[Mark]:
    """Many entries at once, each message once; answers the marks that made one. As `add_note` for each, in few statements."""
    if not marked:
        return []
    await locked(t, situation.id)
    there = await in_timeline(t, situation.id, [each.mark.message for each in marked])
    fresh = {each.mark.message: each for each in reversed(marked) if each.mark.message not in there}
    now = clock.now()
    notes = {
        message: Note(
            org_id=t.org, situation_id=situation.id, author_id=each.author.id, added_by=each.mark.person.id,
            text=checked_text(each.text), source="reaction", message=message, url=each.url, created_at=now, history=[],
        )
        for message, each in fresh.items()
    }  # fmt: skip
    t.add_all(notes.values())
    await t.flush()
    in_order = sorted(fresh.items(), key=lambda pair: pair[1].at)
    recorded = await record_all(
        t,
        [
            Happened(
                NoteAdded(note_id=notes[message].id, text=notes[message].text, source="reaction", url=each.url),
                by=each.author.id,
                at=min(each.at, now),
            )
            for message, each in in_order
        ],
        about=Subject(situation.kind, situation.id),
    )
    for (message, _), one in zip(in_order, recorded, strict=True):
        notes[message].event_id = one.event_id
    await t.flush()
    return [each.mark for each in fresh.values()]


async def still_marked(t: Read, situation_id: int, messages: Sequence[str]) -> set[str]:
    """Those of these messages that somebody's reaction marks."""
    return set(
        await t.scalars(
            select(TimelineMark.message)
            .where(
                TimelineMark.org_id == t.org,
                TimelineMark.situation_id == situation_id,
                TimelineMark.message.in_(messages),
                TimelineMark.present,
            )
            .distinct()
        )
    )


async def in_timeline(t: Read, situation_id: int, messages: Sequence[str]) -> set[str]:
    """Those of these messages that stand in the timeline."""
    return set(
        await t.scalars(
            select(Note.message).where(
                Note.org_id == t.org,
                Note.situation_id == situation_id,
                Note.message.in_(messages),
                Note.removed_at.is_(None),
            )
        )
    )
