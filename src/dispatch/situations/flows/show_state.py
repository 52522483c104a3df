"""Topic and pinned summary follow the incident: one flow for every fact that changes what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dispatch.kit.errors import Refused
from dispatch.kit.events import on
from dispatch.kit.flows import Skip, StepContext, flow, step
from dispatch.ports.conversations import Posted
from dispatch.situations.actions import pinned_summary
from dispatch.situations.events import (
    CommandAcknowledged,
    CommanderChanged,
    DetailsChanged,
    StatusChanged,
    UpdatePromised,
    VisibilityChanged,
)
from dispatch.situations.flows.common import channel_of, chat_of
from dispatch.situations.slack import messages


@contextmanager
def archived_is_fine() -> Iterator[None]:
    """Nobody reads the head of an archived channel."""
    try:
        yield
    except Refused as why:
        if why.code != "is_archived":
            raise
        raise Skip("The channel is archived.") from None


async def refresh_topic(c: StepContext) -> None:
    """Status, severity, priority or commander changed: the head of the channel says so."""
    brief, chat = await chat_of(c)
    while True:
        with archived_is_fine():
            await chat.set_topic(channel_of(brief), messages.topic(brief))
        # What changed while we wrote may have written before us.
        now, _ = await chat_of(c)
        if messages.topic(now) == messages.topic(brief):
            return
        brief = now


async def refresh_summary(c: StepContext) -> None:
    """The pinned summary says the same as the topic."""
    brief, chat = await chat_of(c)
    channel = channel_of(brief)
    async with c.db.tx(c.org) as t:
        pinned = await pinned_summary(t, c.subject)
    if pinned is None:
        raise Skip("The summary is not pinned yet; it will say how things are then.")
    while True:
        with archived_is_fine():
            await chat.update(Posted(channel, pinned["ts"]), messages.summary(brief), key=pinned["key"])
        now, _ = await chat_of(c)
        if messages.summary(now) == messages.summary(brief):
            return
        brief = now


show_state = flow("incident.show_state", version=1)(
    step("topic", refresh_topic, title="Bring the topic up to date", lane="decoration"),
    step("summary", refresh_summary, title="Bring the pinned summary up to date", lane="decoration"),
)

for fact in (CommandAcknowledged, CommanderChanged, DetailsChanged, UpdatePromised):
    on(fact, show_state)
# Closing and reopening show it themselves, before the channel is archived and after it is back.
on(StatusChanged, show_state, when=lambda happened: "Closed" not in (happened.before, happened.after))
# A situation that becomes restricted gets a channel of its own, which starts with the right words.
on(VisibilityChanged, show_state, when=lambda happened: happened.after == "open")
