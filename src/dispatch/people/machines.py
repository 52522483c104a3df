"""Programs that use the API: their tokens, what they may do, and when they last came."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, insert, select, update

from dispatch.kit import clock
from dispatch.kit.crypto import hash_token
from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Conflict, DispatchError, Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.access import lesser, require, require_grant, require_over
from dispatch.people.actions import person_for
from dispatch.people.events import TokenCreated, TokenRevoked
from dispatch.people.models import ROLES, ApiToken, Machine, Membership, Organization, Person
from dispatch.people.queries import Viewer

#: How exact "last used" is; each update is a write.
USED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 80


class TokenStopped(DispatchError):
    """A genuine token that does not work at the moment; the message says why and what helps."""

    status = 401
    title = "This token does not work"


@dataclass(frozen=True)
class MachineRow:
    """A row of the tokens page. `makers_role` is what its maker is now; empty when they were deactivated."""

    machine: Machine
    created_by: Person | None
    makers_role: str = ""

    @property
    def state(self) -> str:
        """`active`, `expired`, `revoked`, or `stopped` while its maker is deactivated."""
        if self.machine.revoked_at is not None:
            return "revoked"
        expires = self.machine.expires_at
        if expires is not None and expires <= clock.now():
            return "expired"
        return "stopped" if self.created_by is not None and not self.makers_role else "active"

    @property
    def role(self) -> str:
        """What it may do: the lesser of its own role and its maker's. The operator's tokens have their own."""
        return lesser(self.machine.role, self.makers_role or self.machine.role)


async def machines(t: Read) -> Sequence[MachineRow]:
    """All of the organization's, those that were not revoked first."""
    rows = await t.execute(
        _with_maker()
        .where(Machine.org_id == t.org)
        .order_by(Machine.revoked_at.is_not(None), Machine.created_at.desc())
        .limit(200)
    )
    return [MachineRow(row.Machine, row.Person, row.role or "") for row in rows]


def _with_maker() -> Select[Machine, Person, str]:
    """Machines, each with who made it and what they are now."""
    return (
        select(Machine, Person, Membership.role)
        .outerjoin(Person, (Person.org_id == Machine.org_id) & (Person.id == Machine.created_by))
        .outerjoin(Membership, (Membership.org_id == Machine.org_id) & (Membership.person_id == Machine.created_by))
    )


async def create_token(
    t: Tx, *, name: str, role: str, expires_at: datetime | None = None, by: int | None = None
) -> tuple[int, str]:
    """(id of the machine, its token). The token is not stored: it is shown once.

    Raises:
        Invalid: no name, no role, or it would have expired already.
        Conflict: a working token has that name.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            f"A token needs a name of at most {LONGEST_NAME} characters: which program is it for?", field="name"
        )
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", field="role")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("That day is over.", field="expires")
    taken = await t.scalar(
        select(Machine.id).where(
            Machine.org_id == t.org, func.lower(Machine.name) == name.lower(), Machine.revoked_at.is_(None)
        )
    )
    if taken is not None:
        raise Conflict(f'There is already a token "{name}". Revoke it first, or take another name.')
    token = "dsp_" + secrets.token_urlsafe(32)
    machine = (
        await t.execute(
            insert(Machine)
            .values(org_id=t.org, name=name, role=role, created_by=by, created_at=clock.now(), expires_at=expires_at)
            .returning(Machine.id)
        )
    ).scalar_one()
    await t.execute(
        insert(ApiToken).values(token_hash=hash_token(token), org_id=t.org, machine_id=machine, created_at=clock.now())
    )
    expires = "" if expires_at is None else expires_at.date().isoformat()
    await record(t, TokenCreated(token=name, after=role, expires=expires), about=Subject("organization", t.org), by=by)
    return machine, token


async def grant_token(t: Tx, viewer: Viewer, *, name: str, role: str, expires_at: datetime | None) -> tuple[int, str]:
    """`create_token` for a person.

    Raises:
        NotAllowed: the viewer may not, or not with that role.
    """
    await require(t, viewer, "tokens.manage")
    await require_grant(t, viewer, role)
    return await create_token(t, name=name, role=role, expires_at=expires_at, by=viewer.person_id)


async def revoke_token(t: Tx, viewer: Viewer, machine_id: int) -> None:
    """`void_token` for a person.

    Raises:
        NotAllowed: the viewer may not, or its role is above theirs.
        NotFound: there is none that still works.
    """
    await require(t, viewer, "tokens.manage")
    found = await _working(t, machine_id)
    await require_over(t, viewer, found.role, f'The token "{found.name}"')
    await void_token(t, machine_id, by=viewer.person_id)


async def void_token(t: Tx, machine_id: int, *, by: int | None = None) -> str:
    """Refuse a token from now on; returns the machine's name.

    Raises:
        NotFound: there is none that still works.
    """
    found = await _working(t, machine_id)
    found.revoked_at = clock.now()
    await t.flush()
    await record(t, TokenRevoked(token=found.name, before=found.role), about=Subject("organization", t.org), by=by)
    return found.name


async def _working(t: Tx, machine_id: int) -> Machine:
    found = await t.scalar(
        select(Machine)
        .where(Machine.org_id == t.org, Machine.id == machine_id, Machine.revoked_at.is_(None))
        .with_for_update()
    )
    if found is None:
        raise NotFound("There is no such token, or it was revoked already.")
    return found


async def person_of(t: Tx, viewer: Viewer) -> Person:
    """Under whom a program writes, so that timeline and audit name it. The address leads nowhere (RFC 2606)."""
    return await person_for(t, f"machine-{viewer.machine_id}@{viewer.org_slug}.invalid", name=viewer.name)


async def viewer_of_token(t: Tx, org: Organization, token: str) -> Viewer | None:
    """The machine as a viewer of this organization, with the lesser of its role and its maker's; None when there is no such token.

    Raises:
        TokenStopped: whoever made it was deactivated.
    """
    now = clock.now()
    row = (
        await t.execute(
            _with_maker()
            .join(ApiToken, (ApiToken.org_id == Machine.org_id) & (ApiToken.machine_id == Machine.id))
            .where(
                Machine.org_id == t.org,
                ApiToken.token_hash == hash_token(token),
                Machine.revoked_at.is_(None),
                Machine.expires_at.is_(None) | (Machine.expires_at > now),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    known = MachineRow(row.Machine, row.Person, row.role or "")
    found = known.machine
    if known.created_by is not None and known.state == "stopped":
        raise TokenStopped(
            f'The token "{found.name}" was made by {known.created_by.name}, who was deactivated. Ask an admin for a new one; '
            "it works again if they are made a member again."
        )
    if found.last_used_at is None or found.last_used_at < now - USED_EVERY:
        await t.execute(update(Machine).where(Machine.org_id == t.org, Machine.id == found.id).values(last_used_at=now))
    return Viewer(org.id, org.slug, org.name, known.role, None, found.name, "", "UTC", found.id)
