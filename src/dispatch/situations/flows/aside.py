"""What is said to one person only: at most once, perhaps not seen, and late it is better left unsaid."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.errors import Refused
from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.situations.events import ToldAside
from dispatch.situations.flows.common import chat_of
from dispatch.situations.slack import asides

#: Slack's words for "nobody can read it there".
NOT_THERE = ("user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived")


async def say(c: StepContext) -> None:
    """Where they are; only they read it."""
    brief, chat = await chat_of(c)
    words = asides.aside(brief, c.data["what"], c.data["words"])
    place = {"thread_ts": c.data["thread"]} if c.data["thread"] else {}
    try:
        await chat.post_ephemeral(c.data["channel"], c.data["user"], {**words, **place})
    except Refused as why:
        if why.code not in NOT_THERE:
            raise
        raise Skip("They are not in the channel any more.") from None


told_aside = flow("incident.aside", version=1)(
    step("say", say, title="Tell one person something", deadline=timedelta(minutes=10), delivery="at most once",
         lane="decoration"),
)  # fmt: skip

on(ToldAside, told_aside)
