"""Messages marked for the timeline by a reaction: an entry stands as long as somebody's reaction marks its message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit.db import Read, Tx
from dispatch.people.models import Person
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
    row = upsert(TimelineMark).values(
        [
            {
                "org_id": t.org, "situation_id": situation.id, "message": mark.message, "person_id": mark.person.id,
                "present": mark.present, "changed_us": mark.at_us,
            }
            for mark in latest.values()
        ]
    )  # fmt: skip
    changed = await t.execute(
        row.on_conflict_do_update(
            index_elements=["org_id", "situation_id", "message", "person_id"],
            set_={"present": row.excluded.present, "changed_us": row.excluded.changed_us},
            where=TimelineMark.changed_us < row.excluded.changed_us,
        ).returning(TimelineMark.message, TimelineMark.person_id)
    )
    return [latest[message, person_id] for message, person_id in changed]


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
