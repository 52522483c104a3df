"""Writes when somebody renames, archives, reopens or deletes a channel of ours in the chat system."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.situations import queries
from dispatch.situations.events import ChannelChanged
from dispatch.situations.models import Resource, Situation

#: What happened -> the state of the resource from then on.
STATES: Final = {"archived": "archived", "unarchived": "", "deleted": "deleted"}


async def channel_renamed(t: Tx, situation: Situation, channel: str, name: str, *, at_us: int, by: int | None) -> bool:
    """The channel has another name. Returns False when that was known, or is old news.

    Args:
        at_us: when, in microseconds of Slack's clock.
    """
    found = await _channel(t, situation, channel)
    if found is None or at_us <= int(found.data.get("named_us", 0)):
        return False
    found.data = {**found.data, "named_us": at_us}
    before, found.title = found.title, f"#{name}"
    await t.flush()
    if before == found.title:
        return False
    await record(
        t,
        ChannelChanged(channel=before, what=f"renamed to {found.title}", channel_id=channel),
        about=Subject(situation.kind, situation.id),
        by=by,
    )
    return True


async def channel_moved(t: Tx, situation: Situation, channel: str, what: str, *, at_us: int, by: int | None) -> bool:
    """The channel was archived, unarchived or deleted. Returns False when that was known, or is old news.

    Deleted is for good, whatever comes later.
    """
    found = await _channel(t, situation, channel)
    if found is None or found.state == "deleted":
        return False
    if what != "deleted" and at_us <= int(found.data.get("state_us", 0)):
        return False
    now = queries.conversation(await queries.resources(t, situation.id))
    found.data = {**found.data, "state_us": at_us}
    before, found.state = found.state, STATES[what]
    await t.flush()
    if before == found.state:
        return False
    lost = what == "deleted" and situation.status != "Closed" and now is not None and now.external_id == channel
    await record(
        t,
        ChannelChanged(channel=found.title, what=what, channel_id=channel, lost=lost),
        about=Subject(situation.kind, situation.id),
        by=by,
        pinned=lost,
    )
    return True


async def _channel(t: Tx, situation: Situation, channel: str) -> Resource | None:
    return await t.scalar(
        select(Resource)
        .where(
            Resource.org_id == t.org,
            Resource.situation_id == situation.id,
            Resource.kind == "conversation",
            Resource.external_id == channel,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
