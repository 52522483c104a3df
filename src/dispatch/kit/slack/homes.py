"""App Homes people have opened: drawn again when what they show may have changed, within what Slack allows.

A change is a row of its own, so that nobody who writes waits for anybody. A worker gathers the changes, makes the homes
they concern due, draws those that are due, and publishes only what differs from what the person has before their eyes.
Many changes at once are one drawing, and one home is drawn every `PAUSE` seconds at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import structlog
from sqlalchemy import BigInteger, Index, Integer, Text, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.db import Base, Database, OrgId, Tenant, Tx
from dispatch.kit.errors import NotFound, Refused, Unavailable
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.rates import Lane
from dispatch.kit.slack.registry import Installation

log = structlog.get_logger()

#: What changes within this time is drawn once.
GATHER = timedelta(seconds=3)
#: Between two drawings of one home.
PAUSE = timedelta(seconds=20)
#: A home that was claimed and not drawn is due again after this time.
LEASE = timedelta(seconds=60)
#: Nobody looks at what was opened so long ago; opening it draws it anyhow.
KEPT = timedelta(days=14)
#: Homes drawn in one look: 100 publications a minute are allowed, and half of them are left to people who wait.
AT_ONCE = 10


class OpenedHome(Base):
    """Somebody's home tab of one installation, as it was last published."""

    __tablename__ = "opened_home"
    __table_args__ = (Index("ix_opened_home_due", "org_id", "due_at", postgresql_where="due_at is not null"),)

    org_id: Mapped[OrgId] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[int]
    opened_at: Mapped[datetime]
    drawn_at: Mapped[datetime]
    #: A digest of what was published.
    shown: Mapped[str] = mapped_column(Text)
    #: When it is drawn again; None when nothing is known to change.
    due_at: Mapped[datetime | None]
    #: Rises with each change, so that one during a drawing is not forgotten.
    changes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class HomeChange(Tenant, Base):
    """What somebody's home shows may have changed; everybody's when there is no person."""

    __tablename__ = "home_change"

    person_id: Mapped[int | None] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Drawn:
    """A home to publish, and when it changes by itself, if that is known. `stable` is what is compared."""

    view: b.View
    stable: Sequence[b.Block]
    until: datetime | None

    @property
    def digest(self) -> str:
        return hashlib.blake2b(orjson.dumps(list(self.stable)), digest_size=16).hexdigest()


#: Draws the home of (installation, person).
Draw = Callable[[Database, Installation, int], Awaitable[Drawn]]


async def changed(t: Tx, people: Iterable[int] | None = None) -> None:
    """The homes of these people, or of everybody, may show something else from now on."""
    found = [None] if people is None else sorted(set(people))
    if found:
        await t.execute(insert(HomeChange), [{"org_id": t.org, "person_id": person} for person in found])


async def publish_opened(db: Database, installation: Installation, user: str, person: int, draw: Draw) -> None:
    """Somebody opened their home: they see it at once, and it is kept up to date from now on."""
    made = await draw(db, installation, person)
    await installation.client.call("views.publish", user_id=user, view=made.view)
    now = clock.now()
    values = {"person_id": person, "opened_at": now, "drawn_at": now, "shown": made.digest, "due_at": made.until}
    async with db.tx(installation.org) as t:
        await t.execute(
            upsert(OpenedHome)
            .values(org_id=t.org, instance_id=installation.instance_id, user_id=user, changes=0, **values)
            .on_conflict_do_update(index_elements=["org_id", "instance_id", "user_id"], set_=values)
        )


async def gather(t: Tx) -> int:
    """Make those homes due that recorded changes concern. Returns how many changes there were."""
    found = (
        await t.scalars(delete(HomeChange).where(HomeChange.org_id == t.org).returning(HomeChange.person_id))
    ).all()
    if not found:
        return 0
    concerned = [OpenedHome.org_id == t.org]
    if None not in found:
        concerned.append(OpenedHome.person_id.in_(set(found)))
    soon = func.greatest(clock.now() + GATHER, OpenedHome.drawn_at + PAUSE)
    await t.execute(
        update(OpenedHome)
        .where(*concerned)
        .values(due_at=func.least(soon, func.coalesce(OpenedHome.due_at, soon)), changes=OpenedHome.changes + 1)
    )
    return len(found)


async def _claim(t: Tx) -> list[OpenedHome]:
    """Homes that are due, those opened last first; nobody else draws them meanwhile."""
    due = list(
        await t.scalars(
            select(OpenedHome)
            .where(OpenedHome.org_id == t.org, OpenedHome.due_at <= clock.now())
            .order_by(OpenedHome.opened_at.desc())
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    )
    for home in due:
        home.due_at = clock.now() + LEASE
    await t.flush()
    return due


async def redraw_due(db: Database, org: OrgId, installations: Sequence[Installation], draw: Draw) -> int:
    """Draw what is due in an organization; returns how many homes were published. Slack being away is for later."""
    async with db.tx(org) as t:
        await gather(t)
        due = await _claim(t)
    by_instance = {each.instance_id: each for each in installations}
    published = 0
    for home in due:
        there = by_instance.get(home.instance_id)
        if there is None:
            await _forget(db, home)
            continue
        try:
            made = await draw(db, there, home.person_id)
        except NotFound:
            await _forget(db, home)
            continue
        if made.digest != home.shown:
            try:
                await there.client.call("views.publish", lane=Lane.DECORATION, user_id=home.user_id, view=made.view)
            except Unavailable:
                return published
            except Refused as why:
                # They left, or switched the tab off; opening it again brings it back.
                log.info("app_home_refused", code=why.code)
                await _forget(db, home)
                continue
            published += 1
        async with db.tx(org) as t:
            mine = (
                OpenedHome.org_id == org,
                OpenedHome.instance_id == home.instance_id,
                OpenedHome.user_id == home.user_id,
            )
            await t.execute(update(OpenedHome).where(*mine).values(shown=made.digest, drawn_at=clock.now()))
            # A change during the drawing has made it due again.
            await t.execute(
                update(OpenedHome).where(*mine, OpenedHome.changes == home.changes).values(due_at=made.until)
            )
    return published


async def forget_unopened(t: Tx) -> None:
    """Let go of homes nobody opened for long."""
    await t.execute(delete(OpenedHome).where(OpenedHome.org_id == t.org, OpenedHome.opened_at < clock.now() - KEPT))


async def _forget(db: Database, home: OpenedHome) -> None:
    async with db.tx(home.org_id) as t:
        await t.execute(
            delete(OpenedHome).where(
                OpenedHome.org_id == home.org_id,
                OpenedHome.instance_id == home.instance_id,
                OpenedHome.user_id == home.user_id,
            )
        )
