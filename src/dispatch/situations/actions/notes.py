"""Writing into the timeline: by hand, or from a message somebody marked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid, NotAllowed, NotFound
from dispatch.kit.events import Event, Subject, announce, record
from dispatch.people.models import Person
from dispatch.situations.actions.command import locked
from dispatch.situations.events import NoteAdded, NoteEdited, NoteRemoved
from dispatch.situations.models import Note, Situation

LONGEST = 40_000


async def add_note(
    t: Tx,
    situation: Situation,
    text: str,
    *,
    author: Person,
    by: Person | None = None,
    at: datetime | None = None,
    source: str,
    message: str = "",
    url: str = "",
) -> Note | None:
    """Add an entry; None when the same message is there already.

    Args:
        author: whose words they are.
        by: who put them there, when that is somebody else.
        at: when it happened, if not now.
        source: modal, web, api, reaction or shortcut.
        message: "team/channel/ts" of the message it was taken from.

    Raises:
        Invalid: no text, too long, or a moment in the future.
    """
    text = checked_text(text)
    now = clock.now()
    if at is not None and at > now + timedelta(minutes=1):
        raise Invalid("The timeline tells what happened; this moment is in the future.", field="at")
    await locked(t, situation.id)
    if message and await note_of_message(t, situation.id, message) is not None:
        return None
    note = Note(
        org_id=t.org, situation_id=situation.id, author_id=author.id, added_by=(by or author).id, text=text,
        source=source, message=message, url=url, created_at=now, history=[],
    )  # fmt: skip
    t.add(note)
    await t.flush()
    recorded = await record(
        t,
        NoteAdded(note_id=note.id, text=text, source=source, url=url),
        about=Subject(situation.kind, situation.id),
        by=author.id,
        at=at,
    )
    note.event_id = recorded.event_id
    await t.flush()
    return note


async def edit_note(t: Tx, note: Note, text: str, *, by: Person | None) -> bool:
    """Replace the text, keeping the earlier one. Returns False when nothing changed.

    Raises:
        Invalid: no text, or too long.
        NotFound: it was removed.
    """
    text = checked_text(text)
    if note.removed_at is not None:
        raise NotFound("This entry was removed.")
    if note.text == text:
        return False
    before = note.text
    note.history = [*note.history, {"text": before, "until": clock.now().isoformat(), "by": by.id if by else None}]
    note.text = text
    await t.flush()
    situation = await _situation(t, note)
    if note.event_id is not None:
        event = await t.scalar(select(Event).where(Event.org_id == t.org, Event.id == note.event_id))
        if event is not None:
            event.data = {**event.data, "text": text, "edited": True}
    await record(
        t,
        NoteEdited(note_id=note.id, before=before[:500], after=text[:500]),
        about=Subject(situation.kind, situation.id),
        by=by.id if by else None,
    )
    return True


async def remove_note(t: Tx, note: Note, *, by: Person | None, why: str) -> bool:
    """Take an entry out; its text stays in the note's row. Returns False when it was out already."""
    if note.removed_at is not None:
        return False
    note.removed_at, note.removed_by = clock.now(), by.id if by else None
    if note.event_id is not None:
        event = await t.scalar(select(Event).where(Event.org_id == t.org, Event.id == note.event_id))
        if event is not None:
            event.data = {**event.data, "text": f"(removed: {why})", "removed": True}
    await t.flush()
    situation = await _situation(t, note)
    await record(
        t, NoteRemoved(note_id=note.id, why=why), about=Subject(situation.kind, situation.id), by=by.id if by else None
    )
    return True


async def own_note(t: Tx, situation: Situation, note_id: int, *, by: Person, admin: bool) -> Note:
    """A note the person may change: their own, or any for an admin.

    Raises:
        NotFound: no such entry here.
        NotAllowed: somebody else wrote it.
    """
    note = await t.scalar(
        select(Note)
        .where(Note.org_id == t.org, Note.situation_id == situation.id, Note.id == note_id)
        .with_for_update()
    )
    if note is None:
        raise NotFound("There is no such entry.")
    if by.id not in (note.author_id, note.added_by) and not admin:
        raise NotAllowed("Only who wrote an entry, and admins, may change it.")
    return note


async def note_of_message(t: Tx, situation_id: int, message: str) -> Note | None:
    """The entry taken from a message, while it stands."""
    return await t.scalar(
        select(Note)
        .where(
            Note.org_id == t.org, Note.situation_id == situation_id, Note.message == message, Note.removed_at.is_(None)
        )
        .with_for_update()
    )


async def pin_event(t: Tx, situation: Situation, event_id: int, *, pinned: bool) -> None:
    """Show an entry on top, or no longer.

    Raises:
        NotFound: no such entry here.
    """
    changed = (
        await t.execute(
            update(Event)
            .where(
                Event.org_id == t.org,
                Event.subject_kind == situation.kind,
                Event.subject_id == situation.id,
                Event.id == event_id,
            )
            .values(pinned=pinned)
            .returning(Event.id)
        )
    ).scalar_one_or_none()
    if changed is None:
        raise NotFound("There is no such entry.")
    await announce(t, Subject(situation.kind, situation.id), "timeline")


def checked_text(text: str) -> str:
    """The text without white space around it.

    Raises:
        Invalid: empty or longer than 40,000 characters.
    """
    text = text.strip()
    if not text:
        raise Invalid("Please write what happened.", field="text")
    if len(text) > LONGEST:
        raise Invalid(f"An entry has at most {LONGEST:,} characters; this one has {len(text):,}.", field="text")
    return text


async def _situation(t: Tx, note: Note) -> Situation:
    return (
        await t.scalars(select(Situation).where(Situation.org_id == t.org, Situation.id == note.situation_id))
    ).one()
