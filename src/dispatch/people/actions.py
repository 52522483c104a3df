"""Writes about organizations, accounts and people."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Conflict, Invalid, Stale
from dispatch.kit.events import Subject, record
from dispatch.people.events import OrganizationChanged
from dispatch.people.models import (
    ROLES,
    Account,
    AccountOrganization,
    ChatIdentity,
    Membership,
    Organization,
    Person,
)

RESERVED_SLUGS = frozenset({"api", "static", "healthz", "first-run", "sign-in", "sign-out", "metrics", "sandbox"})


def checked_slug(slug: str) -> str:
    """The slug if it may be one: lower-case letters, digits and hyphens, at most 40 characters.

    Raises:
        Invalid: it may not.
    """
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug):
        raise Invalid(
            f'"{slug}" cannot be used: take lower-case letters, digits and hyphens, at most 40.', field="slug"
        )
    if slug in RESERVED_SLUGS:
        raise Invalid(f'"{slug}" is reserved for Dispatch itself.', field="slug")
    return slug


async def create_organization(t: Tx, slug: str, *, name: str = "") -> Organization:
    """A new tenant (`t` is a system transaction).

    Raises:
        Conflict: the slug is taken.
    """
    org = Organization(slug=checked_slug(slug), name=name or slug.title(), created_at=clock.now())
    if await t.scalar(select(Organization.id).where(Organization.slug == slug)):
        raise Conflict(f'There is already an organization "{slug}".')
    t.add(org)
    await t.flush()
    return org


async def rename_organization(t: Tx, name: str, *, unless: Callable[[str], bool], by: int | None) -> None:
    """Another name; the slug stays.

    Args:
        unless: given the present name, whether the person was shown another one.

    Raises:
        Stale: somebody else renamed it meanwhile.
    """
    org = (await t.scalars(select(Organization).where(Organization.id == t.org).with_for_update(key_share=True))).one()
    if unless(org.name):
        raise Stale(f"Somebody else renamed it to {org.name} in the meantime. Nothing of yours is saved yet.")
    before, org.name = org.name, name
    await t.flush()
    if before != name:
        fact = OrganizationChanged(changed="Name", before={"Name": before}, after={"Name": name})
        await record(t, fact, about=Subject("organization", org.id), by=by)


async def account_for(t: Tx, email: str) -> int:
    """The account of an e-mail address, made when missing (`t` is a system transaction)."""
    email = email.strip().lower()
    await t.execute(upsert(Account).values(email=email, created_at=clock.now()).on_conflict_do_nothing())
    return (await t.execute(select(Account.id).where(Account.email == email))).scalar_one()


async def person_for(t: Tx, email: str, *, name: str = "", **profile: str) -> Person:
    """The person of an e-mail address in this organization, made when missing; given profile values are kept up to date."""
    email = email.strip().lower()
    values = {key: value for key, value in {"name": name, **profile}.items() if value}
    await t.execute(
        upsert(Person)
        .values(
            org_id=t.org,
            email=email,
            created_at=clock.now(),
            name=name or email.split("@")[0],
            title="",
            team="",
            department="",
            location="",
            weblink="",
            avatar_url=profile.get("avatar_url", ""),
            tz=profile.get("tz", "UTC"),
        )
        .on_conflict_do_nothing()
    )
    if values:
        await t.execute(update(Person).where(Person.org_id == t.org, Person.email == email).values(**values))
    return (
        await t.scalars(
            select(Person)
            .where(Person.org_id == t.org, Person.email == email)
            .execution_options(populate_existing=True)
        )
    ).one()


async def link_chat(t: Tx, person_id: int, *, team: str, user: str, guest: bool | None = None) -> None:
    """Remember which user of a workspace the person is; `guest` None leaves what is known."""
    changes: dict[str, object] = {"person_id": person_id}
    if guest is not None:
        changes["guest"] = guest
    await t.execute(
        upsert(ChatIdentity)
        .values(org_id=t.org, person_id=person_id, team_id=team, user_id=user, guest=bool(guest))
        .on_conflict_do_update(index_elements=["org_id", "team_id", "user_id"], set_=changes)
    )


async def add_member(t: Tx, *, account_id: int, person_id: int, role: str) -> None:
    """Give an account a role in this organization."""
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", field="role")
    await t.execute(
        upsert(Membership)
        .values(org_id=t.org, account_id=account_id, person_id=person_id, role=role, created_at=clock.now())
        .on_conflict_do_update(index_elements=["org_id", "account_id"], set_={"role": role})
    )
    await t.execute(
        update(Person).where(Person.org_id == t.org, Person.id == person_id).values(account_id=account_id, left_at=None)
    )
    await t.execute(upsert(AccountOrganization).values(account_id=account_id, org_id=t.org).on_conflict_do_nothing())
