"""The commander's account was deactivated: the channel reads that anybody may lead."""

from __future__ import annotations

from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.situations.events import AccountDeactivated
from dispatch.situations.flows.command import HOUR
from dispatch.situations.flows.common import channel_of, chat_of, still_open
from dispatch.situations.slack import messages


async def offer_to_everybody(c: StepContext) -> None:
    """With the button that takes the command."""
    brief, chat = await chat_of(c)
    if brief.commander_id != int(c.data["person_id"]):
        raise Skip("Somebody else leads meanwhile.")
    why = f"{c.data['person']} led, and their account was deactivated."
    await chat.post(channel_of(brief), messages.command_open(brief, why=why), key=c.key, look_first=c.repeat)


commander_deactivated = flow("incident.commander_deactivated", version=1)(
    step("offer", offer_to_everybody, title="Offer the command to everybody", when=still_open, deadline=HOUR,
         delivery="once", lane="people"),
)  # fmt: skip

on(AccountDeactivated, commander_deactivated, when=lambda happened: happened.leads)
