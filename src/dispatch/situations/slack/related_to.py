"""/dispatch related-to INC-7: this incident has to do with another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.slack.registry import Answer, Request, word
from dispatch.situations import queries
from dispatch.situations.actions import relate
from dispatch.situations.models import Situation
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import Here, here, situation_id_of_channel


@asynccontextmanager
async def both(asked: Request, example: str) -> AsyncIterator[tuple[Tx, Here, Situation]]:
    """The incident of this channel and the one that was named, in one transaction.

    Raises:
        Invalid: none was named; shows `example`.
        NotFound: not an incident's channel, or no incident of that name that the person may see.
    """
    named = asked.text.strip().split(" ")[0]
    if not named:
        raise Invalid(f"Name the other incident: {example}")
    situation_id = await situation_id_of_channel(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, person, situation_id)
        yield t, place, await queries.by_name(t, place.viewer, named)


@word("related-to", description="Link this incident with the one you name.", needs="relate")
async def typed(asked: Request) -> Answer:
    """Each page shows the other one."""
    async with both(asked, "/dispatch related-to INC-7") as (t, place, other):
        place.require("relate")
        fresh = await relate(t, place.situation, other, by=place.person)
    said = "are linked now" if fresh else "were linked already"
    return {"response_type": "ephemeral", "text": f"{place.situation.name} and {other.name} {said}."}
