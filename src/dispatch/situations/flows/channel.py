"""The channel: made once whatever crashes, and the people brought into it."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.db import Tx
from dispatch.kit.errors import Refused
from dispatch.kit.events import record
from dispatch.kit.flows import Skip, StepContext
from dispatch.kit.slack import channel_names
from dispatch.people import queries as people
from dispatch.people.actions import link_chat
from dispatch.ports.conversations import Channel, Conversations, NotInvited
from dispatch.situations import queries
from dispatch.situations.actions import conversation_ended, link_resource, note_in_channel
from dispatch.situations.events import AlreadyOutside, ChannelArchived, ChannelCreated, PeopleInvited
from dispatch.situations.flows.common import channel_of, chat_of


async def make_channel(c: StepContext) -> None:
    """Reserve the name here, then make the channel there; a crash between the two finds it again."""
    brief, chat = await chat_of(c)
    # Nobody needs one any more; but one whose answer was lost has to be known, to be archived.
    if brief.status == "Closed" and not (c.repeat and await _reserved_and_made(c, brief, chat)):
        raise Skip("It was closed meanwhile.")
    await open_channel(c, brief, chat, after=())


async def make_successor(c: StepContext) -> None:
    """A further channel for the same situation, when the old one cannot be used any more."""
    brief, chat = await chat_of(c)
    async with c.db.read(c.org) as t:
        before = [r for r in await queries.resources(t, c.subject.id) if r.kind == "conversation"]
    await open_channel(c, brief, chat, after=tuple(r.external_id for r in before))


async def open_channel(c: StepContext, brief: queries.Brief, chat: Conversations, *, after: tuple[str, ...]) -> None:
    """Finish the step with a new channel.

    Args:
        after: the situation's earlier channels, which this one succeeds.
    """
    private = _to_be_private(brief, chat)
    while True:
        place = await _reserve(c, brief, chat, after=after)
        channel = await _create_or_adopt(c, chat, place, private=private)
        if channel is None:
            await channel_names.belongs_to_a_stranger(c.db, team=chat.team_id, name=place.name)
        elif private and not channel.private:
            # The call that made it was under way, or its answer lost, when others were shut out.
            await chat.archive(channel.id)
            async with c.db.tx(c.org) as t:
                await _link(t, c, chat, place, channel)
                await conversation_ended(t, c.subject, channel.id, state="archived")
                await record(t, ChannelArchived(channel=f"#{channel.name}"), about=c.subject)
                left = f"public channel #{channel.name}, with nobody in it"
                await record(t, AlreadyOutside(what=left), about=c.subject, pinned=True)
            after = (*after, channel.id)
        else:
            break
    async with c.done({"channel": channel.id}) as t:
        await _link(t, c, chat, place, channel)


def _to_be_private(brief: queries.Brief, chat: Conversations) -> bool:
    return chat.private_channels or brief.visibility == "restricted"


async def _reserve(
    c: StepContext, brief: queries.Brief, chat: Conversations, *, after: tuple[str, ...]
) -> channel_names.SlackChannel:
    wanted = f"{brief.name}-response" if brief.visibility == "restricted" else f"{brief.name}-{brief.title}"
    names = channel_names.candidates(wanted, f"{brief.name}-{c.org}")
    try:
        return await channel_names.reserve(
            c.db, team=chat.team_id, names=names, org=c.org, about=c.subject, after=after
        )
    except LookupError:
        raise Refused("No free channel name was found.", hint="Rename a channel in Slack, then try again.") from None


async def _reserved_and_made(c: StepContext, brief: queries.Brief, chat: Conversations) -> bool:
    place = await _reserve(c, brief, chat, after=())
    return await _made_before(c, chat, place, private=_to_be_private(brief, chat)) is not None


async def _link(
    t: Tx, c: StepContext, chat: Conversations, place: channel_names.SlackChannel, channel: Channel
) -> None:
    """The channel of the reserved name is the situation's from now on."""
    await channel_names.claimed(t, team=chat.team_id, name=place.name, channel=channel.id)
    await link_resource(
        t,
        c.subject,
        kind="conversation",
        provider=chat.platform,
        external_id=channel.id,
        title=f"#{channel.name}",
        url=channel.url,
        data={"team": chat.team_id, "private": channel.private},
        says=ChannelCreated(channel=channel.name, channel_id=channel.id, private=channel.private),
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
    return await _made_before(c, chat, place, private=private)


async def _made_before(
    c: StepContext, chat: Conversations, place: channel_names.SlackChannel, *, private: bool
) -> Channel | None:
    """The channel that an earlier attempt made, and that nobody has.

    It may be visible to others, although `private` is wanted by now.
    """
    existing = await chat.find_channel(place.name, private=private)
    if existing is None and private:
        existing = await chat.find_channel(place.name, private=False)
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
        if p.person.is_program:
            continue
        user = known.get(p.person.id) or await chat.find_user(p.person.email)
        if user is None:
            unknown.append(p.person.id)
        else:
            users[user] = p.person.id
    # At first nobody is there; asking would cost a call while everybody waits.
    there = await chat.members(channel) if c.repeat else set[str]()
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
