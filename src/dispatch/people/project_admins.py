"""Who runs a project: the role *project admin*, given to members and taken from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from dispatch.kit import clock
from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Fact, Subject, announce, record
from dispatch.people.access import require
from dispatch.people.events import ProjectAdminGiven, ProjectAdminTaken
from dispatch.people.models import Membership, Person, ProjectAdmin
from dispatch.people.queries import Viewer, by_email


class Project(Protocol):
    """What of a project is needed; projects belong to a slice that knows this one."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Admin:
    """A project admin. `given_by` is empty when the command line or a program gave it."""

    person: Person
    role: str
    since: datetime
    given_by: str


async def admins_of(t: Read, project_id: int) -> Sequence[Admin]:
    """By name, with their role in the organization. One statement."""
    giver = aliased(Person)
    rows = await t.execute(
        select(Person, Membership.role, ProjectAdmin.since, giver.name.label("given_by"))
        .join(ProjectAdmin, (Person.org_id == ProjectAdmin.org_id) & (Person.id == ProjectAdmin.person_id))
        .join(Membership, (Membership.org_id == ProjectAdmin.org_id) & (Membership.person_id == ProjectAdmin.person_id))
        .outerjoin(giver, (giver.org_id == ProjectAdmin.org_id) & (giver.id == ProjectAdmin.given_by))
        .where(ProjectAdmin.org_id == t.org, ProjectAdmin.project_id == project_id)
        .order_by(Person.name, Person.id)
    )
    return [Admin(row.Person, row.role, row.since, row.given_by or "") for row in rows]


async def give(t: Tx, project: Project, email: str, *, viewer: Viewer | None, by: int | None) -> bool:
    """Make a member a project admin; returns False when they are one.

    Args:
        viewer: who gives it; None for the operator.
        by: the person it is written down for.

    Raises:
        NotAllowed: the viewer runs neither the project nor the organization.
        Invalid: nobody of that address, or no member: who cannot sign in could not use it.
    """
    if viewer is not None:
        await require(t, viewer, "projects.people", project.id)
    who = await _member(t, email)
    made = await t.scalar(
        upsert(ProjectAdmin)
        .values(org_id=t.org, project_id=project.id, person_id=who.id, given_by=by, since=clock.now())
        .on_conflict_do_nothing()
        .returning(ProjectAdmin.id)
    )
    if made is None:
        return False
    await _tell(t, project, who, ProjectAdminGiven(person=who.name, project=project.name), by=by)
    return True


async def take(t: Tx, project: Project, email: str, *, viewer: Viewer | None, by: int | None) -> None:
    """Take the role, at once; what they have open is read anew.

    Args:
        viewer: who takes it, also from themselves; None for the operator.
        by: the person it is written down for.

    Raises:
        NotAllowed: the viewer runs neither the project nor the organization.
        NotFound: they are no project admin of it.
    """
    if viewer is not None:
        await require(t, viewer, "projects.people", project.id)
    who = await by_email(t, email.replace("\0", ""))
    gone = None if who is None else await t.scalar(
        delete(ProjectAdmin)
        .where(ProjectAdmin.org_id == t.org, ProjectAdmin.project_id == project.id, ProjectAdmin.person_id == who.id)
        .returning(ProjectAdmin.id)
    )  # fmt: skip
    if who is None or gone is None:
        raise NotFound(f'"{email[:100]}" is no project admin of {project.name}.')
    await _tell(t, project, who, ProjectAdminTaken(person=who.name, project=project.name), by=by)


async def _member(t: Tx, email: str) -> Person:
    who = await by_email(t, email.replace("\0", ""))
    if who is None or who.is_program:
        raise Invalid(f'"{email[:100]}" is not a person of this organization.', field="person")
    # Locked, so that nobody is deactivated at the same moment and keeps the role.
    locked = select(Membership.id).where(Membership.org_id == t.org, Membership.person_id == who.id).with_for_update()
    if await t.scalar(locked) is None:
        raise Invalid(
            f"{who.name} is not a member and could not sign in. Invite them first (Settings → Members).", field="person"
        )
    return who


async def _tell(t: Tx, project: Project, who: Person, fact: Fact, *, by: int | None) -> None:
    await record(t, fact, about=Subject("project", project.id), by=by)
    # What they have open hears of it, whatever it is about.
    await announce(t, Subject("member", who.id), "role")
