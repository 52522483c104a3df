"""Finding an organization by its slug where no request carries it: the command line."""

from __future__ import annotations

from dispatch.kit.db import Database
from dispatch.kit.errors import NotFound
from dispatch.people import queries
from dispatch.people.models import Organization


async def organization(db: Database, slug: str) -> Organization:
    """By slug.

    Raises:
        NotFound: there is none; names those there are.
    """
    async with db.system() as t:
        found = await queries.organization(t, slug)
        if found is not None:
            return found
        there = [o.slug for o in await queries.organizations(t)]
    raise NotFound(f'There is no organization "{slug}". There are: {", ".join(there) or "none yet"}.')
