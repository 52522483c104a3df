"""Rotations, and pages as rows: who was called, through what, and whether they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Tenant


class Rotation(Tenant, Base):
    """People who take turns. The turn is computed: whole shifts since `starts_at`, modulo the members.

    Shifts of whole days change at the same time of day in `tz`, also when the clocks change.
    """

    __tablename__ = "rotation"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "name"),)

    project_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    shift_hours: Mapped[int] = mapped_column(Integer, default=168)
    tz: Mapped[str] = mapped_column(Text, default="UTC", server_default="UTC")
    #: Person ids in the order of their turns.
    members: Mapped[list[Any]]


class RotationOverride(Tenant, Base):
    """Somebody who stands in for whoever's turn it is, from `starts_at` until before `ends_at`."""

    __tablename__ = "rotation_override"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "rotation_id"], ["rotation.org_id", "rotation.id"], ondelete="CASCADE"),
        Index("ix_rotation_override_span", "org_id", "rotation_id", "ends_at"),
    )

    rotation_id: Mapped[int]
    person_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Page(Tenant, Base):
    """One call to one person through one channel: sent, delivered, acknowledged, escalated or failed.

    Calls of one `round` go out side by side, a row per channel; together they are answered or escalated.
    """

    __tablename__ = "page"
    __table_args__ = (
        UniqueConstraint("org_id", "key"),
        Index("ix_page_subject", "org_id", "subject_kind", "subject_id"),
        Index("ix_page_due", "org_id", "due_at", postgresql_where="due_at is not null"),
    )

    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    person_id: Mapped[int]
    through: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="sent")
    key: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(Integer, default=1)
    rotation_id: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    #: When somebody is called again; None once that is settled, by an answer or by the next call.
    due_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[dict[str, Any]]
