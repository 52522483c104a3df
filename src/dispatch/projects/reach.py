"""Since when a project's Slack cannot be reached, as its latest calls showed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dispatch.kit.db import Database, OrgId, Read
from dispatch.projects.models import SlackDirectory


async def slack_down_since(t: Read, project_id: int) -> datetime | None:
    """None while Slack answers, or when the project has no Slack."""
    return await t.scalar(
        select(SlackDirectory.unreachable_since).where(
            SlackDirectory.org_id == t.org, SlackDirectory.project_id == project_id
        )
    )


async def note_reach(db: Database, org: OrgId, project_id: int, *, down_since: datetime | None) -> None:
    """Write down a change; called by the periodic check of the worker."""
    async with db.system() as t:
        rows = await t.scalars(
            select(SlackDirectory).where(SlackDirectory.org_id == org, SlackDirectory.project_id == project_id)
        )
        for row in rows:
            row.reachable = down_since is None
            row.unreachable_since = down_since
