"""Since when a project's Slack cannot be reached, as its latest calls showed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit.db import Database, OrgId, Read
from dispatch.projects.models import SlackDirectory


async def slack_down_since(t: Read, project_id: int) -> datetime | None:
    """None while Slack answers, or when the project has no Slack."""
    return await t.scalar(
        select(func.min(SlackDirectory.unreachable_since)).where(
            SlackDirectory.org_id == t.org, SlackDirectory.project_id == project_id
        )
    )


async def note_reach(
    db: Database, org: OrgId, project_id: int, *, instance: int, team: str, down_since: datetime | None
) -> None:
    """Write down a change, seen by the worker's periodic look or by a step that needed Slack."""
    async with db.system() as t:
        await t.execute(
            upsert(SlackDirectory)
            .values(
                org_id=org, instance_id=instance, project_id=project_id, team_id=team, app_id="", bot_user_id="",
                reachable=down_since is None, unreachable_since=down_since,
            )
            .on_conflict_do_update(
                index_elements=["org_id", "instance_id"],
                set_={"reachable": down_since is None, "unreachable_since": down_since},
            )
        )  # fmt: skip
