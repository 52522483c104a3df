"""Reads about role rules: which one decides for a situation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.situations.models import Situation
from dispatch.situations.policies.models import RolePolicy

#: Roles that may be filled at opening, in the order of the settings.
FILLED = ("Commander", "Scribe", "Liaison")
CONDITIONS = ("type_id", "severity_id", "priority_id")


async def policies(t: Read, project_id: int) -> list[RolePolicy]:
    """All of a project: by role, and within it in the order in which they decide."""
    found = await t.scalars(
        select(RolePolicy)
        .where(RolePolicy.org_id == t.org, RolePolicy.project_id == project_id)
        .order_by(RolePolicy.id)
    )
    return sorted(found, key=lambda p: (FILLED.index(p.role), -narrow(p), p.id))


async def policy(t: Read, policy_id: int, *, project_id: int) -> RolePolicy:
    """One of a project.

    Raises:
        NotFound: none of this project.
    """
    found = await t.get(RolePolicy, (t.org, policy_id))
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such rule in this project.")
    return found


def narrow(policy: RolePolicy) -> int:
    """How many conditions it has: the more, the earlier it decides."""
    return sum(getattr(policy, key) is not None for key in CONDITIONS)


def deciding(found: Sequence[RolePolicy], situation: Situation) -> dict[str, RolePolicy]:
    """By role the rule that decides for this situation; roles without one are not in it."""
    decided: dict[str, RolePolicy] = {}
    for each in found:
        if all(getattr(each, key) in (None, getattr(situation, key)) for key in CONDITIONS):
            decided.setdefault(each.role, each)
    return decided
