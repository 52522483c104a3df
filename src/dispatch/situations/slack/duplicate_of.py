"""/dispatch duplicate-of INC-7: this incident is the same as another one, which goes on for both."""

from __future__ import annotations

from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, word
from dispatch.situations.access import require_merge, standing
from dispatch.situations.actions import merge
from dispatch.situations.queries import Links
from dispatch.situations.slack.related_to import both


@word("duplicate-of", description="Close this incident as a duplicate of the one you name.", needs="merge")
async def typed(asked: Request) -> Answer:
    """The channel reads where it goes on, then it is archived; the people are brought over."""
    async with both(asked, "/dispatch duplicate-of INC-7") as (t, place, other):
        there = await standing(t, place.viewer, other)
        require_merge(place.standing, there, lets_in=other.visibility == "restricted")
        await merge(t, place.situation, other, by=place.person)
    page = Links.incident(asked.installation.org_slug, place.situation.name)
    text = f"{place.situation.name} is closed as a duplicate of {other.name}; who took part is brought over."
    return {"response_type": "ephemeral", "text": f"{text} {b.link(f'{page}?stay=1', 'Undo it on its page')}."}
