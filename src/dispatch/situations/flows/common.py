"""What the runbooks share: the brief, the project's chat, the channel, who is known there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.db import Read
from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.events import Subject, announce
from dispatch.kit.flows import Skip, StepContext
from dispatch.people import queries as people
from dispatch.people.actions import link_chat
from dispatch.ports.conversations import Conversations
from dispatch.projects.installations import SLUG
from dispatch.projects.providers import Providers
from dispatch.projects.queries import instances
from dispatch.projects.reach import note_reach, slack_down_since
from dispatch.situations import queries
from dispatch.situations.models import Situation

NO_MAIL = "No e-mail is configured for this project (Settings → Project → Plugins → SMTP)."
NO_CHAT = "No chat system is configured for this project (Settings → Project → Plugins → Slack)."


async def still_open(t: Read, about: Subject) -> str | None:
    """Nobody is paged or invited for something that ended meanwhile."""
    status = await t.scalar(select(Situation.status).where(Situation.org_id == t.org, Situation.id == about.id))
    return None if status != "Closed" else "It was closed meanwhile."


async def chat_of(c: StepContext) -> tuple[queries.Brief, Conversations]:
    """The situation and its project's chat.

    Raises:
        Skip: none is configured.
    """
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    chat = await c.use(Providers).conversations(c.org, brief.project_id)
    if chat is None:
        raise Skip(NO_CHAT)
    return brief, chat


def channel_of(brief: queries.Brief) -> str:
    """The channel's id.

    Raises:
        Skip: there is none (yet).
    """
    if not brief.channel_id:
        raise Skip("There is no channel.")
    return brief.channel_id


async def wait_for_channel(c: StepContext) -> None:
    """For what has to follow the first channel.

    Raises:
        Unavailable: it is still being made, or about to.
    """
    if await _any_is(c, "channel", "pending", "running"):
        raise Unavailable("The channel is being made.")


async def wait_for_archiving(c: StepContext) -> None:
    """For what depends on whether the channel is archived. One that has not begun looks again at the status before it does.

    Raises:
        Unavailable: Slack is being asked to archive it.
    """
    if await _any_is(c, "archive", "running"):
        raise Unavailable("The channel is being archived.", retry_after=1.0)


async def _any_is(c: StepContext, step: str, *states: str) -> bool:
    async with c.db.read(c.org) as t:
        return any(row.name == step and row.state in states for row in await queries.steps(t, c.subject))


async def note_if_slack_answers(c: StepContext, brief: queries.Brief, chat: Conversations) -> bool:
    """Ask the chat who we are; the incident page says since when it does not answer."""
    async with c.db.read(c.org) as t:
        known = await slack_down_since(t, brief.project_id)
        [instance, *_] = await instances(t, brief.project_id, slug=SLUG)
    try:
        await chat.identity()
    except Unavailable:
        if known is None:
            await note_reach(
                c.db, c.org, brief.project_id, instance=instance.id, team=chat.team_id, down_since=clock.now()
            )
            async with c.db.tx(c.org) as t:
                await announce(t, c.subject, "summary")
        return False
    return True


def thread(c: StepContext, brief: queries.Brief) -> str:
    """Keeps the mails about one situation together."""
    return f"{c.org}-{brief.kind}-{brief.id}-{int(brief.reported_at.timestamp()):x}"


async def tell_each(c: StepContext, chat: Conversations, told: Mapping[int, dict[str, Any]]) -> None:
    """A direct message to each; whom Slack refuses keeps it from nobody else, and is named.

    Nobody asks for people whose account is gone, or who are not known in the chat workspace: what can they miss.

    Args:
        told: messages by person.

    Raises:
        Refused: some could not be told; says who and why. All others were.
    """
    async with c.db.read(c.org) as t:
        known = await people.people_and_whether_gone(t, told)
    refused: list[str] = []
    hint = ""
    for person_id, message in told.items():
        who, gone = known[person_id]
        user = None if gone else await chat_id(c, chat, person_id)
        if user is None:
            continue
        try:
            await chat.direct_message(user, message, key=f"{c.key}-{person_id}", look_first=c.repeat)
        except Refused as why:
            refused.append(f"{who.name}: {why}")
            hint = why.hint
    if refused:
        raise Refused(f"Not told: {'; '.join(refused)}", hint=f"{hint} All others were told.".strip())


async def chat_id(c: StepContext, chat: Conversations, person_id: int) -> str | None:
    """The person's user id in the chat, looked up by e-mail and remembered; None when unknown there."""
    async with c.db.read(c.org) as t:
        known = await people.chat_ids(t, [person_id], team=chat.team_id)
        who = await people.person(t, person_id)
    if person_id in known:
        return known[person_id]
    found = await chat.find_user(who.email)
    if found is not None:
        async with c.db.tx(c.org) as t:
            await link_chat(t, person_id, team=chat.team_id, user=found)
    return found
