"""/dispatch-engage-oncall: bring in who is on call, and call them until somebody answers."""

from __future__ import annotations

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.errors import Invalid
from dispatch.kit.forms import Form, Option, choice, from_modal, long_text, search_options, switch, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.accepted import first_time
from dispatch.kit.slack.registry import Answer, Request, action, command, option_load, submission
from dispatch.oncall.queries import rotations, turns
from dispatch.people.queries import people
from dispatch.situations.actions import answer_engagement, engage_oncall
from dispatch.situations.queries.engagements import answered_by, engagement
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.messages import ANSWER_CALL
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here, pressed_value

CALLBACK = "engage_oncall"
TITLE = "Engage on-call"


class EngageOncall(Form):
    """Whom, why, and whether to wake them."""

    rotation: str = choice("Service", placeholder="Whose help is needed?")
    note: str = long_text(
        "Note",
        default="",
        required=False,
        max_length=1000,
        help="They read it in the call.",
        placeholder="The replica lags",
    )
    page: bool = switch("Page", default=True, help="Call them until somebody answers.")


@command(
    "engage_oncall",
    name="/dispatch-engage-oncall",
    description="Opens a modal to engage an on-call person.",
    needs="engage_oncall",
)
async def typed(asked: Request) -> Answer:
    """The rotations of the incident's project, each with who is on call now."""

    async def draw(t: Read, place: Here) -> b.View:
        options = await _options(t, place.situation.project_id)
        if not options:
            return b.notice(TITLE, "No rotation is set up in this project yet. An admin can add one.")
        return to_modal(
            EngageOncall,
            title=TITLE,
            submit="Engage",
            callback_id=CALLBACK,
            choices={"rotation": options},
            private_metadata=carried(place.situation.id),
            intro=[b.context(f"For *{place.situation.name}* {b.escape(b.cut(place.situation.title, 100))}")],
        )

    await open_here(asked, TITLE, draw, action="engage_oncall")
    return None


@option_load("rotation")
async def rotations_typed(asked: Request) -> Answer:
    """More than 100 rotations are found while typing (W-82)."""
    person = await actor(asked)
    async with asked.db.read(asked.org) as t:
        place = await here(t, asked, person, int(carrying(asked.view)["id"]))
        found = await _options(t, place.situation.project_id)
    return {**search_options(found, asked.text)}


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """Everybody who takes part may ask for help; the answer says who comes."""
    form = from_modal(EngageOncall, asked.view)
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        place.require("engage_oncall")
        if not form.rotation.isdigit():
            raise Invalid("Please choose a service.", field="rotation")
        if not await first_time(t, asked):
            return None
        made, who = await engage_oncall(t, place.situation, int(form.rotation), by=by, note=form.note, page=form.page)
    told = "is called until somebody answers" if form.page else "is brought in without a call"
    text = f"*{b.escape(who.name)}*, on call for {b.escape(made.rotation)}, {told}."
    return {"response_action": "update", "view": b.notice(TITLE, text)}


@action(ANSWER_CALL)
async def answered(asked: Request) -> Answer:
    """I am coming."""
    _, number = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        situation, fresh = await answer_engagement(t, number, by=person)
        first = await answered_by(t, await engagement(t, situation.id, number))
    if fresh:
        asked.reply(f"Thank you. You are expected in {situation.name}.")
    elif first is not None and first.id != person.id:
        asked.reply(f"{first.name} answered this call already.")
    else:
        asked.reply("You had answered this already.")
    return None


async def _options(t: Read, project_id: int) -> list[Option]:
    found = await rotations(t, project_id)
    now = await turns(t, found, clock.now())
    known = await people(t, (each.person_id for each in now.values() if each is not None))
    return [
        Option(
            str(rotation.id), rotation.name, f"{known[each.person_id].name} is on call" if each else "nobody is on call"
        )
        for rotation, each in ((rotation, now[rotation.id]) for rotation in found)
    ]
