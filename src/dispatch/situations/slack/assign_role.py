"""/dispatch-assign-role: who does what. The command is offered, and changes hands when it is accepted."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.forms import Form, Option, choice, from_modal, person, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.accepted import first_time
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.situations.actions import assign_role
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.people import chosen_person
from dispatch.situations.slack.place import Here, carried, carrying, here

CALLBACK = "assign_role"
TITLE = "Assign role"
#: Roles of incidents only (W-58: no role of another kind is offered).
OFFERED = (
    Option("Commander", "Commander", "Leads. They have to accept; until then nothing changes."),
    Option("Scribe", "Scribe", "Writes down what happens; may steer like the commander."),
    Option("Liaison", "Liaison", "Speaks with customers, partners and managers."),
    Option("Participant", "Participant", "Takes part."),
    Option("Observer", "Observer", "Follows along."),
)


class AssignRole(Form):
    """Who and what."""

    person: str = person("Participant", help="Somebody who is not in the channel yet is brought in.")
    role: str = choice("Role")


@command(
    "assign_role",
    name="/dispatch-assign-role",
    description="Opens a modal for assigning a role to a participant.",
    needs="assign_role",
)
async def typed(asked: Request) -> Answer:
    """The form, with who leads now."""

    async def draw(_t: Read, place: Here) -> b.View:
        return to_modal(
            AssignRole,
            title=TITLE,
            submit="Assign",
            callback_id=CALLBACK,
            choices={"role": OFFERED},
            private_metadata=carried(place.situation.id),
            intro=[b.context(f"*{place.situation.name}* is led by {b.escape(place.standing.commander)}.")],
        )

    await open_here(asked, TITLE, draw, action="assign_role")
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """The answer says what happens now: a role is given at once, the command is not."""
    form = from_modal(AssignRole, asked.view, choices={"role": OFFERED})
    by = await actor(asked)
    who = await chosen_person(asked, form.person, field="person")
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        place.require("assign_role")
        offered = None
        if await first_time(t, asked):
            offered = await assign_role(t, place.situation, who, form.role, by=by)
    if offered is None:
        return None
    text = (
        f"{b.escape(who.name)} was asked to lead {place.situation.name}. {b.escape(place.standing.commander)} leads until "
        "they accept; you are told when they decline."
    )
    return {"response_action": "update", "view": b.notice(TITLE, text)}
