"""Organizations, accounts and the people in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, OrgId, Tenant
from dispatch.kit.sealed import Sealed

#: Organization roles, highest first.
ROLES = ("owner", "manager", "admin", "member")

#: Binds the secret of an organization's identity provider to its place.
PROVIDER_SECRET = Sealed("identity_provider:{org_id}")


class Organization(Base):
    """A tenant. Global: it must be found before anything else is known."""

    __tablename__ = "organization"

    id: Mapped[OrgId] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    #: Rises with each change of a project or plugin, by a trigger: what was read under it is read anew.
    config_version: Mapped[int] = mapped_column(default=0, server_default="0")
    #: When somebody put the set-up guide away; None: the home shows it until everything is done.
    setup_dismissed_at: Mapped[datetime | None]


class Account(Base):
    """A login. One account may belong to many organizations."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime]


class AccountOrganization(Base):
    """Where an account has a membership: ids only, so that its organizations are found without looking into each."""

    __tablename__ = "account_organization"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True)


class Password(Base):
    """A slow hash (argon2id). `org_id` limits what it opens to one organization; empty: all of the account's."""

    __tablename__ = "password"
    __table_args__ = (UniqueConstraint("account_id", "org_id", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    org_id: Mapped[OrgId | None] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class Session(Base):
    """A browser signed in; only the hash of its token is kept."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_account", "account_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    #: The organizations it opens; empty: all of the account's. What one organization vouches for opens only that one.
    org_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    #: How the person signed in: link, password, provider.
    method: Mapped[str] = mapped_column(Text, default="link", server_default="link")
    #: From fixed lists, such as Firefox and Linux; never what the browser sent.
    browser: Mapped[str] = mapped_column(Text, default="", server_default="")
    system: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class OneTimeLink(Base):
    """A sign-in link that works once; only the hash of its token is kept."""

    __tablename__ = "one_time_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    #: Given out by this organization, so it opens only that one; empty: given out by the operator.
    org_id: Mapped[OrgId | None] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed sign-ins of late, counted per derived key of an account or an address."""

    __tablename__ = "sign_in_attempt"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime]


class ApiToken(Base):
    """Which machine a token belongs to; only the hash of the token is kept."""

    __tablename__ = "api_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id"))
    machine_id: Mapped[int]
    created_at: Mapped[datetime]


class Machine(Tenant, Base):
    """A program with an API token: what people call it, and what it may do."""

    __tablename__ = "machine"

    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    #: Person; empty when the operator made it.
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
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
    #: Whose clock they see on the incident page: empty is their own, else utc, commander or reporter.
    times_of: Mapped[str] = mapped_column(Text, default="", server_default="")
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    #: Deactivated: had a membership once.
    left_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def is_program(self) -> bool:
        """Whether it stands for a program with an API token: nobody to write to, or to bring into a channel."""
        return self.email.endswith(".invalid")


class ChatIdentity(Tenant, Base):
    """A person's id in one chat workspace, such as U123 in T9."""

    __tablename__ = "chat_identity"
    __table_args__ = (
        UniqueConstraint("org_id", "team_id", "user_id"),
        Index("ix_chat_identity_person", "org_id", "person_id"),
    )

    person_id: Mapped[int]
    team_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)
    #: A guest of the workspace sees only what they take part in.
    guest: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: Since when the account is deactivated over there.
    deactivated_at: Mapped[datetime | None]
    #: What the workspace last told of them, with `updated`, its own moment: only what changes there is taken over.
    profile: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")


class Membership(Tenant, Base):
    """What an account may do in an organization."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("org_id", "account_id"),)

    account_id: Mapped[int]
    person_id: Mapped[int]
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class ProjectAdmin(Tenant, Base):
    """A member who runs a project without being an admin of the organization."""

    __tablename__ = "project_admin"
    __table_args__ = (
        UniqueConstraint("org_id", "person_id", "project_id"),
        Index("ix_project_admin_project", "org_id", "project_id"),
        ForeignKeyConstraint(["org_id", "project_id"], ["project.org_id", "project.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["org_id", "person_id"], ["person.org_id", "person.id"], ondelete="CASCADE"),
    )

    person_id: Mapped[int]
    project_id: Mapped[int]
    #: Person; empty when the operator gave it, or a program did.
    given_by: Mapped[int | None] = mapped_column(BigInteger)
    since: Mapped[datetime]


class IdentityProvider(Tenant, Base):
    """The OpenID provider of an organization."""

    __tablename__ = "identity_provider"
    __table_args__ = (UniqueConstraint("org_id"),)

    #: On the button: "Sign in with ...".
    title: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    client_secret: Mapped[bytes] = mapped_column(PROVIDER_SECRET)
    scopes: Mapped[str] = mapped_column(Text)
    #: Domains of e-mail addresses that may sign in; empty: any that is already a member.
    domains: Mapped[list[Any]]
    create_members: Mapped[bool]
    #: Role of new members, and of all whose groups say nothing when roles come from groups.
    default_role: Mapped[str] = mapped_column(Text)
    #: A claim that must have one of these values; empty: asked of nobody.
    required_claim: Mapped[str] = mapped_column(Text, default="", server_default="")
    required_values: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    #: Claim that holds a person's groups; empty: roles are given here.
    groups_claim: Mapped[str] = mapped_column(Text)
    role_of_group: Mapped[dict[str, Any]]
    enabled: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]


class ExternalIdentity(Tenant, Base):
    """Who an account is at a provider. Once linked, the provider's subject counts and not the e-mail address."""

    __tablename__ = "external_identity"
    __table_args__ = (
        UniqueConstraint("org_id", "issuer", "subject"),
        UniqueConstraint("org_id", "issuer", "account_id"),
    )

    account_id: Mapped[int]
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
