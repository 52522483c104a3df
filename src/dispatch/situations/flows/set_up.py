"""The runbook of an incident: what happens, in which order, once it was reported."""

from __future__ import annotations

from dispatch.kit.errors import Unavailable
from dispatch.kit.events import on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.people import queries as people
from dispatch.ports.answers import Resource
from dispatch.ports.conferences import Conferences
from dispatch.ports.documents import Documents
from dispatch.ports.tickets import Tickets
from dispatch.projects.providers import Providers
from dispatch.situations import queries
from dispatch.situations.actions import link_resource, remember_summary
from dispatch.situations.events import (
    Announced,
    Opened,
    ResourceLinked,
    SummaryPinned,
    Welcomed,
)
from dispatch.situations.flows.channel import bring_people, make_channel
from dispatch.situations.flows.common import channel_of, chat_of, still_open, tell_each
from dispatch.situations.flows.paging import calls
from dispatch.situations.flows.show_state import refresh_topic
from dispatch.situations.flows.without_slack import mail_link, post_timeline
from dispatch.situations.slack import messages


async def set_topic(c: StepContext) -> None:
    """Commander, status, severity and priority at the head of the channel."""
    await refresh_topic(c)
    brief, chat = await chat_of(c)
    await chat.set_purpose(channel_of(brief), messages.purpose(brief))


async def welcome(c: StepContext) -> None:
    """A channel post, so that people who come later read it too."""
    brief, chat = await chat_of(c)
    await chat.post(channel_of(brief), messages.welcome(brief), key=c.key, look_first=c.repeat)
    async with c.done() as t:
        await record(t, Welcomed(), about=c.subject)


async def welcome_personally(c: StepContext) -> None:
    """A direct message to reporter, commander and who has a role: they may not be looking at the channel."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    async with c.db.read(c.org) as t:
        roles = {
            p.person.id: [role for role in p.roles if role in ("Scribe", "Liaison")]
            for p in await queries.participants(t, c.subject.id)
        }
        named = {person_id for person_id, held in roles.items() if held}
        known = await people.chat_ids(t, {brief.reporter_id, brief.commander_id} | named, team=chat.team_id)
    if not known:
        raise Skip("Neither reporter nor commander is known in the chat workspace.")
    await tell_each(
        c,
        chat,
        {
            person_id: messages.personal_welcome(
                brief, channel, leads=person_id == brief.commander_id, roles=roles.get(person_id, ())
            )
            for person_id in known
        },
    )


async def make_ticket(c: StepContext) -> None:
    """The ticket adds a link; the name is ours already."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    tickets: Tickets | None = await c.use(Providers).tickets(c.org, brief.project_id)
    if tickets is None:
        raise Skip("No ticket system is configured.")
    neutral = brief.visibility == "restricted"
    made = await tickets.create(key=c.key, name=brief.name, title=brief.name if neutral else brief.title, url=brief.url)
    await _link(c, made, kind="ticket", what="Ticket", provider=tickets.provider)


async def make_document(c: StepContext) -> None:
    """The place for what we learn, with the headings a review needs."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    documents: Documents | None = await c.use(Providers).documents(c.org, brief.project_id)
    if documents is None:
        raise Skip("No document system is configured.")
    made = await documents.create(
        key=c.key, name=brief.name, title=f"{brief.name} – {brief.title}", body=messages.document(brief)
    )
    await _link(c, made, kind="document", what="Document", provider=documents.provider)


async def make_bridge(c: StepContext) -> None:
    """A room to talk in."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    conferences: Conferences | None = await c.use(Providers).conferences(c.org, brief.project_id)
    if conferences is None:
        raise Skip("No conference system is configured (Settings → Project → Plugins → Jitsi).")
    made = await conferences.create(key=c.key, name=brief.name, title=brief.title)
    await _link(c, made, kind="conference", what="Bridge", provider=conferences.provider)


async def _link(c: StepContext, made: Resource, *, kind: str, what: str, provider: str) -> None:
    """Finish the step with what the other system made."""
    async with c.done({"url": made.url}) as t:
        await link_resource(
            t, c.subject, kind=kind, provider=provider, external_id=made.external_id, title=made.title, url=made.url,
            says=ResourceLinked(what=what, kind=kind, title=made.title, url=made.url),
        )  # fmt: skip


async def pin_summary(c: StepContext) -> None:
    """One pinned message with every link; a repeat brings the pinned one up to date."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    posted = await chat.post(channel, messages.summary(brief), key=c.key, look_first=c.repeat)
    if c.repeat:
        await chat.update(posted, messages.summary(brief), key=c.key)
    await chat.pin(posted)
    await chat.bookmark(channel, f"{brief.name} in Dispatch", brief.url)
    async with c.done({"ts": posted.ts}) as t:
        await remember_summary(t, c.subject, ts=posted.ts, key=c.key)
        # Under the lock that `refresh_summary` waits for: a change is seen by one of the two.
        if messages.summary(await queries.brief(t, c.subject.id)) != messages.summary(brief):
            raise Unavailable("Something changed while the summary was written.", retry_after=0.1)
        await record(t, SummaryPinned(), about=c.subject)


async def announce(c: StepContext) -> None:
    """Tell the configured channel. Restricted ones are never announced."""
    brief, chat = await chat_of(c)
    if brief.visibility == "restricted":
        raise Skip("Restricted incidents are not announced.")
    if not brief.announcement_channel:
        raise Skip("The project has no announcement channel.")
    await chat.post(brief.announcement_channel, messages.announcement(brief), key=c.key, look_first=c.repeat)
    async with c.done() as t:
        await record(t, Announced(where=brief.announcement_channel), about=c.subject)


set_up = flow("incident.set_up", version=1)(
    *calls,
    step("channel", make_channel, title="Create the channel", delivery="once", lane="people"),
    step("people", bring_people, title="Bring in the people", after="channel", when=still_open, lane="people"),
    step("topic", set_topic, title="Set topic and purpose", after="channel", lane="decoration"),
    step("so_far", post_timeline, title="Post the timeline so far", after="channel", delivery="once"),
    step("welcome", welcome, title="Post the welcome", after="people", delivery="once"),
    step("welcome_dm", welcome_personally, title="Welcome reporter and commander personally", after="people",
         delivery="once"),
    step("mail_link", mail_link, title="Mail the link, should Slack be away", lane="people"),
    step("ticket", make_ticket, title="Create the ticket"),
    step("document", make_document, title="Create the document"),
    step("bridge", make_bridge, title="Open the bridge"),
    step("summary", pin_summary, title="Pin the summary", after=("channel", "ticket", "document", "bridge"),
         after_failed=True, delivery="once", lane="decoration"),
    step("announce", announce, title="Announce it", when=still_open, delivery="once"),
)  # fmt: skip


on(Opened, set_up, when=lambda happened: happened.kind == "incident")
