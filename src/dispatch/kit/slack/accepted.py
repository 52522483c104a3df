"""Submissions count once: what was accepted is remembered in the transaction of its own write."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Index, Text, UniqueConstraint, delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.db import Base, Tenant, Tx
from dispatch.kit.slack.registry import Request

#: Nobody sends a form again after so long.
KEPT = timedelta(days=1)


class AcceptedSubmission(Tenant, Base):
    """A form that was sent and taken. `form` is the view's id and hash: a corrected form has another hash."""

    __tablename__ = "accepted_submission"
    __table_args__ = (
        UniqueConstraint("org_id", "team_id", "form"),
        Index("ix_accepted_submission_at", "org_id", "at"),
    )

    team_id: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


async def first_time(t: Tx, asked: Request) -> bool:
    """Whether this submission was not accepted before. A second copy waits for the first one's transaction.

    When that fails, the form counts as not sent; so refused forms can be corrected and sent again.
    """
    now = clock.now()
    await t.execute(
        delete(AcceptedSubmission).where(AcceptedSubmission.org_id == t.org, AcceptedSubmission.at < now - KEPT)
    )
    form = f"{asked.view.get('id', '')}.{asked.view.get('hash', '')}"
    made = (
        await t.execute(
            upsert(AcceptedSubmission)
            .values(org_id=t.org, team_id=asked.installation.team_id, form=form, at=now)
            .on_conflict_do_nothing()
            .returning(AcceptedSubmission.id)
        )
    ).scalar_one_or_none()
    return made is not None
