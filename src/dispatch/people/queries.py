"""Reads about organizations, accounts and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Label, and_, exists, func, or_, select

from dispatch.kit.db import OrgId, Read
from dispatch.kit.errors import NotFound
from dispatch.people.models import (
    Account,
    AccountOrganization,
    ChatIdentity,
    Membership,
    Organization,
    Person,
    ProjectAdmin,
)


@dataclass(frozen=True)
class Viewer:
    """Who looks: decides what may be seen and done. `person_id` is None for API tokens."""

    org: OrgId
    org_slug: str
    org_name: str
    role: str
    person_id: int | None
    name: str
    email: str
    tz: str
    #: The program behind an API token; it acts under a person of its own, see `machines.person_of`.
    machine_id: int | None = None
    #: As `Person.times_of`.
    times_of: str = ""
    #: Ids of the projects they are project admin of.
    projects: frozenset[int] = frozenset()

    @property
    def is_admin(self) -> bool:
        return self.role in ("owner", "manager", "admin")

    @property
    def runs_something(self) -> bool:
        """Whether there are settings for them."""
        return self.is_admin or bool(self.projects)

    @property
    def rights(self) -> object:
        """What the viewer's rights hang on: another value, and what they opened before is to be read anew."""
        return self.role, self.projects

    def admin_of(self, project_id: int) -> bool:
        """Whether they run the project: as its project admin, or as an admin of the organization."""
        return self.is_admin or project_id in self.projects

    @property
    def zone(self) -> str:
        return self.tz

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper() or "?"


async def organization(t: Read, slug: str) -> Organization | None:
    """By slug (`t` is a system transaction)."""
    return (await t.scalars(select(Organization).where(Organization.slug == slug))).one_or_none()


async def organizations(t: Read, *, limit: int | None = None) -> list[Organization]:
    """All of them, or the first ones (`t` is a system transaction)."""
    return list(await t.scalars(select(Organization).order_by(Organization.id).limit(limit)))


async def nobody_yet(t: Read) -> bool:
    """Whether no organization has a member: nobody has set this up (`t` is any transaction; both tables are global)."""
    return await t.scalar(select(AccountOrganization.org_id).limit(1)) is None


async def organizations_of(t: Read, account_id: int, *, only: Iterable[int] | None = None) -> list[Organization]:
    """Where the account is a member, by name; `only` limits it to what a session opens."""
    query = (
        select(Organization)
        .join(AccountOrganization, AccountOrganization.org_id == Organization.id)
        .where(AccountOrganization.account_id == account_id)
        .order_by(Organization.name)
    )
    if only is not None:
        query = query.where(Organization.id.in_(list(only)))
    return list(await t.scalars(query))


async def account_of_email(t: Read, email: str) -> int | None:
    """The account of an address; None when there is none."""
    return await t.scalar(select(Account.id).where(Account.email == email.strip().lower()))


async def account_email(t: Read, account_id: int) -> str:
    """The account's e-mail address."""
    return (await t.execute(select(Account.email).where(Account.id == account_id))).scalar_one()


async def viewer_of_account(t: Read, org: Organization, account_id: int) -> Viewer | None:
    """The account as a member of this organization; None when it is none."""
    row = (
        await t.execute(
            select(Membership.role, _projects_of_member(), Person)
            .join(Person, (Person.org_id == Membership.org_id) & (Person.id == Membership.person_id))
            .where(Membership.org_id == t.org, Membership.account_id == account_id)
        )
    ).one_or_none()
    if row is None:
        return None
    person: Person = row.Person
    return Viewer(
        org.id, org.slug, org.name, row.role, person.id, person.name, person.email, person.tz, times_of=person.times_of,
        projects=frozenset(row.projects or ()),
    )  # fmt: skip


def _projects_of_member() -> Label[list[int] | None]:
    """The projects that the member of the row runs, as `projects`."""
    theirs = select(func.array_agg(ProjectAdmin.project_id)).where(
        ProjectAdmin.org_id == Membership.org_id, ProjectAdmin.person_id == Membership.person_id
    )
    return theirs.correlate(Membership).scalar_subquery().label("projects")


async def viewer_of_person(t: Read, who: Person) -> Viewer:
    """A person who acts in the chat system, with the role of their login.

    Without a login they are a member, for the workspace vouches for them; its guests, and those who were deactivated
    here, see what they take part in.
    """
    org = await t.get_one(Organization, t.org)
    found = (
        await t.execute(
            select(Membership.role, _projects_of_member()).where(
                Membership.org_id == t.org, Membership.person_id == who.id
            )
        )
    ).one_or_none()
    if found is not None:
        role, projects = found.role, frozenset[int](found.projects or ())
    else:
        guest = await t.scalar(
            select(ChatIdentity.guest)
            .where(ChatIdentity.org_id == t.org, ChatIdentity.person_id == who.id)
            .order_by(ChatIdentity.guest)
            .limit(1)
        )
        role, projects = "guest" if guest or who.left_at is not None else "member", frozenset()
    return Viewer(t.org, org.slug, org.name, role, who.id, who.name, who.email, who.tz, projects=projects)


async def unreachable(t: Read, ids: Iterable[int]) -> frozenset[int]:
    """Those of the people who cannot be called any more."""
    return frozenset(who.id for who, gone in (await people_and_whether_gone(t, ids)).values() if gone)


async def people_and_whether_gone(t: Read, ids: Iterable[int]) -> dict[int, tuple[Person, bool]]:
    """By id; gone is who was deactivated here, or whose every account in the chat system was. One statement."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    theirs = (ChatIdentity.org_id == Person.org_id) & (ChatIdentity.person_id == Person.id)
    dead = exists().where(theirs, ChatIdentity.deactivated_at.is_not(None))
    alive = exists().where(theirs, ChatIdentity.deactivated_at.is_(None))
    gone = or_(Person.left_at.is_not(None), and_(dead, ~alive))
    rows = await t.execute(select(Person, gone).where(Person.org_id == t.org, Person.id.in_(wanted)))
    return {who.id: (who, is_gone) for who, is_gone in rows}


async def admins(t: Read, *, project: int | None = None, limit: int = 3) -> list[str]:
    """Names of people who can help with rights: the project's admins first, owners last, who are few and busy."""
    runs = runs_project(project)
    return list(
        await t.scalars(
            select(Person.name)
            .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
            .where(Membership.org_id == t.org, or_(Membership.role.in_(("admin", "manager", "owner")), runs))
            .order_by(runs.desc(), Membership.role, Person.name)
            .limit(limit)
        )
    )


def runs_project(project: int | None) -> ColumnElement[bool]:
    """Whether the member of the row is project admin of that one; nobody is of none."""
    return exists().where(
        ProjectAdmin.org_id == Membership.org_id,
        ProjectAdmin.person_id == Membership.person_id,
        ProjectAdmin.project_id == (project or 0),
    )


async def admin_addresses(t: Read) -> list[str]:
    """Where owners, managers and admins get mail about the configuration."""
    return list(
        await t.scalars(
            select(Person.email)
            .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
            .where(Membership.org_id == t.org, Membership.role.in_(("admin", "manager", "owner")))
            .order_by(Person.email)
        )
    )


async def person(t: Read, person_id: int) -> Person:
    """By id.

    Raises:
        NotFound: nobody of this organization.
    """
    found = await t.scalar(select(Person).where(Person.org_id == t.org, Person.id == person_id))
    if found is None:
        raise NotFound("There is no such person.")
    return found


async def people(t: Read, ids: Iterable[int]) -> dict[int, Person]:
    """Several by id, in one statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {p.id: p for p in await t.scalars(select(Person).where(Person.org_id == t.org, Person.id.in_(wanted)))}


async def by_chat(t: Read, *, team: str, user: str) -> Person | None:
    """The person behind a user of a workspace, when known."""
    return await t.scalar(
        select(Person)
        .join(ChatIdentity, (ChatIdentity.org_id == Person.org_id) & (ChatIdentity.person_id == Person.id))
        .where(Person.org_id == t.org, ChatIdentity.team_id == team, ChatIdentity.user_id == user)
    )


async def by_chats(t: Read, *, team: str, users: Iterable[str]) -> dict[str, Person]:
    """User id -> person, for those known, in one statement."""
    wanted = set(users)
    if not wanted:
        return {}
    rows = await t.execute(
        select(ChatIdentity.user_id, Person)
        .join(Person, (ChatIdentity.org_id == Person.org_id) & (ChatIdentity.person_id == Person.id))
        .where(ChatIdentity.org_id == t.org, ChatIdentity.team_id == team, ChatIdentity.user_id.in_(wanted))
    )
    return {user: person for user, person in rows}


async def chat_ids(t: Read, ids: Iterable[int], *, team: str) -> dict[int, str]:
    """Person id -> user id in the workspace, for those known."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = await t.execute(
        select(ChatIdentity.person_id, ChatIdentity.user_id).where(
            ChatIdentity.org_id == t.org, ChatIdentity.team_id == team, ChatIdentity.person_id.in_(wanted)
        )
    )
    return {person_id: user_id for person_id, user_id in rows}


async def org_role(t: Read, person_id: int) -> str:
    """The person's organization role; `member` for people without a login."""
    role = await t.scalar(select(Membership.role).where(Membership.org_id == t.org, Membership.person_id == person_id))
    return role or "member"


async def by_email(t: Read, email: str) -> Person | None:
    """The person of an e-mail address."""
    return await t.scalar(select(Person).where(Person.org_id == t.org, Person.email == email.strip().lower()))


async def search_people(t: Read, q: str = "", *, limit: int = 20) -> list[Person]:
    """People whose name or e-mail contains `q`, by name; programs, which act under persons of their own, left out."""
    return list(await t.scalars(select(Person).where(_found(t, q)).order_by(Person.name, Person.id).limit(limit)))


async def page_of_people(t: Read, q: str, *, page: int, size: int) -> tuple[list[Person], int]:
    """(one page of `search_people`, how many there are)."""
    total = (await t.execute(select(func.count()).select_from(Person).where(_found(t, q)))).scalar_one()
    rows = await t.scalars(
        select(Person).where(_found(t, q)).order_by(Person.name, Person.id).offset((page - 1) * size).limit(size)
    )
    return list(rows), total


def _found(t: Read, q: str) -> ColumnElement[bool]:
    everybody = and_(Person.org_id == t.org, Person.email.not_like("%.invalid"))
    if not q.strip():
        return everybody
    asked = q.strip()
    return and_(
        everybody, or_(Person.name.icontains(asked, autoescape=True), Person.email.icontains(asked, autoescape=True))
    )
