"""Passwords: argon2id, as pwdlib sets it up. Hashing is slow on purpose and done in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache

from pwdlib import PasswordHash
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Read, Tx
from dispatch.kit.errors import Invalid
from dispatch.people.models import Password

#: NIST SP 800-63B: length counts, rules about characters do not. The upper limit bounds the work of one request.
LEAST, MOST = 12, 200
#: Each hash takes tens of MB and a core; more at once would let a crowd of guesses starve everybody else.
_AT_ONCE = 4
_OBVIOUS = frozenset({"password", "passw0rd", "dispatch", "123456", "1234567890", "qwerty", "letmein", "changeme"})
_slots: dict[int, asyncio.Semaphore] = {}


def checked(password: str, *, email: str) -> str:
    """The password, if it may be one.

    Raises:
        Invalid: too short, too long, or the first thing anybody would try.
    """
    if len(password) < LEAST:
        raise Invalid(f"Take at least {LEAST} characters. A short sentence is easy to remember.", field="password")
    if len(password) > MOST:
        raise Invalid(f"Take at most {MOST} characters.", field="password")
    plain = password.lower().strip("0123456789!.?*# ")
    if (
        plain in _OBVIOUS
        or len(set(password)) < 4
        or email.split("@")[0].lower() == plain
        or email.lower() == password.lower()
    ):
        raise Invalid("That is among the first things anybody would try. Take something else.", field="password")
    return password


async def hashed(password: str) -> str:
    """The slow hash to store."""
    async with _slot():
        return await asyncio.to_thread(_hasher().hash, password)


async def matching(password: str, stored: Sequence[Password]) -> Password | None:
    """The stored password it is; the widest one first. Takes about the same time when nothing is stored."""
    if len(password) > MOST:
        password = ""
    found: Password | None = None
    async with _slot():
        widest_first: list[Password | None] = [*sorted(stored, key=lambda p: p.org_id is not None)[:8]]
        for each in widest_first or [None]:
            right = await asyncio.to_thread(_fits, password, each.hash if each is not None else None)
            if right and found is None:
                found = each
    return found


async def stored(t: Read, account_id: int | None) -> list[Password]:
    """The account's passwords; none for nobody."""
    return list(await t.scalars(select(Password).where(Password.account_id == account_id)))


async def set_password(t: Tx, account_id: int, hash: str, *, org: OrgId | None) -> None:
    """Store a hash from `hashed`, in place of the earlier one of the same reach."""
    values = {"hash": hash, "changed_at": clock.now()}
    await t.execute(
        upsert(Password)
        .values(account_id=account_id, org_id=org, **values)
        .on_conflict_do_update(index_elements=["account_id", "org_id"], set_=values)
    )


async def drop_passwords(t: Tx, account_id: int, org: OrgId) -> None:
    """Remove what was set under one organization's authority."""
    await t.execute(delete(Password).where(Password.account_id == account_id, Password.org_id == org))


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


def _fits(password: str, hash: str | None) -> bool:
    return _hasher().verify(password, hash or _nobody())


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def _slot() -> asyncio.Semaphore:
    # One per event loop: tests run several, one after the other.
    loop = id(asyncio.get_running_loop())
    if loop not in _slots:
        _slots.clear()
        _slots[loop] = asyncio.Semaphore(_AT_ONCE)
    return _slots[loop]
