"""News about channels of ours: renamed, archived, unarchived, deleted. Private channels have their own names for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dispatch.kit.db import Database
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, event
from dispatch.people.queries import by_chat
from dispatch.situations.actions.channels import channel_moved, channel_renamed
from dispatch.situations.slack.place import situation_id_of_event, situation_of

#: What Slack calls it -> what people read.
WORDS: Final = {"rename": "renamed", "archive": "archived", "unarchive": "unarchived", "deleted": "deleted"}


async def changed(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """The incident page follows. What Dispatch does itself is written down where it is done."""
    what = WORDS[str(happened.get("type")).partition("_")[2]]
    channel = payloads.channel_of(happened)
    user = payloads.ident(happened.get("user")) or payloads.ident(happened.get("actor_id"))
    if user and user == installation.bot_user_id:
        return
    situation_id = await situation_id_of_event(installation, db, channel)
    if situation_id is None:
        return
    at_us = payloads.micros(happened, {})
    async with db.tx(installation.org) as t:
        situation = await situation_of(t, situation_id)
        if situation is None:
            return
        person = await by_chat(t, team=installation.team_id, user=user) if user else None
        by = person.id if person is not None else None
        if what == "renamed":
            name = payloads.text(payloads.part(happened, "channel").get("name"), 200)
            if name:
                await channel_renamed(t, situation, channel, name, at_us=at_us, by=by)
        else:
            await channel_moved(t, situation, channel, what, at_us=at_us, by=by)


for _family in ("channel", "group"):
    for _what in WORDS:
        event(f"{_family}_{_what}", needs=(f"{'channels' if _family == 'channel' else 'groups'}:read",))(changed)
