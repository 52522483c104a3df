"""Organizations, accounts and the people in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant

#: Organization roles, highest first.
ROLES = ("owner", "manager", "admin", "member")


class Organization(Base):
    """A tenant. Global: it must be found before anything else is known."""

    __tablename__ = "organization"

    id: Mapped[OrgId] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    #: Rises with each change of a project or plugin, by a trigger: what was read under it is read anew.
    config_version: Mapped[int] = mapped_column(default=0, server_default="0")


class Account(Base):
    """A login. One account may belong to many organizations."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime]


class Session(Base):
    """A browser signed in; only the hash of its token is kept."""

    __tablename__ = "session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class OneTimeLink(Base):
    """A sign-in link that works once; only the hash of its token is kept."""

    __tablename__ = "one_time_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A machine's key to one organization; only the hash is kept."""

    __tablename__ = "api_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"))
    membership_role: Mapped[str] = mapped_column(Text)
    label_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Person(Tenant, Base):
    """Anyone we know, one per organization and e-mail: contact data, chat ids, maybe a login."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("org_id", "email"),
        Index("ix_person_account", "org_id", "account_id"),
    )

    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    team: Mapped[str] = mapped_column(Text, default="")
    department: Mapped[str] = mapped_column(Text, default="")
    location: Mapped[str] = mapped_column(Text, default="")
    weblink: Mapped[str] = mapped_column(Text, default="")
    avatar_url: Mapped[str] = mapped_column(Text, default="")
    tz: Mapped[str] = mapped_column(Text, default="UTC")
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class ChatIdentity(Tenant, Base):
    """A person's id in one chat workspace, such as U123 in T9."""

    __tablename__ = "chat_identity"
    __table_args__ = (UniqueConstraint("org_id", "team_id", "user_id"), Index("ix_chat_identity_person", "org_id", "person_id"))

    person_id: Mapped[int]
    team_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)


class Membership(Tenant, Base):
    """What an account may do in an organization."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("org_id", "account_id"),)

    account_id: Mapped[int]
    person_id: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

