"""Somebody who is needed left the channel: bring them back, and tell them how to leave in peace."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.errors import Refused
from dispatch.kit.events import on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.situations.actions import note_in_channel
from dispatch.situations.events import BroughtBack, LeftChannel
from dispatch.situations.flows.common import channel_of, chat_id, chat_of, still_open
from dispatch.situations.slack import asides


async def bring_back(c: StepContext) -> None:
    """Only while it is true: they still lead, the channel is in use, and they did not come back by themselves."""
    brief, chat = await chat_of(c)
    channel, person_id = channel_of(brief), int(c.data["person_id"])
    if brief.commander_id != person_id:
        raise Skip("They handed the command over.")
    user = await chat_id(c, chat, person_id)
    if user is None:
        raise Skip("They are not known in the chat workspace.")
    if (await chat.channel(channel)).archived:
        raise Skip("The channel is archived.")
    if user in await chat.members(channel):
        raise Skip("They are in the channel.")
    refused = await chat.invite(channel, [user])
    if refused:
        raise Refused(f"{c.data['person']} leads and is not in the channel: {refused[0].reason}", hint=refused[0].hint)
    # Slack accepts an invitation for a deactivated account and does nothing.
    if user not in await chat.members(channel):
        raise Refused(
            f"{c.data['person']} leads and Slack did not bring them back.",
            hint="The account may be deactivated. An admin can give the command to somebody else.",
        )
    async with c.done({"back": True}) as t:
        await note_in_channel(t, c.subject, person_id)
        await record(
            t,
            BroughtBack(person=c.data["person"], person_id=person_id, why="whoever leads stays, or hands over first"),
            about=c.subject,
        )


async def tell_why(c: StepContext) -> None:
    """A direct message: a person who is brought back without a word leaves again."""
    if not (c.results.get("bring_back") or {}).get("back"):
        raise Skip("They were not brought back.")
    brief, chat = await chat_of(c)
    user = await chat_id(c, chat, int(c.data["person_id"]))
    if user is None:
        raise Skip("They are not known in the chat workspace.")
    await chat.direct_message(
        user, asides.stay_or_hand_over(brief, channel_of(brief)), key=c.key, look_first=c.repeat
    )


SOON = timedelta(hours=1)

leave_guard = flow("incident.leave_guard", version=1)(
    step("bring_back", bring_back, title="Bring the commander back", when=still_open, deadline=SOON, lane="people"),
    step("tell", tell_why, title="Tell the commander why", after="bring_back", when=still_open, deadline=SOON,
         delivery="once", lane="people"),
)  # fmt: skip

on(LeftChannel, leave_guard, when=lambda happened: happened.leads)
