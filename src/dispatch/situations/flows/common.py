"""What the steps of all flows start from: the brief, the chat, the channel."""

from __future__ import annotations

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.events import Subject
from dispatch.kit.flows import Skip, StepContext
from dispatch.ports.conversations import Conversations
from dispatch.projects.providers import Providers
from dispatch.situations import queries
from dispatch.situations.models import Situation

NO_CHAT = "No chat system is configured for this project (Settings → Plugins → Slack)."


async def still_open(t: Read, about: Subject) -> str | None:
    """Nobody is paged or invited for something that ended meanwhile."""
    status = await t.scalar(select(Situation.status).where(Situation.org_id == t.org, Situation.id == about.id))
    return None if status != "Closed" else "It was closed meanwhile."


async def chat_of(c: StepContext) -> tuple[queries.Brief, Conversations]:
    """What is true now, and where to say it; skips the step without a chat system."""
    async with c.db.read(c.org) as t:
        brief = await queries.brief(t, c.subject.id)
    chat = await c.use(Providers).conversations(c.org, brief.project_id)
    if chat is None:
        raise Skip(NO_CHAT)
    return brief, chat


def channel_of(brief: queries.Brief) -> str:
    """The channel's id; skips the step when there is none."""
    if not brief.channel_id:
        raise Skip("There is no channel.")
    return brief.channel_id
