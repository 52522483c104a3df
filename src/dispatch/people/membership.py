"""Who belongs to an organization, and as what: inviting, changing roles, deactivating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, true, update

from dispatch.kit import clock
from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.access import require, require_grant, require_over
from dispatch.people.actions import account_for, add_member, person_for
from dispatch.people.events import (
    MemberDeactivated,
    MemberInvited,
    MemberLinkMade,
    MemberRoleChanged,
    PasswordChanged,
    ProfileChanged,
)
from dispatch.people.models import (
    ROLES,
    AccountOrganization,
    ExternalIdentity,
    Membership,
    OneTimeLink,
    Password,
    Person,
    ProjectAdmin,
)
from dispatch.people.passwords import drop_passwords, set_password
from dispatch.people.queries import Viewer
from dispatch.people.sessions import SignedIn, drop_links, one_time_link

SIZE = 50


@dataclass(frozen=True)
class Member:
    """A row of the members page. `role` is empty for those who were deactivated."""

    person: Person
    role: str
    since: datetime
    account_id: int


@dataclass(frozen=True)
class Members:
    """One page of members."""

    items: Sequence[Member]
    total: int
    active: int
    left: int


async def members(t: Read, *, q: str = "", left: bool = False, page: int = 1, size: int = SIZE) -> Members:
    """Active members, or those who left, by name; `q` is looked for in name and e-mail."""
    joined = (
        select(Person, Membership)
        .outerjoin(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
        .where(Person.org_id == t.org)
    )
    active, gone = Membership.id.is_not(None), Membership.id.is_(None) & Person.left_at.is_not(None)
    counts = (
        await t.execute(
            joined.with_only_columns(
                func.count().filter(active).label("active"), func.count().filter(gone).label("left")
            )
        )
    ).one()
    wanted = joined.where(gone if left else active)
    if q.strip():
        text = q.strip()
        wanted = wanted.where(
            or_(Person.name.icontains(text, autoescape=True), Person.email.icontains(text, autoescape=True))
        )
    total = (await t.execute(wanted.with_only_columns(func.count()))).scalar_one()
    rows = await t.execute(wanted.order_by(func.lower(Person.name), Person.id).limit(size).offset((page - 1) * size))
    return Members(
        [
            Member(
                row.Person,
                row.Membership.role if row.Membership else "",
                row.Membership.created_at if row.Membership else row.Person.left_at,
                row.Membership.account_id if row.Membership else 0,
            )
            for row in rows
        ],
        total,
        counts.active,
        counts.left,
    )


async def member(t: Read, person_id: int, *, lock: bool = False) -> Member:
    """An active member.

    Raises:
        NotFound: nobody of this organization, or no longer a member.
    """
    query = (
        select(Person, Membership)
        .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
        .where(Person.org_id == t.org, Person.id == person_id)
    )
    row = (await t.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("There is no such member.")
    return Member(row.Person, row.Membership.role, row.Membership.created_at, row.Membership.account_id)


async def invite(t: Tx, viewer: Viewer, *, email: str, name: str, role: str) -> tuple[Member, str]:
    """Make somebody a member; returns them and a link that signs them in here, once.

    Raises:
        NotAllowed: the viewer may not invite, or not with that role.
        Invalid: no e-mail address, or no role.
        Conflict: already a member.
    """
    await require(t, viewer, "members.invite")
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", field="role")
    await require_grant(t, viewer, role)
    address = checked_email(email)
    account = await account_for(t, address)
    if await t.scalar(select(Membership.id).where(Membership.org_id == t.org, Membership.account_id == account)):
        raise Conflict(f"{address} is a member already. To send them a new link, open their page from the list below.")
    who = await person_for(t, address, name=name.strip()[:200])
    await add_member(t, account_id=account, person_id=who.id, role=role)
    await record(t, MemberInvited(person=who.name, after=role), about=Subject("member", who.id), by=viewer.person_id)
    return await member(t, who.id), await one_time_link(t, account, org=t.org)


async def admit(t: Tx, *, email: str, name: str, role: str) -> Member:
    """The operator's way to make somebody a member, or to give a member another role.

    Raises:
        Invalid: no e-mail address, or no role.
        Conflict: they are the last owner and would no longer be one.
    """
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", field="role")
    address = checked_email(email)
    await lock_roles(t)
    account = await account_for(t, address)
    there = await t.scalar(
        select(Membership.person_id).where(Membership.org_id == t.org, Membership.account_id == account)
    )
    if there is not None:
        await set_role(t, await member(t, there), role, by=None)
        return await member(t, there)
    who = await person_for(t, address, name=name.strip()[:100])
    await add_member(t, account_id=account, person_id=who.id, role=role)
    await record(t, MemberInvited(person=who.name, after=role), about=Subject("member", who.id))
    return await member(t, who.id)


async def new_link(t: Tx, viewer: Viewer, person_id: int) -> tuple[Member, str]:
    """A further one-time link for a member; it signs in here only.

    Raises:
        NotAllowed: the viewer may not, or the member stands above them: the link would make them somebody higher.
        NotFound: no such member.
    """
    await require(t, viewer, "members.invite")
    found = await member(t, person_id)
    await require_over(t, viewer, found.role, found.person.name)
    await record(t, MemberLinkMade(person=found.person.name), about=Subject("member", person_id), by=viewer.person_id)
    return found, await one_time_link(t, found.account_id, org=t.org)


async def change_role(t: Tx, viewer: Viewer, person_id: int, role: str) -> None:
    """Give a member another role, at once.

    Raises:
        NotAllowed: the viewer may not; nobody raises anybody above themselves or changes somebody above them.
        Conflict: they are the last owner.
        NotFound: no such member.
    """
    await require(t, viewer, "members.change_role")
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", field="role")
    await require_grant(t, viewer, role)
    await lock_roles(t)
    found = await member(t, person_id)
    await require_over(t, viewer, found.role, found.person.name)
    await set_role(t, found, role, by=viewer.person_id)


async def set_role(t: Tx, found: Member, role: str, *, by: int | None, why: str = "") -> None:
    """The rule that no organization is left without an owner, and the write. The caller holds `lock_roles`.

    Raises:
        Conflict: they are the last owner.
    """
    if role == found.role:
        return
    await _refuse_last_owner(t, found)
    await t.execute(
        update(Membership).where(Membership.org_id == t.org, Membership.person_id == found.person.id).values(role=role)
    )
    await record(
        t,
        MemberRoleChanged(person=found.person.name, before=found.role, after=role, why=why),
        about=Subject("member", found.person.id),
        by=by,
    )


async def deactivate(t: Tx, viewer: Viewer, person_id: int) -> None:
    """End a membership, at once. The person stays in the history; links, logins, passwords and project roles given here end.

    Raises:
        NotAllowed: the viewer may not, or the member stands above them.
        Conflict: they are the last owner, or the viewer.
        NotFound: no such member.
    """
    await require(t, viewer, "members.deactivate")
    await lock_roles(t)
    found = await member(t, person_id)
    await require_over(t, viewer, found.role, found.person.name)
    if found.person.id == viewer.person_id:
        raise Conflict("You cannot deactivate yourself. Ask somebody else to.")
    await _refuse_last_owner(t, found)
    account = found.account_id
    await t.execute(delete(Membership).where(Membership.org_id == t.org, Membership.person_id == person_id))
    await t.execute(
        delete(AccountOrganization).where(
            AccountOrganization.account_id == account, AccountOrganization.org_id == t.org
        )
    )
    await t.execute(
        delete(ExternalIdentity).where(ExternalIdentity.org_id == t.org, ExternalIdentity.account_id == account)
    )
    await t.execute(delete(ProjectAdmin).where(ProjectAdmin.org_id == t.org, ProjectAdmin.person_id == person_id))
    await drop_links(t, account, t.org)
    await drop_passwords(t, account, t.org)
    await t.execute(update(Person).where(Person.org_id == t.org, Person.id == person_id).values(left_at=clock.now()))
    await record(
        t,
        MemberDeactivated(person=found.person.name, before=found.role),
        about=Subject("member", person_id),
        by=viewer.person_id,
    )


async def show_times_of(t: Tx, person: Person, whose: str) -> None:
    """Whose clock the incident page shows the person: `Person.times_of`. How somebody looks at things is no news: no fact."""
    await t.execute(update(Person).where(Person.org_id == t.org, Person.id == person.id).values(times_of=whose))


async def change_profile(t: Tx, person: Person, *, name: str, tz: str) -> None:
    """What a person may change of themselves.

    Raises:
        Invalid: no name, or no such time zone.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid("Others have to call you something.", field="name")
    if len(name) > 100:
        raise Invalid("At most 100 characters, please.", field="name")
    before = {"name": person.name, "time zone": person.tz}
    after = {"name": name, "time zone": tz}
    if before == after:
        return
    await t.execute(update(Person).where(Person.org_id == t.org, Person.id == person.id).values(name=name, tz=tz))
    changed = {key for key in before if before[key] != after[key]}
    await record(
        t,
        ProfileChanged(
            person=name,
            before={key: before[key] for key in sorted(changed)},
            after={key: after[key] for key in sorted(changed)},
        ),
        about=Subject("member", person.id),
        by=person.id,
    )


async def change_password(t: Tx, person: Person, me: SignedIn, hash: str) -> None:
    """Store a hash from `passwords.hashed`. It opens what the session opens that it was set in."""
    await set_password(t, me.account_id, hash, org=None if me.org_ids is None else t.org)
    # A link that is still lying in a mailbox would be a way around the new password.
    reach = OneTimeLink.org_id == t.org if me.org_ids is not None else true()
    await t.execute(delete(OneTimeLink).where(OneTimeLink.account_id == me.account_id, reach))
    await record(t, PasswordChanged(person=person.name), about=Subject("member", person.id), by=person.id)


async def has_password(t: Read, me: SignedIn) -> bool:
    """Whether there is one of the session's reach."""
    reach = Password.org_id.is_(None) if me.org_ids is None else Password.org_id == t.org
    return await t.scalar(select(Password.id).where(Password.account_id == me.account_id, reach)) is not None


async def lock_roles(t: Tx) -> None:
    """One change of roles at a time in an organization: two owners must not demote each other."""
    await t.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("dispatch roles", t.org))))


def checked_email(text: str) -> str:
    """The address in lower case.

    Raises:
        Invalid: it is none.
    """
    address = text.strip().lower()
    local, at, domain = address.partition("@")
    if not (local and at and "." in domain) or any(c.isspace() for c in address) or len(address) > 254 or "@" in domain:
        raise Invalid("That is not an e-mail address.", field="email")
    return address


async def _refuse_last_owner(t: Tx, found: Member) -> None:
    if found.role != "owner":
        return
    others = await t.scalar(
        select(func.count())
        .select_from(Membership)
        .where(Membership.org_id == t.org, Membership.role == "owner", Membership.person_id != found.person.id)
    )
    if not others:
        raise Conflict(f"{found.person.name} is the last owner. Make somebody else an owner first.")
