"""Who leads, by buttons: Acknowledge, Accept, Decline, Take command. Checked at the click, and again at the submission."""

from __future__ import annotations

from dispatch.kit.errors import NotAllowed
from dispatch.kit.events import Subject
from dispatch.kit.forms import Form, from_modal, long_text, to_modal
from dispatch.kit.slack.registry import Answer, Request, action, submission, word
from dispatch.oncall.actions import acknowledge_pages
from dispatch.people.queries import by_chat
from dispatch.situations import actions
from dispatch.situations.access import require_take_command
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.messages import (
    ACCEPT_COMMAND,
    ACKNOWLEDGE,
    DECLINE_COMMAND,
    OPEN_LINK,
    TAKE_COMMAND,
)
from dispatch.situations.slack.place import carried, carrying, here, pressed_value, situation_id_of_channel


@action(ACKNOWLEDGE)
async def acknowledged(asked: Request) -> Answer:
    """I lead. Another person may have become commander meanwhile."""
    _, number = pressed_value(asked)
    async with asked.db.tx(asked.org) as t:
        person = await by_chat(t, team=asked.installation.team_id, user=asked.user_id)
        if person is None:
            raise NotAllowed("Dispatch does not know you yet. Join the incident channel first.")
        fresh = await actions.answer_page(t, number, by=person)
    asked.reply("You lead now. Thank you." if fresh else "You had acknowledged this already.")
    return None


@action(ACCEPT_COMMAND)
async def accepted(asked: Request) -> Answer:
    """I take over."""
    await _answer(asked, accept=True)
    return None


@action(DECLINE_COMMAND)
async def declined(asked: Request) -> Answer:
    """Not me."""
    await _answer(asked, accept=False)
    return None


async def _answer(asked: Request, *, accept: bool) -> None:
    _, number = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        situation = await actions.answer_hand_off(t, number, accept=accept, by=person)
        if accept:
            await acknowledge_pages(t, Subject(situation.kind, situation.id), person)
    asked.reply(f"You lead {situation.name} now. Thank you." if accept else f"You declined to lead {situation.name}.")


class TakeCommand(Form):
    """Asked when the command is not open to everybody."""

    reason: str = long_text(
        "Reason", max_length=500, help="Everybody in the channel reads it.", placeholder="Ada is on a plane until six."
    )


@action(TAKE_COMMAND)
async def take_pressed(asked: Request) -> Answer:
    """At once where the command is open; with a reason where it is not; a refusal says when it will be."""
    _, number = pressed_value(asked)
    await _take(asked, number)
    return None


@word("take-command", description="Lead this incident from now on.", needs="take_command")
async def take_typed(asked: Request) -> Answer:
    """The same by `/dispatch take-command`."""
    await _take(asked, await situation_id_of_channel(asked))
    return None


async def _take(asked: Request, number: int) -> None:
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, person, number)
        require_take_command(place.standing, reason="asked for in the form")
        if not place.standing.needs_reason:
            await actions.take_command(t, place.situation, by=person)
            await acknowledge_pages(t, place.about, person)
    if place.standing.needs_reason:
        await asked.installation.client.call(
            "views.open",
            trigger_id=asked.trigger_id,
            view=to_modal(
                TakeCommand,
                title="Take command",
                submit="Take command",
                callback_id=TAKE_COMMAND,
                private_metadata=carried(number),
            ),
        )
    else:
        asked.reply(f"You lead {place.situation.name} now. Thank you.")


@submission(TAKE_COMMAND)
async def take_with_reason(asked: Request) -> Answer:
    """Asked for again: meanwhile somebody may have acknowledged."""
    form = from_modal(TakeCommand, asked.view)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, person, int(carrying(asked.view)["id"]))
        require_take_command(place.standing, reason=form.reason)
        await actions.take_command(t, place.situation, by=person, reason=form.reason)
        await acknowledge_pages(t, place.about, person)
    return None


@action(OPEN_LINK)
async def opened(_asked: Request) -> Answer:
    """A link button: Slack opens the page itself and only wants an answer."""
    return None
