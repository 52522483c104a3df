"""The set-up guide is put away, or taken out again; and the very first owner, organization and project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text, update

from dispatch.kit import clock
from dispatch.kit.db import Database, OrgId, Tx
from dispatch.kit.errors import Conflict
from dispatch.kit.events import Fact, Subject, fact, record
from dispatch.people import queries as people
from dispatch.people.actions import checked_slug, create_organization
from dispatch.people.membership import admit
from dispatch.people.models import Organization
from dispatch.people.passwords import set_password
from dispatch.projects import queries as projects
from dispatch.projects.actions import create_project

#: One at a time sets an empty database up.
_LOCK: Final = text("select pg_advisory_xact_lock(hashtext('dispatch first run'))")
THERE: Final = "Somebody has set this Dispatch up already. Sign in, or ask them to invite you."


@fact
@dataclass(frozen=True, kw_only=True)
class SetupPutAway(Fact):
    """About the organization."""

    name = "setup.put_away"
    says = "{by} put the set-up guide away"
    icon = "checklist"


@fact
@dataclass(frozen=True, kw_only=True)
class SetupResumed(Fact):
    """About the organization."""

    name = "setup.resumed"
    says = "{by} took the set-up guide out again"
    icon = "checklist"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What the first person says. `password_hash` as `passwords.hashed` gives it."""

    name: str
    email: str
    password_hash: str
    org_name: str
    org_slug: str
    project_name: str


async def put_away(t: Tx, *, by: int | None) -> None:
    """The home does not show the guide any more; its address stays."""
    await t.execute(update(Organization).where(Organization.id == t.org).values(setup_dismissed_at=clock.now()))
    await record(t, SetupPutAway(), about=Subject("organization", t.org), by=by)


async def resume(t: Tx, *, by: int | None) -> None:
    """The home shows it again until everything is done."""
    await t.execute(update(Organization).where(Organization.id == t.org).values(setup_dismissed_at=None))
    await record(t, SetupResumed(), about=Subject("organization", t.org), by=by)


async def begin(db: Database, given: Beginning) -> tuple[int, str]:
    """The first organization with its project and owner, unless somebody was quicker: (account, slug).

    Two transactions, since an organization is made outside of all. After a crash between them the same form goes on.

    Raises:
        Conflict: there are members already.
        Invalid: a slug or an address that is none.
    """
    slug = checked_slug(given.org_slug)
    async with db.system() as t:
        await _alone(t)
        org = await people.organization(t, slug)
        if org is None:
            org = await create_organization(t, slug, name=given.org_name)
        org_id = OrgId(org.id)
    async with db.tx(org_id) as t:
        await _alone(t)
        if not await projects.projects(t):
            await create_project(t, "default", name=given.project_name, is_default=True)
        owner = await admit(t, email=given.email, name=given.name, role="owner")
        await set_password(t, owner.account_id, given.password_hash, org=None)
        return owner.account_id, slug


async def _alone(t: Tx) -> None:
    await t.execute(_LOCK)
    if not await people.nobody_yet(t):
        raise Conflict(THERE)
