"""/dispatch-list-tasks: what has to be done and what was done in this incident."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here
from dispatch.tasks.slack.listing import listed


@command(
    "list_tasks",
    name="/dispatch-list-tasks",
    description="Opens a modal with the list of open and resolved incident tasks.",
)
async def typed(asked: Request) -> Answer:
    """Everybody who sees the incident may look."""

    async def draw(t: Read, place: Here) -> b.View:
        return await listed(t, place.viewer, situation_id=place.situation.id)

    await open_here(asked, "Incident tasks", draw)
    return None
