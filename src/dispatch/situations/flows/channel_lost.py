"""The channel was deleted: the page says so until somebody asks for a channel that takes over."""

from __future__ import annotations

from datetime import timedelta

from dispatch.kit.errors import Refused
from dispatch.kit.events import on
from dispatch.kit.flows import StepContext, flow, step
from dispatch.situations.events import ChannelChanged
from dispatch.situations.flows.common import still_open
from dispatch.situations.flows.successor import successor_steps


async def offer_successor(c: StepContext) -> dict[str, object]:
    """A channel is not deleted by accident, so a person decides whether there is a new one."""
    if not c.asked:
        raise Refused(
            f"The channel {c.data['channel']} was deleted in Slack. What was written there is gone; this page has the rest.",
            hint="Press Retry, and Dispatch makes a channel that takes over and brings the people into it.",
        )
    return {"successor": True, "why": f"The channel {c.data['channel']} was deleted, so the conversation goes on here."}


AS_LONG_AS_IT_TAKES = timedelta(days=90)

channel_lost = flow("incident.channel_lost", version=1)(
    step("offer", offer_successor, title="Make a channel that takes over", when=still_open,
         deadline=AS_LONG_AS_IT_TAKES, lane="people"),
    *successor_steps(after="offer", when=still_open, deadline=AS_LONG_AS_IT_TAKES),
)  # fmt: skip

on(ChannelChanged, channel_lost, when=lambda happened: happened.lost)
