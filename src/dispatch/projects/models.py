"""Projects and what an operator configures in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant
from dispatch.kit.sealed import Sealed

#: Binds a plugin's secrets to their place: moved elsewhere they cannot be opened.
SECRETS = Sealed("plugin:{org_id}:{project_id}:{slug}")


class Project(Tenant, Base):
    """A part of an organization with its own configuration."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("org_id", "slug"),)

    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    #: Incident names are `{prefix}-{number}`, counted per organization and prefix.
    incident_prefix: Mapped[str] = mapped_column(Text, default="INC")
    #: Where new incidents are announced, a channel name or id; empty: nowhere.
    announcement_channel: Mapped[str] = mapped_column(Text, default="")
    tz: Mapped[str] = mapped_column(Text, default="UTC")
    created_at: Mapped[datetime]


class _Choice(Tenant):
    """What types, severities and priorities have in common: something a reporter picks, with help."""

    project_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Text, default="incident")
    name: Mapped[str] = mapped_column(Text)
    help: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(Integer, default=0)
    is_default: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)


class SituationType(_Choice, Base):
    """What kind of trouble it is; may preset the visibility and the rotation that leads."""

    __tablename__ = "situation_type"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "kind", "name"),)

    visibility: Mapped[str] = mapped_column(Text, default="open")
    rotation_id: Mapped[int | None] = mapped_column(BigInteger)


class Severity(_Choice, Base):
    """How bad it is."""

    __tablename__ = "severity"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "kind", "name"),)

    rank: Mapped[int] = mapped_column(Integer, default=0)
    color: Mapped[str] = mapped_column(Text, default="secondary")
    #: Whether the commander is paged: always, never, or None: as the priority says.
    paging: Mapped[str | None] = mapped_column(Text)
    #: Minutes without an answer until somebody is called again.
    escalate_minutes: Mapped[int] = mapped_column(Integer, default=2, server_default="2")
    #: The first update is promised so many minutes after the report, and reports suggest it; None: none is.
    update_minutes: Mapped[int | None] = mapped_column(Integer)


class Priority(_Choice, Base):
    """How fast we must be; decides about paging and how long a commander may take to acknowledge."""

    __tablename__ = "priority"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "kind", "name"),)

    rank: Mapped[int] = mapped_column(Integer, default=0)
    color: Mapped[str] = mapped_column(Text, default="secondary")
    page_commander: Mapped[bool] = mapped_column(default=True)
    #: Minutes a commander has to acknowledge before others may take command.
    acknowledge_minutes: Mapped[int] = mapped_column(Integer, default=5)


class Tag(Tenant, Base):
    """A word incidents are marked with."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("org_id", "project_id", "name"),)

    project_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")


class PluginInstance(Tenant, Base):
    """A configured plugin of a project. Secrets are sealed; `settings` holds the rest."""

    __tablename__ = "plugin_instance"
    __table_args__ = (Index("ix_plugin_instance_project", "org_id", "project_id", "slug"),)

    project_id: Mapped[int]
    slug: Mapped[str] = mapped_column(Text)
    #: What people call it, where a project has several of a plugin.
    label: Mapped[str] = mapped_column(Text, default="")
    enabled: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]]
    secrets: Mapped[bytes] = mapped_column(SECRETS)
    version: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[datetime]
    #: What the latest test of the connection said, and when.
    checks: Mapped[list[Any]] = mapped_column(default=list)
    checked_at: Mapped[datetime | None]


class SlackDirectory(Base):
    """Which plugin instance serves which workspace and app; global, ids only."""

    __tablename__ = "slack_directory"

    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)
    instance_id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    team_id: Mapped[str] = mapped_column(Text, index=True)
    app_id: Mapped[str] = mapped_column(Text, default="")
    bot_user_id: Mapped[str] = mapped_column(Text, default="")
    reachable: Mapped[bool] = mapped_column(default=True)
    unreachable_since: Mapped[datetime | None]
    #: When the first verified request of each kind came in; None with these secrets: never.
    event_at: Mapped[datetime | None]
    command_at: Mapped[datetime | None]
    action_at: Mapped[datetime | None]
