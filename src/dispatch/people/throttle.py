"""Holding up those who guess: failed sign-ins are counted per account and per address, over all web processes.

An attempt is counted before it is checked, so that many at once do not slip through together; success takes its own
count back. Keys are derived: the table tells nobody who tried.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Database, Tx
from dispatch.kit.errors import DispatchError
from dispatch.people.models import SignInAttempt

WINDOW = timedelta(minutes=15)
#: Failures within the window before somebody has to wait for its end.
PER_ACCOUNT = 10
PER_ADDRESS = 30
MAILS_PER_ACCOUNT = 3
MAILS_PER_ADDRESS = 10


class TooMany(DispatchError):
    """Too many attempts; the message says how long to wait and what to do meanwhile."""

    status = 429
    title = "Please wait"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limit:
    """Something that may be tried `most` times within the window."""

    key: bytes
    most: int


class Throttle:
    """Counts attempts in the database.

    Args:
        secret: from which keys are derived; the same in every process.
    """

    def __init__(self, db: Database, secret: bytes) -> None:
        self.db = db
        self.secret = secret

    def of_account(self, email: str, *, most: int = PER_ACCOUNT, what: str = "sign-in") -> Limit:
        """Whoever that is, known to us or not."""
        return Limit(self._key(what, "account", email.strip().lower()), most)

    def of_address(self, address: str, *, most: int = PER_ADDRESS, what: str = "sign-in") -> Limit:
        """A computer or a home: IPv6 by its /64, for each home has as many addresses as it likes."""
        return Limit(self._key(what, "address", _network(address)), most)

    async def take(self, *limits: Limit) -> None:
        """Count an attempt.

        Raises:
            TooMany: one of the limits is reached; the attempt must not be made.
        """
        now = clock.now()
        async with self.db.system() as t:
            waits = [await _counted(t, limit, now) for limit in sorted(limits, key=lambda each: each.key)]
        wait = max((each for each in waits if each), default=None)
        if wait is not None:
            minutes = max(1, round(wait.total_seconds() / 60))
            raise TooMany(
                f"Too many attempts. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again. "
                "A one-time link from an admin, or your organization's provider, lets you in at once.",
                retry_after=int(wait.total_seconds()) + 1,
            )

    async def give_back(self, *limits: Limit) -> None:
        """The attempt was good after all."""
        async with self.db.system() as t:
            for limit in sorted(limits, key=lambda each: each.key):
                await t.execute(
                    update(SignInAttempt)
                    .where(SignInAttempt.key_hash == limit.key)
                    .values(count=func.greatest(SignInAttempt.count - 1, 0))
                )

    async def forget(self, limit: Limit) -> None:
        """Start over: the person is who they say."""
        async with self.db.system() as t:
            await t.execute(delete(SignInAttempt).where(SignInAttempt.key_hash == limit.key))

    def _key(self, *parts: str) -> bytes:
        return hmac.new(self.secret, "\0".join(("throttle", *parts)).encode(), hashlib.sha256).digest()


async def forget_old(t: Tx) -> None:
    """Drop counts whose window is over."""
    await t.execute(delete(SignInAttempt).where(SignInAttempt.since < clock.now() - WINDOW))


async def _counted(t: Tx, limit: Limit, now: datetime) -> timedelta | None:
    """How long to wait, if at all."""
    over = SignInAttempt.since < now - WINDOW
    count, since = (
        await t.execute(
            upsert(SignInAttempt)
            .values(key_hash=limit.key, count=1, since=now)
            .on_conflict_do_update(
                index_elements=["key_hash"],
                set_={
                    "count": case((over, 1), else_=SignInAttempt.count + 1),
                    "since": case((over, now), else_=SignInAttempt.since),
                },
            )
            .returning(SignInAttempt.count, SignInAttempt.since)
        )
    ).one()
    return since + WINDOW - now if count > limit.most else None


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
