"""The app was removed from the workspace, or its token revoked: said where people look, until it works again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.errors import Refused
from dispatch.kit.slack import payloads
from dispatch.kit.slack.registry import Installation, event
from dispatch.projects.plugin_stopped import REMOVED, REVOKED, plugins_of_app_stopped
from dispatch.projects.reach import note_reach


@event("app_uninstalled", needs=(), anywhere=True)
async def uninstalled(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """Nothing works any more."""
    await _stopped(installation, db, happened, why=REMOVED)


@event("tokens_revoked", needs=(), anywhere=True)
async def revoked(installation: Installation, db: Database, happened: Mapping[str, Any]) -> None:
    """The bot's token; a person's own token only reopens channels, and its step says what is missing."""
    tokens = payloads.part(happened, "tokens")
    if tokens.get("bot"):
        await _stopped(installation, db, happened, why=REVOKED)


async def _stopped(installation: Installation, db: Database, happened: Mapping[str, Any], *, why: str) -> None:
    try:
        await installation.client.call("auth.test")
    except Refused as refused:
        said = refused
    else:
        return  # Late news: meanwhile it works again.
    at = datetime.fromtimestamp(payloads.micros(happened, {}) / 1_000_000, UTC)
    async with db.tx(installation.org) as t:
        stopped = await plugins_of_app_stopped(
            t,
            installation.instance_id,
            team=installation.team_id,
            app=installation.app_id,
            why=why,
            hint=said.hint,
            at=at,
        )
    for instance in stopped:
        await note_reach(
            db, installation.org, instance.project_id, instance=instance.id, team=installation.team_id,
            down_since=clock.now(),
        )  # fmt: skip
