"""Channel names are reserved in our database before Slack is asked, so that a crash between the two loses nothing.

`slack_channel` is global: it decides which organization a channel of a workspace belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.db import Base, Database, OrgId, Read, Tx
from dispatch.kit.events import Subject

#: Slack's limit on channel names, in characters.
LONGEST = 80


class SlackChannel(Base):
    """A name reserved for a subject, and the channel once it exists."""

    __tablename__ = "slack_channel"
    __table_args__ = (UniqueConstraint("team_id", "channel_id"),)

    team_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    channel_id: Mapped[str | None] = mapped_column(Text)
    #: The name belongs to a stranger: Slack said so. It stays here so that nobody asks again.
    foreign_name: Mapped[bool] = mapped_column(default=False)
    reserved_at: Mapped[datetime]


def cleaned(name: str) -> str:
    """A name Slack takes: lower-case letters, digits, hyphen, underscore; 1 to 80 characters."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:LONGEST].strip("-_") or "incident"


def candidates(name: str, fallback: str) -> list[str]:
    """The names to try, in order: the plain one, then with growing suffixes."""
    base = cleaned(name)
    short = base[: LONGEST - 12].strip("-_")
    return [base, *(f"{short}-{n}" for n in range(2, 10)), f"{short}-{cleaned(fallback)[:11]}"]


async def reserve(
    db: Database, *, team: str, names: list[str], org: OrgId, about: Subject, after: tuple[str, ...] = ()
) -> SlackChannel:
    """The name this subject may use: the one it holds already, else the first free one.

    Args:
        after: channels the subject had before; the name is for their successor.

    Raises:
        LookupError: every candidate belongs to somebody else.
    """
    async with db.system() as t:
        held = await t.scalar(
            select(SlackChannel).where(
                SlackChannel.team_id == team,
                SlackChannel.org_id == org,
                SlackChannel.subject_kind == about.kind,
                SlackChannel.subject_id == about.id,
                SlackChannel.foreign_name.is_(False),
                or_(SlackChannel.channel_id.is_(None), SlackChannel.channel_id.not_in(after)),
            )
        )
        if held is not None:
            return held
        for name in names:
            made = (
                await t.execute(
                    upsert(SlackChannel)
                    .values(
                        team_id=team,
                        name=name,
                        org_id=org,
                        subject_kind=about.kind,
                        subject_id=about.id,
                        foreign_name=False,
                        reserved_at=clock.now(),
                    )
                    .on_conflict_do_nothing()
                    .returning(SlackChannel.name)
                )
            ).scalar_one_or_none()
            if made is not None:
                return (
                    await t.scalars(select(SlackChannel).where(SlackChannel.team_id == team, SlackChannel.name == name))
                ).one()
    raise LookupError(f"all of {names} are taken")


async def belongs_to_a_stranger(db: Database, *, team: str, name: str) -> None:
    """Slack says the name is taken, and it is not ours: never ask for it again."""
    async with db.system() as t:
        await t.execute(
            update(SlackChannel)
            .where(SlackChannel.team_id == team, SlackChannel.name == name)
            .values(foreign_name=True)
        )


async def claimed(t: Tx, *, team: str, name: str, channel: str) -> None:
    """The reserved channel exists. May run in the same transaction as the finishing step: the table is global."""
    await t.execute(
        update(SlackChannel).where(SlackChannel.team_id == team, SlackChannel.name == name).values(channel_id=channel)
    )


async def is_claimed(t: Read, *, team: str, channel: str) -> bool:
    """Whether some subject has this channel already."""
    return (
        await t.scalar(
            select(SlackChannel.name).where(SlackChannel.team_id == team, SlackChannel.channel_id == channel)
        )
    ) is not None


async def owner(t: Read, *, team: str, channel: str) -> SlackChannel | None:
    """Which organization and subject a channel belongs to; None for channels that are not ours."""
    return await t.scalar(select(SlackChannel).where(SlackChannel.team_id == team, SlackChannel.channel_id == channel))


async def subjects(t: Read, org: OrgId, channels: Collection[tuple[str, str]]) -> dict[tuple[str, str], Subject]:
    """(team, channel) -> what it was made for, of those of the organization (`t` is a system transaction)."""
    rows = await t.scalars(
        select(SlackChannel).where(
            SlackChannel.org_id == org, tuple_(SlackChannel.team_id, SlackChannel.channel_id).in_(list(channels))
        )
    )
    return {(row.team_id, row.channel_id or ""): Subject(row.subject_kind, row.subject_id) for row in rows}
