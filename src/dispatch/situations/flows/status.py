"""What follows when a situation becomes stable, is closed, or is opened again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import Refused
from dispatch.kit.events import Subject, on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.projects.providers import Providers
from dispatch.situations import queries
from dispatch.situations.actions import conversation_ended, conversation_reopened
from dispatch.situations.events import ChannelArchived, ChannelReopened, StatusChanged
from dispatch.situations.flows.common import channel_of, chat_of, still_open, wait_for_archiving, wait_for_channel
from dispatch.situations.flows.show_state import refresh_summary, refresh_topic
from dispatch.situations.flows.successor import successor_steps
from dispatch.situations.models import Situation
from dispatch.situations.slack import messages


async def _status(t: Read, about: Subject) -> str | None:
    return await t.scalar(select(Situation.status).where(Situation.org_id == t.org, Situation.id == about.id))


async def still_closed(t: Read, about: Subject) -> str | None:
    """Nothing is archived that was reopened meanwhile."""
    return None if await _status(t, about) == "Closed" else "It was reopened meanwhile."


async def open_again(t: Read, about: Subject) -> str | None:
    """No channel is reopened for what was closed again meanwhile."""
    return None if await _status(t, about) != "Closed" else "It was closed again meanwhile."


async def tell_channel(c: StepContext) -> None:
    """The people in the channel read it."""
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        by = (await people.person(t, c.actor)).name if c.actor is not None else "Dispatch"
        goes_on = await queries.open_original(t, c.subject.id) if c.data["after"] == "Closed" else None
    message = messages.status_changed(brief, by=by, before=c.data["before"], after=c.data["after"], goes_on=goes_on)
    await chat.post(channel_of(brief), message, key=c.key, look_first=c.repeat)


async def update_ticket(c: StepContext) -> None:
    """The outside ticket shows the state; the built-in one is the incident page itself."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
        ticket = next((r for r in await queries.resources(t, c.subject.id) if r.kind == "ticket"), None)
    tickets = await c.use(Providers).tickets(c.org, brief.project_id)
    if ticket is None or tickets is None:
        raise Skip("There is no ticket.")
    title = brief.name if brief.visibility == "restricted" else brief.title
    await tickets.update(ticket.external_id, title=title, status=brief.status)


async def archive(c: StepContext) -> None:
    """The conversation ends; reading it stays possible."""
    brief, chat = await chat_of(c)
    if not brief.channel_id:
        await wait_for_channel(c)
    channel = channel_of(brief)
    await chat.archive(channel)
    async with c.done({"channel": channel}) as t:
        title = await conversation_ended(t, c.subject, channel, state="archived")
        if title:
            await record(t, ChannelArchived(channel=title), about=c.subject)


async def unarchive(c: StepContext) -> None:
    """With a user token Slack lets us reopen the channel; without one a successor takes over.

    Whoever reopens within seconds finds it not archived yet. Without a channel, never made or deleted, it gets one.
    """
    brief, chat = await chat_of(c)
    if not brief.channel_id:
        await wait_for_channel(c)
        told = "It is open again, and had no channel to go on in."
        async with c.done({"successor": True, "why": told}):
            pass
        return
    channel = channel_of(brief)
    await wait_for_archiving(c)
    if not (await chat.channel(channel)).archived:
        async with c.done({"channel": channel, "successor": False}) as t:
            await conversation_reopened(t, c.subject, channel)
        return
    try:
        await chat.unarchive(channel)
    except Refused as why:
        # Whatever the reason: the person whose token it is may have left, and people need a place to talk now.
        told = "Slack does not let an app reopen an archived channel, so the conversation goes on here."
        if why.code != "no_user_token":
            told = f"Slack did not reopen the archived channel ({why}), so the conversation goes on here."
        async with c.done({"channel": channel, "successor": True, "why": told, "refused": str(why)}):
            pass
        return
    async with c.done({"channel": channel, "successor": False}) as t:
        title = await conversation_reopened(t, c.subject, channel)
        if title:
            await record(t, ChannelReopened(channel=title, channel_id=channel, successor=False), about=c.subject)


SOON = timedelta(hours=2)

stable = flow("incident.status_changed", version=1)(
    # Told late, an earlier state would read as the latest.
    step("tell", tell_channel, title="Say the new state in the channel", when=still_open, delivery="once"),
    step("ticket", update_ticket, title="Bring the ticket up to date", lane="decoration"),
)
closed = flow("incident.closed", version=1)(
    step("tell", tell_channel, title="Say in the channel that it is closed", delivery="once", deadline=SOON),
    step("ticket", update_ticket, title="Bring the ticket up to date", lane="decoration"),
    step("topic", refresh_topic, title="Bring the topic up to date", when=still_closed, deadline=SOON),
    step("summary", refresh_summary, title="Bring the pinned summary up to date", when=still_closed, deadline=SOON),
    step(
        "archive",
        archive,
        title="Archive the channel",
        after=("tell", "topic", "summary"),
        after_failed=True,
        when=still_closed,
    ),
)
reopened = flow("incident.reopened", version=1)(
    step("unarchive", unarchive, title="Reopen the channel", when=open_again, lane="people"),
    *successor_steps(after="unarchive", when=open_again),
    step("tell", tell_channel, title="Say in the channel that it is open again", after="successor_people", delivery="once"),
    step("topic", refresh_topic, title="Bring the topic up to date", after="unarchive", lane="decoration"),
    step("summary", refresh_summary, title="Bring the pinned summary up to date", after="unarchive", lane="decoration"),
    step("ticket", update_ticket, title="Bring the ticket up to date", lane="decoration"),
)  # fmt: skip

on(StatusChanged, closed, when=lambda happened: happened.after == "Closed")
on(StatusChanged, reopened, when=lambda happened: happened.before == "Closed")
on(StatusChanged, stable, when=lambda happened: "Closed" not in (happened.before, happened.after))
