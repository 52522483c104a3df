"""The commander's account was deactivated: the channel reads that anybody may lead."""

from __future__ import annotations

from dispatch.kit.db import Tx
from dispatch.kit.events import Recorded, on
from dispatch.kit.flows import Deciding, Skip, StepContext, flow, step
from dispatch.people.events import MemberDeactivated
from dispatch.people.queries import person
from dispatch.situations.actions.reachable import member_gone
from dispatch.situations.events import AccountDeactivated, MemberGone
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


async def when_no_member_any_more(t: Tx, recorded: Recorded) -> int:
    """Their open incidents hear of it; nothing starts for the member themselves."""
    await member_gone(t, await person(t, recorded.subject.id), by=recorded.actor)
    return 0


on(MemberDeactivated, Deciding(commander_deactivated, when_no_member_any_more))
on(MemberGone, commander_deactivated, when=lambda happened: happened.leads)
on(AccountDeactivated, commander_deactivated, when=lambda happened: happened.leads)
