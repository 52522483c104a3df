"""Who may do what in an organization: one table, asked by pages, API and commands alike."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import case, or_, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotAllowed
from dispatch.people.models import ROLES, Membership, Person
from dispatch.people.queries import Viewer, runs_project

#: Names in a refusal; more would be a list nobody reads.
HELPERS = 3


class Rule(NamedTuple):
    """The least role, and the words that complete "To ... you need to be ...".

    `project`: whether project admins may as well, in their own project; or, with `any`, whoever is admin of some project.
    """

    least: str
    to: str
    project: Literal["", "own", "any"] = ""


ACTIONS: dict[str, Rule] = {
    "incidents.report": Rule("member", "report an incident"),
    "settings.open": Rule("admin", "open settings", "any"),
    "settings.read": Rule("admin", "open or change settings of the organization"),
    "members.read": Rule("admin", "see the members"),
    "projects.configure": Rule("admin", "configure a project", "own"),
    "projects.people": Rule("admin", "say who runs a project", "own"),
    "oncall.configure": Rule("admin", "change who is on call", "own"),
    "plugins.configure": Rule("admin", "configure plugins", "own"),
    # Through it goes what restricted incidents say, and by it people are recognized.
    "plugins.connect": Rule("admin", "add or remove a plugin, or change what it connects with"),
    "announcements.restricted": Rule("admin", "let restricted incidents be announced"),
    "projects.choose_default": Rule("admin", "choose the default project"),
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
ROLE_WORDS = {
    "owner": "an owner",
    "manager": "a manager",
    "admin": "an admin",
    "member": "a member",
    "guest": "a guest",
}


def rank(role: str) -> int:
    """Higher may more; 0 for whoever has no role of the organization."""
    return len(ROLES) - ROLES.index(role) if role in ROLES else 0


def lesser(role: str, other: str) -> str:
    """The one that may less."""
    return min(role, other, key=rank)


def allows(viewer: Viewer, action: str, project: int | None = None) -> bool:
    """Whether the viewer may; for pages that leave out what cannot be done.

    Args:
        project: the id of the project it is about. Without it a project admin may only what needs no particular project.
    """
    rule = ACTIONS[action]
    if rank(viewer.role) >= rank(rule.least):
        return True
    return project in viewer.projects if rule.project == "own" else rule.project == "any" and bool(viewer.projects)


def allows_somewhere(viewer: Viewer, action: str) -> bool:
    """Whether the viewer may in some project, or everywhere; for links that lead to a project of theirs."""
    return allows(viewer, action) or (ACTIONS[action].project != "" and bool(viewer.projects))


def grantable(viewer: Viewer) -> list[str]:
    """Roles the viewer may give: none above their own."""
    return [role for role in ROLES if rank(role) <= rank(viewer.role)]


async def require(t: Read, viewer: Viewer, action: str, project: int | None = None) -> None:
    """Stop unless the viewer may do `action`, a key of `ACTIONS`. Asked when a page is shown and again when it is sent.

    Args:
        project: as for `allows`.

    Raises:
        NotAllowed: says what is missing, and names up to three people who can help.
    """
    if allows(viewer, action, project):
        return
    rule = ACTIONS[action]
    enough = (
        ""
        if rule.project == ""
        else "a project admin" + (", " if rule.project == "any" else " of this project, ") + "or "
    )
    elsewhere = rule.project == "own" and project is not None
    raise NotAllowed(
        f"To {rule.to} you need to be {enough}{_at_least(rule.least)}; you are {_words(viewer, elsewhere=elsewhere)}. "
        f"{await who_helps(t, rule.least, project if rule.project == 'own' else None)}"
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


async def who_helps(t: Read, least: str, project: int | None = None) -> str:
    """Names people with that role, the lower roles first: owners are few and busy. Before them, who runs the project."""
    enough = [role for role in ROLES if rank(role) >= rank(least)]
    order = case({role: rank(role) for role in enough}, value=Membership.role, else_=0)
    runs = runs_project(project)
    names = list(
        await t.scalars(
            select(Person.name)
            .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
            .where(Membership.org_id == t.org, or_(Membership.role.in_(enough), runs))
            .order_by(runs.desc(), order, Person.name)
            .limit(HELPERS)
        )
    )
    if not names:
        return "Nobody has that role yet: ask whoever runs Dispatch."
    return f"Ask {', '.join(names[:-1]) + ' or ' if names[1:] else ''}{names[-1]}."


def _words(viewer: Viewer, *, elsewhere: bool) -> str:
    if viewer.projects and not viewer.is_admin:
        return "a project admin of another one" if elsewhere else "a project admin"
    return ROLE_WORDS.get(viewer.role, "not a member")


def _at_least(role: str) -> str:
    return f"{ROLE_WORDS[role]} of the organization" + ("" if role == "owner" else " or above")
