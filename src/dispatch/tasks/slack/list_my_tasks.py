"""/dispatch-list-my-tasks: what I created or have to do, in all incidents I may see, from any channel."""

from __future__ import annotations

from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import open_modal
from dispatch.kit.slack.registry import Answer, Request, command
from dispatch.people.queries import viewer_of_person
from dispatch.situations.slack.actor import actor
from dispatch.tasks.slack.listing import listed


@command(
    "list_my_tasks",
    name="/dispatch-list-my-tasks",
    description="Opens a modal with the list of your open and resolved incident tasks.",
    anywhere=True,
)
async def typed(asked: Request) -> Answer:
    """Works everywhere: my tasks are not tied to a channel."""

    async def fill() -> b.View:
        person = await actor(asked)
        async with asked.db.read(asked.org) as t:
            return await listed(t, await viewer_of_person(t, person), situation_id=0)

    await open_modal(asked, "My tasks", fill)
    return None
