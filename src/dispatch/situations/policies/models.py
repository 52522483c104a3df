"""Rules that fill roles at opening."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Tenant


class RolePolicy(Tenant, Base):
    """Incidents of this type, severity and priority (None: any): a role is filled from a rotation, or by nobody."""

    __tablename__ = "role_policy"
    __table_args__ = (
        # What a rule is about may be taken away; who is called may not be taken from under it.
        ForeignKeyConstraint(["org_id", "type_id"], ["situation_type.org_id", "situation_type.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["org_id", "severity_id"], ["severity.org_id", "severity.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["org_id", "priority_id"], ["priority.org_id", "priority.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["org_id", "rotation_id"], ["rotation.org_id", "rotation.id"]),
        Index("ix_role_policy_project", "org_id", "project_id"),
    )

    project_id: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    type_id: Mapped[int | None] = mapped_column(BigInteger)
    severity_id: Mapped[int | None] = mapped_column(BigInteger)
    priority_id: Mapped[int | None] = mapped_column(BigInteger)
    #: Whoever is on call for it takes the role; None: nobody does.
    rotation_id: Mapped[int | None] = mapped_column(BigInteger)
