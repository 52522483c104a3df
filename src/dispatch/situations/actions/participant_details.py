"""Writes about what is known of a participant: their work, and why they are here."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update

from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.people.queries import person
from dispatch.situations.actions.command import locked
from dispatch.situations.events import ParticipantUpdated
from dispatch.situations.models import Participant, Situation

#: Fields of the person, known to the whole organization; the last one is of this situation only.
FIELDS = {
    "title": "the title",
    "team": "the team",
    "department": "the department",
    "location": "the location",
    "reason": "the reason",
}
LONGEST = 200


async def update_participant(
    t: Tx, situation: Situation, person_id: int, changes: Mapping[str, str], *, by: Person
) -> bool:
    """Change exactly the given fields (keys of `FIELDS`). Returns False when nothing changed.

    The caller asked whether it is the person themselves, or `access.require(..., "update_participant")`.

    Raises:
        NotFound: they do not take part.
        Invalid: too long, or an unknown field.
    """
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise Invalid(f"Unknown fields: {', '.join(sorted(unknown))}. There are: {', '.join(FIELDS)}.")
    for key, value in changes.items():
        if len(value.strip()) > LONGEST:
            raise Invalid(f"At most {LONGEST} characters; this has {len(value.strip())}.", field=key)
    await locked(t, situation.id)
    participant = await t.scalar(
        select(Participant).where(
            Participant.org_id == t.org, Participant.situation_id == situation.id, Participant.person_id == person_id
        )
    )
    if participant is None:
        raise NotFound("They do not take part any more.")
    who = await person(t, person_id)
    before = participant_details(who, participant)
    wanted = {key: value.strip() for key, value in changes.items() if value.strip() != before[key]}
    if not wanted:
        return False
    of_person = {key: value for key, value in wanted.items() if key != "reason"}
    if of_person:
        await t.execute(update(Person).where(Person.org_id == t.org, Person.id == person_id).values(**of_person))
    if "reason" in wanted:
        participant.added_reason = wanted["reason"]
    await t.flush()
    words = [FIELDS[key] for key in FIELDS if key in wanted]
    await record(
        t,
        ParticipantUpdated(
            person=who.name, person_id=person_id,
            what=words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}",
            changes={key: [before[key], value] for key, value in wanted.items()},
        ),
        about=Subject(situation.kind, situation.id),
        by=by.id,
    )  # fmt: skip
    return True


def participant_details(who: Person, participant: Participant) -> dict[str, str]:
    """The present values by field."""
    return {
        "title": who.title, "team": who.team, "department": who.department, "location": who.location,
        "reason": participant.added_reason,
    }  # fmt: skip
