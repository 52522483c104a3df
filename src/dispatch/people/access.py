"""Who may change an organization's configuration, and who can help those who may not."""

from __future__ import annotations

from sqlalchemy import case, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotAllowed
from dispatch.people.models import ROLES, Membership, Organization, Person
from dispatch.people.queries import Viewer

#: How many are named; asking one of them is enough.
NAMED = 3


async def admins(t: Read) -> list[Person]:
    """Members who may configure, the admins first: they are nearer than the owner."""
    nearness = case({role: place for place, role in enumerate(reversed(ROLES))}, value=Membership.role)
    return list(
        await t.scalars(
            select(Person)
            .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
            .where(Membership.org_id == t.org, Membership.role.in_(("owner", "manager", "admin")))
            .order_by(nearness, Person.name, Person.id)
        )
    )


async def may_configure(t: Read, viewer: Viewer, *, what: str = "open or change settings") -> None:
    """Admins, managers and owners may.

    Raises:
        NotAllowed: says which role is missing and names people who can help.
    """
    if viewer.is_admin:
        return
    names = [person.name for person in (await admins(t))[:NAMED]]
    org = await t.get_one(Organization, t.org)
    helps = f"Ask {_either(names)}." if names else "Whoever runs Dispatch can give you the role."
    raise NotAllowed(
        f"To {what} you need to be an admin, manager or owner of {org.name}; you are a {viewer.role}. {helps}"
    )


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
