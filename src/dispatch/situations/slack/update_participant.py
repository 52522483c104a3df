"""/dispatch-update-participant: what others should know about somebody here, and why they were added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, Option, choice, drawn_for, from_modal, modal_values, search_options, text, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import redraw
from dispatch.kit.slack.registry import Answer, Request, action, command, option_load, submission
from dispatch.situations import queries
from dispatch.situations.actions import FIELDS, update_participant
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

CALLBACK = "update_participant"
TITLE = "Update participant"
TOO_QUICK = (
    ":warning: The form still showed the values of somebody else, so nothing was changed. Here are the right ones."
)


class UpdateParticipant(Form):
    """Everything but the reason is known to the whole organization."""

    participant: str = choice("Participant", reload=True)
    title: str = text("Job title", default="", required=False, depends_on="participant")
    team: str = text("Team", default="", required=False, depends_on="participant")
    department: str = text("Department", default="", required=False, depends_on="participant")
    location: str = text("Location", default="", required=False, depends_on="participant")
    reason: str = text(
        "Reason added",
        default="",
        required=False,
        depends_on="participant",
        help="Why they take part in this incident.",
    )


@command(
    "update_participant",
    name="/dispatch-update-participant",
    description="Opens a modal to update participant metadata.",
)
async def typed(asked: Request) -> Answer:
    """Opens with the person who asks: everybody may change what is known about themselves."""
    await open_here(asked, TITLE, lambda t, place: _form(t, place, place.person.id))
    return None


@action("participant")
async def chosen(asked: Request) -> Answer:
    """Somebody else: their values."""
    wanted = modal_values(UpdateParticipant, asked.view).get("participant")
    came = carrying(asked.view)
    person = await actor(asked)

    async def fill() -> b.View:
        async with asked.db.read(asked.org) as t:
            return await _form(t, await here(t, asked, person, int(came["id"])), int(wanted or person.id))

    redraw(asked, TITLE, fill)
    return None


@option_load("participant")
async def participants_typed(asked: Request) -> Answer:
    """More than 100 participants are found while typing (W-82)."""
    person = await actor(asked)
    async with asked.db.read(asked.org) as t:
        place = await here(t, asked, person, int(carrying(asked.view)["id"]))
        everybody = await queries.participants(t, place.situation.id)
    answer: dict[str, Any] = search_options(_options(everybody), asked.text)
    return answer


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """Exactly what differs from what was there is changed."""
    form = from_modal(UpdateParticipant, asked.view)
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        person_id = int(form.participant)
        if person_id != by.id:
            place.require("update_participant")
        if drawn_for(UpdateParticipant, asked.view, "participant") - {form.participant}:
            # What was sent stands there for somebody else, and would become what is known of this person.
            return {"response_action": "update", "view": await _form(t, place, person_id, notice=TOO_QUICK)}
        typed_values: Mapping[str, str] = {key: str(getattr(form, key)) for key in FIELDS}
        await update_participant(t, place.situation, person_id, typed_values, by=by)
    return None


async def _form(t: Read, place: Here, person_id: int, *, notice: str = "") -> b.View:
    everybody = await queries.participants(t, place.situation.id)
    row = next((each for each in everybody if each.person.id == person_id), everybody[0] if everybody else None)
    values: dict[str, Any] = {}
    if row is not None:
        who = row.person
        values = {
            "participant": str(who.id), "title": who.title, "team": who.team, "department": who.department,
            "location": who.location, "reason": row.added_reason,
        }  # fmt: skip
    return to_modal(
        UpdateParticipant,
        title=TITLE,
        submit="Update",
        callback_id=CALLBACK,
        choices={"participant": _options(everybody)},
        values=values,
        private_metadata=carried(place.situation.id),
        intro=[
            *([b.section(notice)] if notice else []),
            b.context("You may change what is known about yourself; about others, whoever steers the incident may."),
        ],
    )


def _options(everybody: list[queries.ParticipantRow]) -> list[Option]:
    return [Option(str(row.person.id), row.person.name, ", ".join(row.roles)) for row in everybody]
