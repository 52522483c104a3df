"""What people do in an incident's channel: coming in makes them participants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from dispatch.kit.db import Database
from dispatch.kit.slack import channel_names
from dispatch.kit.slack.registry import Installation, event
from dispatch.situations.actions import joined_channel
from dispatch.situations.models import Situation
from dispatch.situations.slack.actor import somebody


@event("member_joined_channel", needs=("channels:read", "groups:read", "users:read", "users:read.email"))
async def came_in(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """Idempotent: the same arrival twice changes nothing, and arrivals elsewhere are dropped before any reading."""
    user = str(happened.get("user", ""))
    if not user or user == installation.bot_user_id:
        return
    async with db.system() as t:
        place = await channel_names.owner(t, team=installation.team_id, channel=str(happened.get("channel", "")))
    if place is None or place.org_id != installation.org:
        return
    person = await somebody(installation, db, user)
    if person is None:
        return
    async with db.tx(installation.org) as t:
        situation = await t.scalar(
            select(Situation).where(Situation.org_id == t.org, Situation.id == place.subject_id)
        )
        if situation is not None:
            await joined_channel(t, situation, person)
