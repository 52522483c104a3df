"""What follows when a situation becomes restricted after the fact: a private channel, and what already left is listed."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import Refused
from dispatch.kit.events import Event, Subject, on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.situations import queries
from dispatch.situations.actions import conversation_ended
from dispatch.situations.events import AlreadyOutside, Announced, ChannelArchived, VisibilityChanged
from dispatch.situations.flows.common import channel_of, chat_of, wait_for_channel
from dispatch.situations.flows.status import update_ticket
from dispatch.situations.flows.successor import successor_steps
from dispatch.situations.models import Situation
from dispatch.situations.slack import messages

WHY = "This is restricted now: only its participants may see it. The earlier channel was visible to others."


async def still_restricted(t: Read, about: Subject) -> str | None:
    """Nothing moves that was opened again meanwhile."""
    now = await t.scalar(select(Situation.visibility).where(Situation.org_id == t.org, Situation.id == about.id))
    return None if now == "restricted" else "It was opened again meanwhile."


async def look_at_channel(c: StepContext) -> None:
    """Whether others can see the channel: then a private one has to take over."""
    brief, chat = await chat_of(c)
    if not brief.channel_id:
        # A call to Slack that is under way makes one that others can see, and its answer comes after us.
        await wait_for_channel(c)
    channel = await chat.channel(channel_of(brief))
    # The name tells the title; a private channel's name is seen by its members only.
    async with c.done({"channel": channel.id, "successor": not channel.private, "why": WHY}):
        pass


async def leave_old_channel(c: StepContext) -> None:
    """A neutral word, then the old channel is archived. What was said there stays where it was said."""
    seen = c.results.get("look") or {}
    if not seen.get("successor"):
        raise Skip("The channel was private already.")
    _, chat = await chat_of(c)
    old = str(seen["channel"])
    try:
        await chat.post(old, messages.neutral_farewell(), key=c.key, look_first=c.repeat)
        await chat.archive(old)
    except Refused as why:
        if why.code != "is_archived":
            raise
    async with c.done() as t:
        title = await conversation_ended(t, c.subject, old, state="archived")
        if title:
            await record(t, ChannelArchived(channel=title), about=c.subject)


async def list_what_left(c: StepContext) -> None:
    """What others may have read already cannot be taken back; the commander has to know it."""
    async with c.db.read(c.org) as t:
        found = await queries.resources(t, c.subject.id)
        told = await t.scalars(
            select(Event.data["where"].astext).where(
                Event.org_id == t.org,
                Event.subject_kind == c.subject.kind,
                Event.subject_id == c.subject.id,
                Event.fact == Announced.name,
            )
        )
        announced = list(told)
        named = await queries.named_in(t, c.subject.id)
    left = [f"announced in {where}" for where in announced]
    left += [
        f"public channel {r.title}, with its messages"
        for r in found
        if r.kind == "conversation" and not r.data.get("private")
    ]
    left += [
        f"{r.kind} {r.title}"
        for r in found
        if r.kind in ("ticket", "document", "conference") and r.provider != "dispatch"
    ]
    left += [f"its name in the timeline of {name}" for name in named]
    async with c.done({"left": left}) as t:
        await record(
            t,
            AlreadyOutside(what="; ".join(left) if left else "nothing that others could see"),
            about=c.subject,
            pinned=bool(left),
        )


restricted = flow("incident.restricted", version=1)(
    step("look", look_at_channel, title="See who can read the channel", when=still_restricted, lane="people"),
    *successor_steps(after="look", when=still_restricted),
    step("leave", leave_old_channel, title="Archive the visible channel", after="successor_people", when=still_restricted,
         delivery="once"),
    step("ticket", update_ticket, title="Take the title out of the ticket", when=still_restricted),
    step("list", list_what_left, title="List what others may have seen", when=still_restricted),
)  # fmt: skip

on(VisibilityChanged, restricted, when=lambda happened: happened.after == "restricted")
