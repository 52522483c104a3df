"""Coming into an incident's channel and leaving it: the one makes participants, the other is noted.

Both may be told again, late and in the wrong order; the later one by Slack's clock holds. What follows when somebody
leaves who is needed hangs on the fact `LeftChannel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dispatch.kit.db import Database
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, event
from dispatch.situations import queries
from dispatch.situations.actions import joined_channel, left_channel
from dispatch.situations.slack.actor import somebody
from dispatch.situations.slack.place import situation_id_of_event, situation_of

NEEDS = ("channels:read", "groups:read", "users:read", "users:read.email")


@event("member_joined_channel", needs=NEEDS)
async def came_in(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """They take part from now on."""
    await _moved(installation, db, happened, came=True)


@event("member_left_channel", needs=NEEDS)
async def went(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """They stay participants, not in the channel. Who archives or replaces a channel sends nobody away."""
    await _moved(installation, db, happened, came=False)


async def _moved(installation: Installation, db: Database, happened: Mapping[str, Any], *, came: bool) -> None:
    user, channel = payloads.ident(happened.get("user")), payloads.channel_of(happened)
    if not user or user == installation.bot_user_id:
        return
    situation_id = await situation_id_of_event(installation, db, channel)
    if situation_id is None:
        return
    person = await somebody(installation, db, user)
    if person is None:
        return
    at = datetime.fromtimestamp(payloads.micros(happened, {}) / 1_000_000, UTC)
    async with db.tx(installation.org) as t:
        situation = await situation_of(t, situation_id)
        if situation is None:
            return
        if came:
            await joined_channel(t, situation, person, at=at)
            return
        now = queries.conversation(await queries.resources(t, situation_id))
        if now is not None and now.external_id == channel and not now.state:
            await left_channel(t, situation, person, at=at)
