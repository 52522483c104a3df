"""Reads about organizations, accounts and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Read, Tx
from dispatch.kit.errors import NotFound
from dispatch.people.actions import hashed
from dispatch.people.models import Account, ApiToken, ChatIdentity, Membership, Organization, Person, Session


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

    @property
    def is_admin(self) -> bool:
        return self.role in ("owner", "manager", "admin")

    @property
    def zone(self) -> str:
        return self.tz

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper() or "?"


async def organization(t: Read, slug: str) -> Organization | None:
    """By slug (`t` is a system transaction)."""
    return (await t.scalars(select(Organization).where(Organization.slug == slug))).one_or_none()


async def organizations(t: Read) -> list[Organization]:
    """All of them (`t` is a system transaction)."""
    return list(await t.scalars(select(Organization).order_by(Organization.id)))


async def account_of_session(t: Tx, token: str) -> int | None:
    """The signed-in account, None when the session ended."""
    return (
        await t.execute(
            select(Session.account_id).where(Session.token_hash == hashed(token), Session.expires_at > clock.now())
        )
    ).scalar_one_or_none()


async def account_email(t: Read, account_id: int) -> str:
    """The account's e-mail address."""
    return (await t.execute(select(Account.email).where(Account.id == account_id))).scalar_one()


async def viewer_of_account(t: Read, org: Organization, account_id: int) -> Viewer | None:
    """The account as a member of this organization; None when it is none."""
    row = (
        await t.execute(
            select(Membership.role, Person)
            .join(Person, (Person.org_id == Membership.org_id) & (Person.id == Membership.person_id))
            .where(Membership.org_id == t.org, Membership.account_id == account_id)
        )
    ).one_or_none()
    if row is None:
        return None
    person: Person = row.Person
    return Viewer(org.id, org.slug, org.name, row.role, person.id, person.name, person.email, person.tz)


async def viewer_of_token(t: Tx, org: Organization, token: str) -> Viewer | None:
    """The API token as a viewer of this organization; None when it is not one of its tokens."""
    role = (
        await t.execute(
            update(ApiToken)
            .where(ApiToken.token_hash == hashed(token), ApiToken.org_id == org.id, ApiToken.revoked_at.is_(None))
            .values(last_used_at=clock.now())
            .returning(ApiToken.membership_role)
        )
    ).scalar_one_or_none()
    if role is None:
        return None
    return Viewer(org.id, org.slug, org.name, role, None, "API token", "", "UTC")


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
    role = await t.scalar(
        select(Membership.role).where(Membership.org_id == t.org, Membership.person_id == person_id)
    )
    return role or "member"
