"""The inbox: what Slack tells us is stored before Slack is answered, and handled from there.

`slack_inbox` is global: an acknowledgement is one statement, whatever organization it is for. It holds ids and times;
what was said is sealed, and so is what went wrong. Reading is for the drain and for an organization's own page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import ForeignKey, Identity, Index, Integer, Text, UniqueConstraint, delete, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.db import Base, Database, OrgId, Read, Tx
from dispatch.kit.errors import NotFound
from dispatch.kit.sealed import Sealed
from dispatch.kit.together import Together

#: Where waiting lanes are announced; the payload is `{org} {team} {channel}`.
CHANNEL: Final = "dispatch_inbox"
#: How long a delivery is tried, and how long it is kept after it was handled, or given up.
TRIED_FOR: Final = timedelta(hours=24)
KEPT_HANDLED: Final = timedelta(hours=24)
KEPT_DEAD: Final = timedelta(days=30)

BODY = Sealed("inbox:{org_id}:{team_id}:{event_id}")
TROUBLE = Sealed("inbox-trouble:{org_id}:{team_id}:{event_id}")


class SlackDelivery(Base):
    """One event for one organization: waiting, done or dead."""

    __tablename__ = "slack_inbox"
    __table_args__ = (
        UniqueConstraint("org_id", "team_id", "event_id"),
        Index(
            "ix_slack_inbox_lane", "org_id", "team_id", "channel_id", "happened_us", "id",
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_slack_inbox_due", "next_at", postgresql_where="state = 'waiting'"),
        Index("ix_slack_inbox_done", "handled_at", postgresql_where="state <> 'waiting'"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(Text)
    app_id: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    #: Empty for events that belong to no channel.
    channel_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    #: Slack's `event_ts` in microseconds: the order within a channel.
    happened_us: Mapped[int]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, default="waiting", server_default="waiting")
    #: It failed for so long that those behind it no longer wait for it.
    aside: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: Attempts that ended in a failure, and those begun since without an end (the worker died).
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    begun: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    body: Mapped[bytes] = mapped_column(BODY)
    trouble: Mapped[bytes | None] = mapped_column(TROUBLE)


@dataclass(frozen=True)
class Arrived:
    """An event to be stored for one organization."""

    org: OrgId
    team: str
    app: str
    event_id: str
    channel: str
    kind: str
    happened_us: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Lane:
    """One channel of one organization; its events are handled one after the other. No channel: the app's own news."""

    org: OrgId
    team: str
    channel: str

    def __str__(self) -> str:
        return f"{self.org} {self.team} {self.channel}"

    @classmethod
    def parsed(cls, said: str) -> Lane:
        org, team, channel = said.split(" ")
        return cls(OrgId(int(org)), team, channel)


@dataclass(frozen=True)
class DeadLetter:
    """A delivery that was given up, as its page shows it."""

    id: int
    kind: str
    team: str
    channel: str
    happened_at: datetime
    received_at: datetime
    given_up_at: datetime
    attempts: int
    reason: str
    hint: str


@dataclass(frozen=True)
class Counts:
    """How the inbox stands, over all organizations."""

    waiting: int
    oldest_seconds: float
    """Since when the longest waiting delivery that is due could have been handled."""
    aside: int
    dead: int


# One statement, so that an acknowledgement costs one round trip, and many of them one commit.
_PUT = text(f"""
with arrived as (
  insert into slack_inbox
    (org_id, team_id, app_id, event_id, channel_id, kind, happened_us, body, received_at, next_at, deadline_at)
  select org, team, app, event, channel, kind, happened, body, :now, :now, :deadline
  from unnest(
    cast(:orgs as bigint[]), cast(:teams as text[]), cast(:apps as text[]), cast(:events as text[]),
    cast(:channels as text[]), cast(:kinds as text[]), cast(:happened as bigint[]), cast(:bodies as bytea[])
  ) as a(org, team, app, event, channel, kind, happened, body)
  on conflict (org_id, team_id, event_id) do nothing
  returning org_id, team_id, channel_id
)
select count(pg_notify('{CHANNEL}', org_id || ' ' || team_id || ' ' || channel_id))
from (select distinct org_id, team_id, channel_id from arrived) lanes
""")

_PRUNE = text("""
delete from slack_inbox where id in (
  select id from slack_inbox
  where (state = 'done' and handled_at < :handled) or (state = 'dead' and handled_at < :dead) limit 5000
)
""")

_COUNTS = text("""
select count(*) filter (where state = 'waiting') as waiting,
       count(*) filter (where state = 'waiting' and aside) as aside,
       count(*) filter (where state = 'dead') as dead,
       coalesce(extract(epoch from :now - min(next_at) filter (where state = 'waiting' and next_at < :now)), 0) as oldest
from slack_inbox where state in ('waiting', 'dead')
""")


class Inbox:
    """Stores deliveries. Those that come in at the same moment share a statement and a commit."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault
        self._put = Together(self._store, most=200)

    async def put(self, arrived: Sequence[Arrived]) -> None:
        """Returns when they are durable; those that are there already stay as they are."""
        if arrived:
            await self._put(arrived)

    async def _store(self, batches: Sequence[Sequence[Arrived]]) -> Sequence[None]:
        letters = [each for batch in batches for each in batch]
        now = clock.now()
        async with self._db.system() as t:
            await t.execute(
                _PUT,
                {
                    "now": now,
                    "deadline": now + TRIED_FOR,
                    "orgs": [each.org for each in letters],
                    "teams": [each.team for each in letters],
                    "apps": [each.app for each in letters],
                    "events": [each.event_id for each in letters],
                    "channels": [each.channel for each in letters],
                    "kinds": [each.kind for each in letters],
                    "happened": [each.happened_us for each in letters],
                    "bodies": [self._sealed(each) for each in letters],
                },
            )
        return [None] * len(batches)

    def _sealed(self, letter: Arrived) -> bytes:
        context = BODY.context(org_id=letter.org, team_id=letter.team, event_id=letter.event_id)
        return self._vault.seal(orjson.dumps(letter.body), context=context)

    def opened(self, row: SlackDelivery) -> dict[str, Any]:
        """What was said.

        Raises:
            CannotDecrypt: the key is gone.
        """
        context = BODY.context(org_id=row.org_id, team_id=row.team_id, event_id=row.event_id)
        body: dict[str, Any] = orjson.loads(self._vault.open(row.body, context=context))
        return body

    def trouble(self, row: SlackDelivery, reason: str, hint: str) -> bytes:
        """What went wrong, sealed: such sentences name people and channels."""
        context = TROUBLE.context(org_id=row.org_id, team_id=row.team_id, event_id=row.event_id)
        return self._vault.seal(orjson.dumps({"reason": reason[:2000], "hint": hint[:2000]}), context=context)

    async def dead_letters(self, t: Read, *, limit: int = 200) -> list[DeadLetter]:
        """The transaction's organization's, newest first."""
        rows = await t.scalars(
            select(SlackDelivery)
            .where(SlackDelivery.org_id == t.org, SlackDelivery.state == "dead")
            .order_by(SlackDelivery.handled_at.desc(), SlackDelivery.id.desc())
            .limit(limit)
        )
        return [self._dead_letter(row) for row in rows]

    def _dead_letter(self, row: SlackDelivery) -> DeadLetter:
        said = {"reason": "", "hint": ""}
        if row.trouble:
            context = TROUBLE.context(org_id=row.org_id, team_id=row.team_id, event_id=row.event_id)
            try:
                said = orjson.loads(self._vault.open(row.trouble, context=context))
            except CannotDecrypt as why:
                said = {"reason": str(why), "hint": ""}
        return DeadLetter(
            row.id, row.kind, row.team_id, row.channel_id, datetime.fromtimestamp(row.happened_us / 1_000_000, UTC), row.received_at,
            row.handled_at or row.received_at, row.attempts, said["reason"], said["hint"],
        )  # fmt: skip


async def dead_kinds(t: Read, delivery_id: int | None = None) -> list[str]:
    """What the dead letters of the transaction's organization are about, one or all."""
    query = select(SlackDelivery.kind).where(SlackDelivery.org_id == t.org, SlackDelivery.state == "dead").distinct()
    if delivery_id is not None:
        query = query.where(SlackDelivery.id == delivery_id)
    return sorted(await t.scalars(query))


async def try_again(t: Tx, delivery_id: int | None = None) -> int:
    """Handle dead letters of the transaction's organization once more, one or all. They hold nobody up.

    Raises:
        NotFound: it is no dead letter of this organization, or not any more.
    """
    query = update(SlackDelivery).where(SlackDelivery.org_id == t.org, SlackDelivery.state == "dead")
    if delivery_id is not None:
        query = query.where(SlackDelivery.id == delivery_id)
    now = clock.now()
    rows = (
        await t.execute(
            query.values(
                state="waiting",
                aside=True,
                attempts=0,
                begun=0,
                next_at=now,
                deadline_at=now + TRIED_FOR,
                handled_at=None,
            ).returning(SlackDelivery.org_id, SlackDelivery.team_id, SlackDelivery.channel_id)
        )
    ).all()
    if delivery_id is not None and not rows:
        raise NotFound("This delivery is not waiting for anybody any more.")
    for lane in {str(Lane(*row)) for row in rows}:
        await t.execute(select(func.pg_notify(CHANNEL, lane)))
    return len(rows)


async def discard(t: Tx, delivery_id: int) -> str:
    """Forget a dead letter of the transaction's organization; its kind.

    Raises:
        NotFound: it is no dead letter of this organization, or not any more.
    """
    kind = (
        await t.execute(
            delete(SlackDelivery)
            .where(SlackDelivery.org_id == t.org, SlackDelivery.state == "dead", SlackDelivery.id == delivery_id)
            .returning(SlackDelivery.kind)
        )
    ).scalar_one_or_none()
    if kind is None:
        raise NotFound("This delivery is not waiting for anybody any more.")
    return kind


async def waiting_of(t: Read) -> int:
    """How many of the transaction's organization wait."""
    return (
        await t.execute(
            select(func.count())
            .select_from(SlackDelivery)
            .where(SlackDelivery.org_id == t.org, SlackDelivery.state == "waiting")
        )
    ).scalar_one()


async def counts(t: Read) -> Counts:
    """Over all organizations (`t` is a system transaction)."""
    row = (await t.execute(_COUNTS, {"now": clock.now()})).one()
    return Counts(row.waiting, float(row.oldest), row.aside, row.dead)


async def prune(db: Database) -> int:
    """Delete what was handled a day ago and what nobody wanted for a month; how many."""
    now, gone = clock.now(), 0
    while True:
        async with db.system() as t:
            result = await t.execute(_PRUNE, {"handled": now - KEPT_HANDLED, "dead": now - KEPT_DEAD})
        count = int(getattr(result, "rowcount", 0))
        gone += count
        if count < 5000:
            return gone
