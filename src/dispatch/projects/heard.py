"""When Slack's requests last came in for an instance: the proof that Slack reaches Dispatch with these settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import or_, update

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.events import Subject, announce
from dispatch.kit.slack.registry import Installation
from dispatch.projects.models import SlackDirectory

#: How exact the times are; each is a write.
AGAIN: Final = timedelta(hours=1)
_COLUMNS: Final = {
    "event": SlackDirectory.event_at,
    "command": SlackDirectory.command_at,
    "action": SlackDirectory.action_at,
}


async def note_heard(db: Database, there: Installation, kind: str) -> None:
    """Write down that a verified request came in.

    Args:
        kind: event, command or action.
    """
    column, now = _COLUMNS[kind], clock.now()
    async with db.tx(there.org) as t:
        written = await t.execute(
            update(SlackDirectory)
            .where(
                SlackDirectory.org_id == there.org,
                SlackDirectory.instance_id == there.instance_id,
                or_(column.is_(None), column < now - AGAIN),
            )
            .values({column: now})
            .returning(SlackDirectory.instance_id)
        )
        if written.all():
            await announce(t, Subject("project", there.project_id), "slack")
