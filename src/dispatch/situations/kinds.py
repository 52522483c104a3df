"""All that tells the kinds of situation apart, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of situation: its word, its states in order, and what the leading role is called."""

    key: str
    word: str
    plural: str
    states: tuple[str, ...]
    lead_role: str
    prefix: str


INCIDENT = Kind(
    key="incident",
    word="incident",
    plural="incidents",
    states=("Active", "Stable", "Closed"),
    lead_role="Commander",
    prefix="INC",
)

KINDS = {kind.key: kind for kind in (INCIDENT,)}

#: Roles people hold in a situation. A person has at least Participant.
ROLES = ("Reporter", "Commander", "Scribe", "Liaison", "Participant", "Observer")
#: Roles that may steer (assign roles, update, report).
STEERING = ("Commander", "Scribe")
