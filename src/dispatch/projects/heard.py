"""When Slack's requests first came in for an instance: the proof that Slack reaches Dispatch with these settings.

Only the first of each kind: later ones prove nothing more, and that one came in says that somebody does something.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import update

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.events import Subject, announce
from dispatch.kit.slack.registry import Installation
from dispatch.projects.models import SlackDirectory

#: Subject of what is announced; by the id of the project. The set-up guide waits for it, and nobody else.
FIRST_REQUEST: Final = "first_request"
_COLUMNS: Final = {
    "event": SlackDirectory.event_at,
    "command": SlackDirectory.command_at,
    "action": SlackDirectory.action_at,
}


async def note_heard(db: Database, there: Installation, kind: str) -> None:
    """Write down that a verified request came in, if it is the first of its kind with these secrets.

    Args:
        kind: event, command or action.
    """
    column = _COLUMNS[kind]
    async with db.tx(there.org) as t:
        written = await t.execute(
            update(SlackDirectory)
            .where(
                SlackDirectory.org_id == there.org,
                SlackDirectory.instance_id == there.instance_id,
                column.is_(None),
            )
            .values({column: clock.now()})
            .returning(SlackDirectory.instance_id)
        )
        if written.all():
            await announce(t, Subject(FIRST_REQUEST, there.project_id), "slack")
