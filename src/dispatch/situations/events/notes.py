"""What people write into the timeline, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class NoteAdded(Fact):
    """A person added something to the timeline; the present text is the note's row."""

    name = "note.added"
    says = "{text}"
    icon = "note"

    note_id: int
    text: str
    source: str
    #: Of the message it was taken from; the timeline links to it.
    url: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class NoteEdited(Fact):
    """A note's text changed; both texts are kept."""

    name = "note.edited"
    says = "{by} edited a timeline entry"
    icon = "pencil"

    note_id: int
    before: str
    after: str


@fact
@dataclass(frozen=True, kw_only=True)
class NoteRemoved(Fact):
    """A note was taken out of the timeline; its text is kept for the audit."""

    name = "note.removed"
    says = "{by} removed a timeline entry"
    icon = "eraser"

    note_id: int
    why: str
