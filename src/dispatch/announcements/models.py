"""Which incidents are announced where, by rules of a project; and which were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant


class AnnouncementRule(Tenant, Base):
    """Incidents of the project that fit a filter are announced to a channel, to mail addresses, or both."""

    __tablename__ = "announcement_rule"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "name"),)

    project_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    #: The filter as it stands in the list's address, a copy of a saved view; empty: everything in the project.
    query: Mapped[str] = mapped_column(Text)
    #: A channel's id or name; empty: none.
    channel: Mapped[str] = mapped_column(Text)
    emails: Mapped[list[Any]]
    #: Restricted incidents too: the channel has to be private, mails name no title.
    restricted: Mapped[bool]
    enabled: Mapped[bool]
    changed_at: Mapped[datetime]


class AnnouncedByRule(Base):
    """A rule fitted a situation: once is enough, however often it changes."""

    __tablename__ = "announced_by_rule"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "rule_id"], ["announcement_rule.org_id", "announcement_rule.id"], ondelete="CASCADE"
        ),
    )

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    situation_id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
