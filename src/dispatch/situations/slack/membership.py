"""Coming into an incident's channel and leaving it: the one makes participants, the other is noted.

Both may be told again, late and in the wrong order; the later one by Slack's clock holds. Those of a channel that wait are
handled in one transaction. What follows when somebody leaves who is needed hangs on the fact `LeftChannel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dispatch.kit.db import Database
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, events_at_once
from dispatch.situations import queries
from dispatch.situations.actions import joined_channel, left_channel
from dispatch.situations.slack.actor import everybody
from dispatch.situations.slack.place import situation_id_of_event, situation_of

NEEDS = ("channels:read", "groups:read", "users:read", "users:read.email")


@events_at_once("member_joined_channel", needs=NEEDS)
async def came_in(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """They take part from now on."""
    await _moved(installation, db, happened, came=True)


@events_at_once("member_left_channel", needs=NEEDS)
async def went(installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]]) -> None:
    """They stay participants, not in the channel. Who archives or replaces a channel sends nobody away."""
    await _moved(installation, db, happened, came=False)


async def _moved(
    installation: Installation, db: Database, happened: Sequence[Mapping[str, Any]], *, came: bool
) -> None:
    channel, latest = payloads.channel_of(happened[0]), _latest(happened)
    situation_id = await situation_id_of_event(installation, db, channel) if latest else None
    if situation_id is None:
        return
    people = await everybody(installation, db, latest)
    if not people:
        return
    async with db.tx(installation.org) as t:
        situation = await situation_of(t, situation_id)
        if situation is None:
            return
        if not came:
            now = queries.conversation(await queries.resources(t, situation_id))
            if now is None or now.external_id != channel or now.state:
                return
        # In one order everywhere, so that two who write the same rows do not wait for each other.
        for user, person in sorted(people.items(), key=lambda known: known[1].id):
            if came:
                await joined_channel(t, situation, person, at=latest[user])
            else:
                await left_channel(t, situation, person, at=latest[user])


def _latest(happened: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    """Of each user the latest: that they came, or left, several times tells no more than the last time."""
    latest: dict[str, int] = {}
    for each in happened:
        if user := payloads.ident(each.get("user")):
            latest[user] = max(latest.get(user, 0), payloads.micros(each, {}))
    return {user: datetime.fromtimestamp(at / 1_000_000, UTC) for user, at in latest.items()}
