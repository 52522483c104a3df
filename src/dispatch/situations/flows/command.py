"""What follows when the command changes hands, is offered, or is not answered."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.situations.events import CommanderChanged, CommandUnanswered, HandOffDeclined, HandOffDue, HandOffOffered
from dispatch.situations.flows.common import channel_of, chat_id, chat_of, still_open
from dispatch.situations.queries import hand_off_is_open
from dispatch.situations.slack import messages


async def ask_to_lead(c: StepContext) -> None:
    """A direct message with Accept and Decline; the second one is the reminder."""
    async with c.db.read(c.org) as t:
        if not await hand_off_is_open(t, c.data["hand_off_id"]):
            raise Skip("It was answered meanwhile.")
        by = await people.person(t, c.actor) if c.actor is not None else None
    brief, chat = await chat_of(c)
    user = await chat_id(c, chat, c.data["person_id"])
    if user is None:
        raise Skip(f"{c.data['person']} is not known in the chat workspace; they can answer on the incident page.")
    message = messages.hand_off(
        brief, c.data["hand_off_id"], offered_by=by.name if by else "Dispatch", minutes=c.data["minutes"],
        again="reminded" in c.data,
    )  # fmt: skip
    await chat.direct_message(user, message, key=c.key, look_first=c.repeat)


async def tell_declined(c: StepContext) -> None:
    """The person who offered it has to look further."""
    brief, chat = await chat_of(c)
    user = await chat_id(c, chat, c.data["offered_by"])
    if user is None:
        raise Skip("The person who offered it is not known in the chat workspace.")
    await chat.direct_message(
        user, messages.hand_off_declined(brief, who=c.data["person"]), key=c.key, look_first=c.repeat
    )


async def offer_to_everybody(c: StepContext) -> None:
    """The channel reads that anybody may lead."""
    brief, chat = await chat_of(c)
    if "reminded" in c.data:
        async with c.db.read(c.org) as t:
            if not await hand_off_is_open(t, c.data["hand_off_id"]):
                raise Skip("It was answered meanwhile.")
    elif not brief.acting:
        raise Skip("It was acknowledged meanwhile.")
    why = f"{c.data['person']} did not answer within {c.data['minutes']} minutes."
    await chat.post(channel_of(brief), messages.command_open(brief, why=why), key=c.key, look_first=c.repeat)


async def tell_who_leads(c: StepContext) -> None:
    """The channel reads who leads from now on."""
    brief, chat = await chat_of(c)
    message = messages.commander_changed(brief, person=c.data["person"], before=c.data["before"], why=c.data["why"])
    await chat.post(channel_of(brief), message, key=c.key, look_first=c.repeat)


HOUR = timedelta(hours=1)

hand_off_offered = flow("incident.hand_off", version=1)(
    step(
        "ask",
        ask_to_lead,
        title="Ask the new commander",
        when=still_open,
        deadline=HOUR,
        delivery="once",
        lane="people",
    ),
)
hand_off_due = flow("incident.hand_off_due", version=1)(
    step(
        "remind",
        ask_to_lead,
        title="Ask the new commander again",
        when=still_open,
        deadline=HOUR,
        delivery="once",
        lane="people",
    ),
)
hand_off_open = flow("incident.hand_off_open", version=1)(
    step(
        "offer",
        offer_to_everybody,
        title="Offer the command to everybody",
        when=still_open,
        deadline=HOUR,
        delivery="once",
    ),
)
hand_off_declined = flow("incident.hand_off_declined", version=1)(
    step(
        "tell",
        tell_declined,
        title="Say that the command was declined",
        when=still_open,
        deadline=HOUR,
        delivery="once",
    ),
)
command_unanswered = flow("incident.command_unanswered", version=1)(
    step(
        "offer",
        offer_to_everybody,
        title="Offer the command to everybody",
        when=still_open,
        deadline=HOUR,
        delivery="once",
        lane="people",
    ),
)
commander_changed = flow("incident.commander_changed", version=1)(
    step("tell", tell_who_leads, title="Say who leads now", when=still_open, delivery="once"),
)

on(HandOffOffered, hand_off_offered)
on(HandOffDue, hand_off_due, when=lambda happened: not happened.reminded)
on(HandOffDue, hand_off_open, when=lambda happened: happened.reminded)
on(HandOffDeclined, hand_off_declined)
on(CommandUnanswered, command_unanswered)
on(CommanderChanged, commander_changed)
