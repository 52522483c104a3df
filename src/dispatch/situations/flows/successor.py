"""A channel that takes over from another one: steps that flows put after the step that decides it is needed.

The deciding step records `{"successor": True, "why": ...}`, or False when the old channel goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from dispatch.kit.db import Read
from dispatch.kit.events import Subject, record
from dispatch.kit.flows import Skip, Step, StepContext, step
from dispatch.situations.actions import remember_summary
from dispatch.situations.events import ChannelReopened
from dispatch.situations.flows.channel import bring_people, make_successor
from dispatch.situations.flows.common import channel_of, chat_of
from dispatch.situations.flows.show_state import refresh_topic
from dispatch.situations.slack import messages


def successor_steps(
    *,
    after: str,
    when: Callable[[Read, Subject], Awaitable[str | None]] | None = None,
    deadline: timedelta = timedelta(hours=24),
) -> tuple[Step, ...]:
    """Channel, people, first words, head and pinned summary of a successor; skipped when none is needed.

    Args:
        deadline: from the start of the flow; longer where a person decides in between.
    """

    def needed(run: Callable[[StepContext], Awaitable[None]]) -> Callable[[StepContext], Awaitable[None]]:
        async def run_if(c: StepContext) -> None:
            if not (c.results.get(after) or {}).get("successor"):
                raise Skip("The channel goes on.")
            await run(c)

        return run_if

    async def first_words(c: StepContext) -> None:
        brief, chat = await chat_of(c)
        channel = channel_of(brief)
        why = str(c.results[after].get("why") or "")
        await chat.post(channel, messages.successor(brief, why=why), key=c.key, look_first=c.repeat)
        async with c.done() as t:
            await record(
                t, ChannelReopened(channel=f"<#{channel}>", channel_id=channel, successor=True), about=c.subject
            )

    async def head(c: StepContext) -> None:
        await refresh_topic(c)
        brief, chat = await chat_of(c)
        channel = channel_of(brief)
        posted = await chat.post(channel, messages.summary(brief), key=c.key, look_first=c.repeat)
        await chat.pin(posted)
        await chat.bookmark(channel, f"{brief.name} in Dispatch", brief.url)
        async with c.done({"ts": posted.ts}) as t:
            await remember_summary(t, c.subject, ts=posted.ts, key=c.key)

    return (
        step("successor", needed(make_successor), title="Create a channel that takes over", after=after, when=when,
             deadline=deadline, delivery="once", lane="people"),
        step("successor_people", needed(bring_people), title="Bring the people into it", after="successor", when=when,
             deadline=deadline, lane="people"),
        step("successor_words", needed(first_words), title="Say why there is a new channel", after="successor_people",
             when=when, deadline=deadline, delivery="once"),
        step("successor_head", needed(head), title="Topic, summary and bookmark of the new channel",
             after="successor_people", when=when, deadline=deadline, delivery="once", lane="decoration"),
    )  # fmt: skip
