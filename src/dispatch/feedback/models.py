"""What people think of how it went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Tenant


class Feedback(Tenant, Base):
    """One person's word about one situation; the latest counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("org_id", "situation_id", "person_id"),)

    situation_id: Mapped[int]
    person_id: Mapped[int]
    #: 1 (badly) to 5 (very well)
    rating: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime]
