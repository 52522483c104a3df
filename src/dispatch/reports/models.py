"""Reports about a situation, with the promise of the next one; and who reads the executive ones by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant

TACTICAL, EXECUTIVE = "tactical", "executive"
#: No report: the first update, promised when the situation was opened.
PROMISE = "promise"


class Report(Tenant, Base):
    """What somebody reported, and when the next report was promised."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("org_id", "situation_id", "kind", "number"),
        UniqueConstraint("org_id", "source_key"),
        Index("ix_report_remind", "org_id", "remind_at", postgresql_where="remind_at is not null"),
    )

    situation_id: Mapped[int]
    #: tactical, executive, or promise
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int]
    #: What was written, by field.
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    #: When the next report shall be there; None: none was promised.
    promised_at: Mapped[datetime | None]
    #: How the promise ended: "" open, kept, or late.
    promise: Mapped[str] = mapped_column(Text, default="")
    #: When somebody is reminded of the promise; None when nobody is.
    remind_at: Mapped[datetime | None]
    #: What it came from: the same form twice is one report.
    source_key: Mapped[str | None] = mapped_column(Text)


class NotificationAddress(Base):
    """An e-mail address that gets the executive reports of a situation."""

    __tablename__ = "notification_address"

    org_id: Mapped[OrgId] = mapped_column(primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text, primary_key=True)
