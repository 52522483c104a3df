"""Somebody was added after the set-up: invite them, and tell them why."""

from __future__ import annotations

from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.situations.actions import note_in_channel
from dispatch.situations.events import ParticipantAdded
from dispatch.situations.flows.common import channel_of, chat_id, chat_of, still_open
from dispatch.situations.slack import messages


async def invite(c: StepContext) -> None:
    """Only this person: who left the channel is not dragged back because somebody else comes."""
    brief, chat = await chat_of(c)
    if not brief.channel_id:
        raise Skip("There is no channel yet; the set-up brings them in.")
    person_id = int(c.data["person_id"])
    user = await chat_id(c, chat, person_id)
    reason, hint = "", ""
    if user is None:
        reason = "nobody with this e-mail address is known in the chat workspace"
        hint = "They see everything on this page."
    else:
        refused = await chat.invite(brief.channel_id, [user])
        if refused:
            reason, hint = refused[0].reason, refused[0].hint
        elif user not in await chat.members(brief.channel_id):
            reason, hint = "Slack did not bring them in", "The account may be deactivated."
    async with c.done({"failed": reason}) as t:
        await note_in_channel(t, c.subject, person_id, reason=reason, hint=hint)


async def tell(c: StepContext) -> None:
    """A direct message: a channel that appears in a list is easily overlooked."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    user = await chat_id(c, chat, int(c.data["person_id"]))
    if user is None:
        raise Skip("They are not known in the chat workspace.")
    async with c.db.read(c.org) as t:
        by = (await people.person(t, c.actor)).name if c.actor is not None else "Dispatch"
    await chat.direct_message(
        user,
        messages.brought_in(brief, channel, by=by, reason=str(c.data.get("reason") or "")),
        key=c.key,
        look_first=c.repeat,
    )


bring_in = flow("incident.bring_in", version=1)(
    step("people", invite, title="Bring the person in", when=still_open, lane="people"),
    step("tell", tell, title="Tell the person", after="people", when=still_open, delivery="once"),
)

on(ParticipantAdded, bring_in, when=lambda happened: happened.bring_in)
