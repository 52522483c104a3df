"""The runbook of an incident: what happens, in which order, once it was reported."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.events import on, record
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.kit.slack import channel_names
from dispatch.people import queries as people
from dispatch.people.actions import link_chat
from dispatch.ports.conferences import Conferences
from dispatch.ports.conversations import Channel, Conversations, NotInvited
from dispatch.ports.documents import Documents
from dispatch.ports.tickets import Tickets
from dispatch.projects.providers import Providers
from dispatch.situations import queries
from dispatch.situations.actions import link_resource, note_in_channel, remember_summary
from dispatch.situations.events import (
    Announced,
    ChannelCreated,
    Opened,
    PeopleInvited,
    ResourceLinked,
    SummaryPinned,
    Welcomed,
)
from dispatch.situations.flows.common import channel_of, chat_of, still_open
from dispatch.situations.flows.paging import calls
from dispatch.situations.flows.show_state import refresh_topic
from dispatch.situations.flows.without_slack import mail_link, post_timeline
from dispatch.situations.slack import messages


async def make_channel(c: StepContext) -> None:
    """Reserve the name here, then make the channel there; a crash between the two finds it again."""
    brief, chat = await chat_of(c)
    private = chat.private_channels or brief.visibility == "restricted"
    wanted = f"{brief.name}-response" if brief.visibility == "restricted" else f"{brief.name}-{brief.title}"
    names = channel_names.candidates(wanted, f"{brief.name}-{c.org}")
    while True:
        try:
            place = await channel_names.reserve(c.db, team=chat.team_id, names=names, org=c.org, about=c.subject)
        except LookupError:
            raise Refused(
                "No free channel name was found.", hint="Rename a channel in Slack, then try again."
            ) from None
        channel = await _create_or_adopt(c, chat, place, private=private)
        if channel is not None:
            break
        await channel_names.belongs_to_a_stranger(c.db, team=chat.team_id, name=place.name)
    async with c.done({"channel": channel.id}) as t:
        await channel_names.claimed(t, team=chat.team_id, name=place.name, channel=channel.id)
        await link_resource(
            t,
            c.subject,
            kind="conversation",
            provider=chat.platform,
            external_id=channel.id,
            title=f"#{channel.name}",
            url=channel.url,
            data={"team": chat.team_id, "private": private},
            says=ChannelCreated(channel=channel.name, channel_id=channel.id, private=private),
        )


async def _create_or_adopt(
    c: StepContext, chat: Conversations, place: channel_names.SlackChannel, *, private: bool
) -> Channel | None:
    """The channel of the reserved name; None when the name is a stranger's."""
    try:
        return await chat.create_channel(place.name, private=private)
    except Refused as why:
        if why.code != "name_taken":
            raise
    existing = await chat.find_channel(place.name, private=private)
    if existing is None or existing.creator != chat.bot_user_id:
        return None
    # Slack counts whole seconds; our reservation may be a fraction of one later than its creation time reads.
    if existing.created_at is not None and existing.created_at < place.reserved_at - timedelta(seconds=2):
        return None
    async with c.db.system() as t:
        taken = await channel_names.is_claimed(t, team=chat.team_id, channel=existing.id)
    return None if taken else existing


async def bring_people(c: StepContext) -> None:
    """Invite every participant; whoever cannot come is named with the reason, the others come all the same."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    async with c.db.tx(c.org) as t:
        participants = await queries.participants(t, c.subject.id)
        known = await people.chat_ids(t, [p.person.id for p in participants], team=chat.team_id)
    users: dict[str, int] = {}
    unknown: list[int] = []
    for p in participants:
        user = known.get(p.person.id) or await chat.find_user(p.person.email)
        if user is None:
            unknown.append(p.person.id)
        else:
            users[user] = p.person.id
    there = await chat.members(channel)
    missing = [user for user in users if user not in there]
    refused = {n.user: n for n in await chat.invite(channel, missing)} if missing else {}
    # Slack accepts an invitation for a deactivated account and does nothing: only looking again tells.
    there = await chat.members(channel) if missing else there
    for user in users.keys() - there - refused.keys():
        refused[user] = NotInvited(user, "Slack did not bring them in", "The account may be deactivated.")
    async with c.done({"invited": len(users) - len(refused)}) as t:
        for user, person_id in users.items():
            if person_id not in known:
                await link_chat(t, person_id, team=chat.team_id, user=user)
            why = refused.get(user)
            await note_in_channel(
                t, c.subject, person_id, reason=why.reason if why else "", hint=why.hint if why else ""
            )
        for person_id in unknown:
            await note_in_channel(
                t,
                c.subject,
                person_id,
                reason="nobody with this e-mail address is known in the chat workspace",
                hint="They see everything on this page.",
            )
        await record(t, PeopleInvited(count=len(users) - len(refused)), about=c.subject)


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
    """A direct message to reporter and commander: they may not be looking at the channel."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    async with c.db.read(c.org) as t:
        known = await people.chat_ids(t, {brief.reporter_id, brief.commander_id}, team=chat.team_id)
    if not known:
        raise Skip("Neither reporter nor commander is known in the chat workspace.")
    for person_id, user in known.items():
        await chat.direct_message(
            user,
            messages.personal_welcome(brief, channel, leads=person_id == brief.commander_id),
            key=f"{c.key}-{person_id}",
            look_first=c.repeat,
        )


async def make_ticket(c: StepContext) -> None:
    """The ticket adds a link; the name is ours already."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    tickets: Tickets | None = await c.use(Providers).tickets(c.org, brief.project_id)
    if tickets is None:
        raise Skip("No ticket system is configured.")
    neutral = brief.visibility == "restricted"
    made = await tickets.create(
        key=c.key, name=brief.name, title=brief.name if neutral else brief.title, url=brief.url
    )
    async with c.done({"url": made.url}) as t:
        await link_resource(
            t, c.subject, kind="ticket", provider=tickets.provider, external_id=made.external_id,
            title=made.title, url=made.url,
            says=ResourceLinked(what="Ticket", kind="ticket", title=made.title, url=made.url),
        )  # fmt: skip


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
    async with c.done({"url": made.url}) as t:
        await link_resource(
            t, c.subject, kind="document", provider=documents.provider, external_id=made.external_id,
            title=made.title, url=made.url,
            says=ResourceLinked(what="Document", kind="document", title=made.title, url=made.url),
        )  # fmt: skip


async def make_bridge(c: StepContext) -> None:
    """A room to talk in."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    conferences: Conferences | None = await c.use(Providers).conferences(c.org, brief.project_id)
    if conferences is None:
        raise Skip("No conference system is configured (Settings → Plugins → Jitsi).")
    made = await conferences.create(key=c.key, name=brief.name, title=brief.title)
    async with c.done({"url": made.url}) as t:
        await link_resource(
            t, c.subject, kind="conference", provider=conferences.provider, external_id=made.external_id,
            title=made.title, url=made.url,
            says=ResourceLinked(what="Bridge", kind="conference", title=made.title, url=made.url),
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
    await chat.post(
        brief.announcement_channel, messages.announcement(brief), key=c.key, look_first=c.repeat
    )
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

