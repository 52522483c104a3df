"""Somebody who is needed left the channel: bring them back, and tell them how to leave in peace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from dispatch.kit.errors import Refused
from dispatch.kit.events import on, record
from dispatch.kit.flows import Flow, Skip, StepContext, flow, step
from dispatch.situations.actions import note_in_channel
from dispatch.situations.events import BroughtBack, LeftChannel
from dispatch.situations.flows.common import channel_of, chat_id, chat_of, still_open
from dispatch.situations.queries import Brief
from dispatch.situations.slack import asides
from dispatch.situations.slack.messages import Message

SOON = timedelta(hours=1)

#: Says why the person is not needed any more; None while they are.
NotNeeded = Callable[[StepContext, Brief], Awaitable[str | None]]
#: What they read: a direct message.
Words = Callable[[StepContext, Brief, str], Awaitable[Message]]


def guard(name: str, *, who: str, not_needed: NotNeeded, why: str, words: Words) -> Flow:
    """A flow that hangs on `LeftChannel`.

    Args:
        who: what people read in the titles of its steps, such as "the commander".
        why: completes the sentence "Ada was brought back into the channel: ...".
    """

    async def bring_back(c: StepContext) -> None:
        """Only while it is true: they are needed, the channel is in use, and they did not come back by themselves."""
        brief, chat = await chat_of(c)
        channel, person_id = channel_of(brief), int(c.data["person_id"])
        if (reason := await not_needed(c, brief)) is not None:
            raise Skip(reason)
        user = await chat_id(c, chat, person_id)
        if user is None:
            raise Skip("They are not known in the chat workspace.")
        if (await chat.channel(channel)).archived:
            raise Skip("The channel is archived.")
        # At a repeat it was perhaps our own invitation.
        if not c.repeat and user in await chat.members(channel):
            raise Skip("They are in the channel.")
        refused = await chat.invite(channel, [user])
        if refused:
            raise Refused(f"{c.data['person']} is needed in the channel: {refused[0].reason}", hint=refused[0].hint)
        # Slack accepts an invitation for a deactivated account and does nothing.
        if user not in await chat.members(channel):
            raise Refused(
                f"{c.data['person']} is needed in the channel, and Slack did not bring them back.",
                hint="The account may be deactivated. Give what they had to do to somebody else.",
            )
        async with c.done({"back": True}) as t:
            await note_in_channel(t, c.subject, person_id)
            await record(t, BroughtBack(person=c.data["person"], person_id=person_id, why=why), about=c.subject)

    async def tell(c: StepContext) -> None:
        """A person who is brought back without a word leaves again."""
        if not (c.results.get("bring_back") or {}).get("back"):
            raise Skip("They were not brought back.")
        brief, chat = await chat_of(c)
        user = await chat_id(c, chat, int(c.data["person_id"]))
        if user is None:
            raise Skip("They are not known in the chat workspace.")
        await chat.direct_message(user, await words(c, brief, channel_of(brief)), key=c.key, look_first=c.repeat)

    return flow(name, version=1)(
        step("bring_back", bring_back, title=f"Bring {who} back", when=still_open, deadline=SOON, lane="people"),
        step("tell", tell, title=f"Tell {who} why", after="bring_back", when=still_open, deadline=SOON,
             delivery="once", lane="people"),
    )  # fmt: skip


async def leads_no_more(c: StepContext, brief: Brief) -> str | None:
    return None if brief.commander_id == int(c.data["person_id"]) else "They handed the command over."


async def how_to_hand_over(_c: StepContext, brief: Brief, channel: str) -> Message:
    return asides.stay_or_hand_over(brief, channel)


leave_guard = guard(
    "incident.leave_guard",
    who="the commander",
    not_needed=leads_no_more,
    why="whoever leads stays, or hands over first",
    words=how_to_hand_over,
)

on(LeftChannel, leave_guard, when=lambda happened: happened.leads)
