"""What other systems hold for a situation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.situations.models import Resource


async def resources(t: Read, situation_id: int) -> list[Resource]:
    """What other systems hold, in the order it was made."""
    return list(
        await t.scalars(
            select(Resource)
            .where(Resource.org_id == t.org, Resource.situation_id == situation_id)
            .order_by(Resource.id)
        )
    )


def conversation(found: Sequence[Resource]) -> Resource | None:
    """The channel people talk in now: the latest that is not archived, else the latest. A deleted one is none."""
    channels = [r for r in found if r.kind == "conversation" and r.state != "deleted"]
    return next((r for r in reversed(channels) if r.state == ""), channels[-1] if channels else None)
