"""Who may do what in an organization: one table, asked by pages, API and commands alike."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import case, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotAllowed
from dispatch.people.models import ROLES, Membership, Person
from dispatch.people.queries import Viewer

#: Names in a refusal; more would be a list nobody reads.
HELPERS = 3


class Rule(NamedTuple):
    """The least role, and the words that complete "To ... you need to be ..."."""

    least: str
    to: str


ACTIONS: dict[str, Rule] = {
    "incidents.report": Rule("member", "report an incident"),
    "settings.read": Rule("admin", "open or change settings"),
    "members.read": Rule("admin", "see the members"),
    "plugins.configure": Rule("admin", "configure plugins"),
    "projects.configure": Rule("admin", "configure a project"),
    "oncall.configure": Rule("admin", "change who is on call"),
    "members.invite": Rule("admin", "invite people"),
    "tokens.manage": Rule("admin", "manage API tokens"),
    "restricted.open": Rule("admin", "open a restricted incident you take no part in"),
    "audit.read": Rule("admin", "read the audit log"),
    "projects.create": Rule("manager", "create a project"),
    "organization.configure": Rule("manager", "change the organization"),
    "members.change_role": Rule("manager", "change roles"),
    "members.deactivate": Rule("manager", "deactivate members"),
    # Whoever chooses the provider decides who can sign in as whom, owners included.
    "sign_in.configure": Rule("owner", "change how people sign in"),
}
ROLE_WORDS = {"owner": "an owner", "manager": "a manager", "admin": "an admin", "member": "a member", "guest": "a guest"}


def rank(role: str) -> int:
    """Higher may more; 0 for whoever has no role of the organization."""
    return len(ROLES) - ROLES.index(role) if role in ROLES else 0


def lesser(role: str, other: str) -> str:
    """The one that may less."""
    return min(role, other, key=rank)


def allows(viewer: Viewer, action: str) -> bool:
    """Whether the viewer may; for pages that leave out what cannot be done."""
    return rank(viewer.role) >= rank(ACTIONS[action].least)


def grantable(viewer: Viewer) -> list[str]:
    """Roles the viewer may give: none above their own."""
    return [role for role in ROLES if rank(role) <= rank(viewer.role)]


async def require(t: Read, viewer: Viewer, action: str) -> None:
    """Stop unless the viewer may do `action`, a key of `ACTIONS`. Asked when a page is shown and again when it is sent.

    Raises:
        NotAllowed: says what is missing, and names up to three people who can help.
    """
    if allows(viewer, action):
        return
    rule = ACTIONS[action]
    raise NotAllowed(
        f"To {rule.to} you need to be {_at_least(rule.least)}; you are {ROLE_WORDS.get(viewer.role, 'not a member')}. "
        f"{await who_helps(t, rule.least)}"
    )


async def require_grant(t: Read, viewer: Viewer, role: str) -> None:
    """Stop unless the viewer may give `role`: nobody raises anybody above themselves.

    Raises:
        NotAllowed: the role is above the viewer's; names who can give it.
    """
    if rank(role) > rank(viewer.role):
        raise NotAllowed(
            f"You are {ROLE_WORDS.get(viewer.role, 'not a member')} and cannot give a role above your own. "
            f"{await who_helps(t, role)}"
        )


async def require_over(t: Read, viewer: Viewer, role: str, name: str) -> None:
    """Stop unless the viewer may change somebody who has `role`.

    Raises:
        NotAllowed: they stand above the viewer; names who can help.
    """
    if rank(role) > rank(viewer.role):
        raise NotAllowed(
            f"{name} is {ROLE_WORDS[role]} and you are {ROLE_WORDS.get(viewer.role, 'not a member')}. "
            f"{await who_helps(t, role)}"
        )


async def who_helps(t: Read, least: str) -> str:
    """Names people with that role, the lower roles first: owners are few and busy."""
    enough = [role for role in ROLES if rank(role) >= rank(least)]
    order = case({role: rank(role) for role in enough}, value=Membership.role, else_=0)
    names = list(
        await t.scalars(
            select(Person.name)
            .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
            .where(Membership.org_id == t.org, Membership.role.in_(enough))
            .order_by(order, Person.name)
            .limit(HELPERS)
        )
    )
    if not names:
        return "Nobody has that role yet: ask whoever runs Dispatch."
    return f"Ask {', '.join(names[:-1]) + ' or ' if names[1:] else ''}{names[-1]}."


def _at_least(role: str) -> str:
    return f"{ROLE_WORDS[role]} of the organization" + ("" if role == "owner" else " or above")
