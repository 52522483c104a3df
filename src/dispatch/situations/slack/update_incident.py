"""/dispatch-update-incident: exactly what a person changed is changed; a conflict says who changed what meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from dispatch.kit.db import Read
from dispatch.kit.errors import Conflict, NotFound
from dispatch.kit.forms import Option, choice, from_modal, modal_values, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.people.models import Person
from dispatch.situations.access import NOT_YOURS
from dispatch.situations.actions import change_status, update_details
from dispatch.situations.kinds import KINDS
from dispatch.situations.models import Situation
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here, situation_of
from dispatch.situations.slack.project_choice import drawn_again
from dispatch.situations.update_form import UpdateIncident, prepare_update, present

CALLBACK = "update_incident"
TITLE = "Update incident"
MEANINGS = {
    "Active": "It needs work.",
    "Stable": "The immediate trouble is over.",
    "Closed": "It is over; the channel is archived.",
}


class UpdateHere(UpdateIncident):
    """In Slack the status is in the same form."""

    status: str = choice("Status")


@command(
    "update_incident",
    name="/dispatch-update-incident",
    description="Opens a modal to update the incident.",
    needs="update",
)
async def typed(asked: Request) -> Answer:
    """The form with everything as it is now."""

    async def draw(t: Read, place: Here) -> b.View:
        now = await _now(t, place.situation)
        return await _form(t, now, now, carried(place.situation.id, version=place.situation.version, marks=_marks(now)))

    await open_here(asked, TITLE, draw, action="update")
    return None


@drawn_again(CALLBACK)
async def again(t: Read, values: Mapping[str, Any], view: Mapping[str, Any]) -> b.View:
    """Another project was chosen: its types, severities and priorities. What was typed stays."""
    typed_so_far = modal_values(UpdateHere, view) | dict(values)
    situation = await situation_of(t, int(carrying(view)["id"]))
    if situation is None:
        raise NotFound(NOT_YOURS)
    return await _form(t, typed_so_far, await _now(t, situation), str(view.get("private_metadata") or ""))


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """Fields the person left alone stay whatever they are meanwhile."""
    came = carrying(asked.view)
    situation_id = int(came["id"])
    shown = modal_values(UpdateHere, asked.view)
    by = await actor(asked)
    async with asked.db.read(asked.org) as t:
        place = await here(t, asked, by, situation_id)
        now = await _now(t, place.situation)
    form = from_modal(UpdateHere, asked.view, keep=now).model_dump()
    marks: Mapping[str, str] = came.get("marks") or {}
    changes = {key: form[key] for key in shown if _mark(form[key]) != marks.get(key)}
    try:
        async with asked.db.tx(asked.org) as t:
            place = await here(t, asked, by, situation_id)
            place.require("update")
            status = changes.pop("status", None)
            if changes:
                await update_details(t, situation_id, changes, by=by, expected_version=int(came.get("version", 0)))
            if status is not None:
                place.require("change_status")
                expected = next((s for s in _states(place.situation) if _mark(s) == marks.get("status")), None)
                await change_status(t, situation_id, status, by=by, expected=expected)
    except Conflict as late:
        typed_by_them = changes | ({} if status is None else {"status": status})
        return await _conflict(asked, by, situation_id, typed_by_them, late)
    return None


async def _conflict(asked: Request, by: Person, situation_id: int, changes: Mapping[str, Any], why: Conflict) -> Answer:
    """The form again: what the person changed as they typed it, the rest as it is now. Sending it again overwrites."""
    async with asked.db.read(asked.org) as t:
        fresh = (await here(t, asked, by, situation_id)).situation
        now = await _now(t, fresh)
        differing = [
            f"*{key.capitalize()}* is now: {b.escape(b.cut(_said(now[key]), 300))}"
            for key in changes
            if _mark(now[key]) != _mark(changes[key])
        ]
        view = await _form(
            t,
            now | dict(changes),
            now,
            carried(fresh.id, version=fresh.version, marks=_marks(now)),
            edition=str(fresh.version),
            notice=f":warning: {b.escape(str(why))}\n" + "\n".join(differing),
        )
    return {"response_action": "update", "view": view}


async def _form(
    t: Read, values: Mapping[str, Any], now: Mapping[str, Any], metadata: str, *, notice: str = "", edition: str = ""
) -> b.View:
    choices, filled = await prepare_update(t, values, now=now)
    states = KINDS["incident"].states
    return to_modal(
        UpdateHere,
        title=TITLE,
        submit="Update",
        callback_id=CALLBACK,
        choices=choices | {"status": [Option(state, state, MEANINGS.get(state)) for state in states]},
        values=filled,
        private_metadata=metadata,
        intro=[b.section(notice)] if notice else [],
        edition=edition,
    )


async def _now(t: Read, situation: Situation) -> dict[str, Any]:
    return await present(t, situation) | {"status": situation.status}


def _states(situation: Situation) -> tuple[str, ...]:
    return KINDS[situation.kind].states


def _marks(values: Mapping[str, Any]) -> dict[str, str]:
    """Short marks of long values: what the person was shown has to fit into 3,000 characters."""
    return {key: _mark(value) for key, value in values.items()}


def _mark(value: Any) -> str:
    # Line ends and outer space are not what somebody means to change.
    return hashlib.blake2b(_said(value).replace("\r\n", "\n").strip().encode(), digest_size=6).hexdigest()


def _said(value: Any) -> str:
    return ", ".join(sorted(str(each) for each in value)) if isinstance(value, list | tuple) else str(value or "")
