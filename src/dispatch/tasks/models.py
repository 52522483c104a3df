"""What somebody has to do in a situation, and who."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant

OPEN, RESOLVED = "open", "resolved"


class Task(Tenant, Base):
    """One task of one situation, whose visibility it has. `version` rises with each change."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("org_id", "situation_id", "number"),
        UniqueConstraint("org_id", "source_key"),
        Index("ix_task_creator", "org_id", "creator_id"),
        Index("ix_task_remind", "org_id", "remind_at", postgresql_where="remind_at is not null"),
    )

    situation_id: Mapped[int]
    #: 1, 2, 3 within the situation.
    number: Mapped[int] = mapped_column(Integer)
    description: Mapped[str] = mapped_column(Text)
    #: open or resolved
    state: Mapped[str] = mapped_column(Text, default=OPEN)
    creator_id: Mapped[int]
    due_at: Mapped[datetime | None]
    #: When the next reminder goes out; None when none does.
    remind_at: Mapped[datetime | None]
    #: command, shortcut, web or api
    source: Mapped[str] = mapped_column(Text)
    #: What it came from (a form, an idempotency key): the same twice is one task.
    source_key: Mapped[str | None] = mapped_column(Text)
    #: The message it was taken from, as an address; empty when written by hand.
    url: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(BigInteger)
    #: Every state it had, oldest first: [{"state", "at", "by"}].
    history: Mapped[list[Any]]
    #: Where the channel reads about it: {"channel", "ts", "key"}; empty while it is not posted.
    post: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(Integer, default=1)


class TaskAssignee(Base):
    """A person who has to do it."""

    __tablename__ = "task_assignee"
    __table_args__ = (Index("ix_task_assignee_person", "org_id", "person_id"),)

    org_id: Mapped[OrgId] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
