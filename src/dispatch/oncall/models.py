"""Rotations, and pages as rows: who was called, through what, and whether they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Tenant


class Rotation(Tenant, Base):
    """People who take turns. The turn is computed: whole shifts since `starts_at`, modulo the members."""

    __tablename__ = "rotation"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "name"),)

    project_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    shift_hours: Mapped[int] = mapped_column(Integer, default=168)
    #: Person ids in the order of their turns.
    members: Mapped[list[Any]]


class Page(Tenant, Base):
    """One call to one person through one channel: sent, delivered, acknowledged, escalated or failed."""

    __tablename__ = "page"
    __table_args__ = (
        UniqueConstraint("org_id", "key"),
        Index("ix_page_subject", "org_id", "subject_kind", "subject_id"),
        Index("ix_page_open", "org_id", "due_at", postgresql_where="state in ('sent', 'delivered')"),
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
    due_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[dict[str, Any]]
