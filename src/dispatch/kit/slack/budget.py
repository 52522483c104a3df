"""The rate budget all processes share: token buckets in one global table, leased in slices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy import Text, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Database
from dispatch.kit.errors import Unavailable
from dispatch.kit.slack.rates import Budget as Budget
from dispatch.kit.slack.rates import Lane as Lane
from dispatch.kit.slack.rates import Limit as Limit
from dispatch.kit.slack.rates import MemoryBudget as MemoryBudget

#: Seconds a leased token may be kept for the next call; then it is lost, which only makes us slower.
LEASE_SECONDS: Final = 5.0


class SlackRate(Base):
    """One bucket: how full it was when, and until when Slack wants to hear nothing. Ids only, no text."""

    __tablename__ = "slack_rate"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[float]
    refilled_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


# The database's own clock: processes on several machines agree on it, and a moved `kit.clock` does not matter.
# Rows are locked in the order of their keys, so two calls never wait for each other. `now` is read after the lock.
_TAKE = text("""
with ask as (
  select * from unnest(cast(:keys as text[]), cast(:sizes as float8[]), cast(:paces as float8[]),
                       cast(:lefts as float8[]), cast(:slices as float8[])) as a(key, size, pace, spare, slice)
), held as materialized (
  select r.key, r.level, r.refilled_at, r.blocked_until from slack_rate r
  where r.key in (select key from ask) order by r.key for update
), filled as materialized (
  select a.*, t.now,
         least(a.size, h.level + a.pace * greatest(0, extract(epoch from t.now - h.refilled_at))) as have,
         greatest(0, extract(epoch from h.blocked_until - t.now)) as blocked
  from held h join ask a using (key), (select clock_timestamp() as now, count(*) from held) t
), verdict as materialized (
  select count(*) = (select count(*) from ask) as known,
         coalesce(max(greatest(coalesce(blocked, 0), (spare + 1 - have) / pace)), 0) as wait
  from filled
), taken as (
  update slack_rate r
  set level = f.have - greatest(1, least(f.slice, floor(f.have - f.spare))), refilled_at = f.now
  from filled f, verdict v
  where r.key = f.key and v.known and v.wait <= 0
  returning r.key, greatest(1, least(f.slice, floor(f.have - f.spare))) as tokens
)
select v.known, cast(v.wait as float8) as wait, t.key, cast(t.tokens as float8) as tokens
from verdict v left join taken t on true
""")

_MAKE = text("""
insert into slack_rate (key, level, refilled_at)
select key, size, clock_timestamp() from unnest(cast(:keys as text[]), cast(:sizes as float8[])) as a(key, size)
order by key
on conflict do nothing
""")

_BLOCK = text("""
insert into slack_rate as r (key, level, refilled_at, blocked_until)
select key, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => :seconds)
from unnest(cast(:keys as text[])) as a(key) order by key
on conflict (key) do update set blocked_until = greatest(r.blocked_until, excluded.blocked_until)
""")

_PRUNE = text("""
delete from slack_rate where refilled_at < clock_timestamp() - interval '1 hour'
and coalesce(blocked_until, refilled_at) < clock_timestamp()
""")


@dataclass
class _Lease:
    """Tokens taken ahead. Lanes that leave more than `left` may not use them."""

    count: float
    left: float
    until: float


class DatabaseBudget:
    """The budget over `slack_rate`. One short statement per call, or none while a leased slice lasts."""

    def __init__(self, db: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._leases: dict[str, _Lease] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, wanted: Sequence[Limit]) -> float:
        """See `Budget.take`.

        Raises:
            Unavailable: the database did not answer.
        """
        if not wanted:
            return 0.0
        # One statement at a time per method and process: what it brings serves those who waited.
        lock = self._locks.setdefault(wanted[0].key, asyncio.Lock())
        async with lock:
            asked = [limit for limit in wanted if not self._leased(limit)]
            wait = await self._ask(asked) if asked else 0.0
            if wait > 0:
                return wait
            for limit in wanted:
                self._use(limit)
            return 0.0

    async def block(self, keys: Sequence[str], seconds: float) -> None:
        for key in keys:
            self._leases.pop(key, None)
        try:
            async with self._db.system() as t:
                await t.execute(_BLOCK, {"keys": list(keys), "seconds": seconds})
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise _unreachable() from error

    async def prune(self) -> int:
        """Forget buckets that are full again (channels mostly); for the hourly housekeeping. Returns how many."""
        async with self._db.system() as t:
            result = await t.execute(_PRUNE)
        return int(getattr(result, "rowcount", 0))

    async def _ask(self, wanted: Sequence[Limit]) -> float:
        values = {
            "keys": [each.key for each in wanted],
            "sizes": [float(each.size) for each in wanted],
            "paces": [float(each.pace) for each in wanted],
            "lefts": [float(each.left) for each in wanted],
            "slices": [float(each.slice) for each in wanted],
        }
        try:
            async with self._db.system() as t:
                rows = (await t.execute(_TAKE, values)).all()
                if not rows[0].known:
                    await t.execute(_MAKE, {"keys": values["keys"], "sizes": values["sizes"]})
                    rows = (await t.execute(_TAKE, values)).all()
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise _unreachable() from error
        if rows[0].wait > 0:
            return float(rows[0].wait)
        self._forget_old()
        until = self._clock() + LEASE_SECONDS
        by_key = {each.key: each for each in wanted}
        for row in rows:
            # What an earlier lane left unused is added; all of it then obeys the stricter of the two.
            old = self._leases.get(row.key)
            left = by_key[row.key].left
            self._leases[row.key] = _Lease(
                float(row.tokens) + (old.count if old else 0.0), min(left, old.left) if old else left, until
            )
        return 0.0

    def _leased(self, limit: Limit) -> bool:
        lease = self._leases.get(limit.key)
        return lease is not None and lease.count >= 1 and lease.left >= limit.left and lease.until > self._clock()

    def _use(self, limit: Limit) -> None:
        lease = self._leases.get(limit.key)
        if lease is None:
            return  # A 429 for another call emptied it while we asked; this one token was ours already.
        lease.count -= 1
        if lease.count < 1:
            del self._leases[limit.key]

    def _forget_old(self) -> None:
        now = self._clock()
        for key in [key for key, lease in self._leases.items() if lease.until <= now]:
            del self._leases[key]


def _unreachable() -> Unavailable:
    return Unavailable("The database that keeps Slack's rate budget did not answer.", retry_after=1)
