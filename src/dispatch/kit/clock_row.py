"""The row that moves time for all processes in demo and tests."""

from __future__ import annotations

from sqlalchemy import Float
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base


class ClockOffset(Base):
    """At most one row; no row means real time."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[float] = mapped_column(Float)
