"""What happens to members, tokens and sign-in: facts of the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class MemberInvited(Fact):
    """Somebody may sign in from now on."""

    name = "member.invited"
    says = "{by} invited {person} as {after}"
    icon = "user-plus"

    person: str
    after: str


@fact
@dataclass(frozen=True, kw_only=True)
class MemberLinkMade(Fact):
    """A new one-time link was given out for somebody."""

    name = "member.link_made"
    says = "{by} made a one-time sign-in link for {person}"
    icon = "link"

    person: str


@fact
@dataclass(frozen=True, kw_only=True)
class MemberJoined(Fact):
    """The identity provider vouched for somebody new."""

    name = "member.joined"
    says = "{person} joined through {provider} as {after}"
    icon = "login"

    person: str
    provider: str
    after: str


@fact
@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(Fact):
    """A role was given or taken."""

    name = "member.role_changed"
    says = "{by} changed the role of {person} from {before} to {after}"
    icon = "shield"

    person: str
    before: str
    after: str
    why: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class ProjectAdminGiven(Fact):
    """Somebody runs a project from now on. About the project."""

    name = "project.admin_given"
    says = "{by} made {person} a project admin of {project}"
    icon = "shield"

    person: str
    project: str
    after: str = "project admin"


@fact
@dataclass(frozen=True, kw_only=True)
class ProjectAdminTaken(Fact):
    """Somebody runs a project no longer. About the project."""

    name = "project.admin_taken"
    says = "{by} took the role of project admin of {project} from {person}"
    icon = "shield"

    person: str
    project: str
    before: str = "project admin"


@fact
@dataclass(frozen=True, kw_only=True)
class MemberDeactivated(Fact):
    """Somebody may no longer sign in."""

    name = "member.deactivated"
    says = "{by} deactivated {person}"
    icon = "user-minus"

    person: str
    before: str


@fact
@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Fact):
    """Somebody changed what is shown of them."""

    name = "member.profile_changed"
    says = "{by} changed the profile of {person}"
    icon = "user"

    person: str
    before: dict[str, Any]
    after: dict[str, Any]


@fact
@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Fact):
    """A password was set or replaced."""

    name = "member.password_changed"
    says = "{person} has a new password"
    icon = "key"

    person: str


@fact
@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Fact):
    """Browsers were signed out by the person."""

    name = "member.sessions_ended"
    says = "{by} signed {count} of their browsers out"
    icon = "logout"

    count: int


@fact
@dataclass(frozen=True, kw_only=True)
class SignInMailFailed(Fact):
    """A sign-in link could not be mailed."""

    name = "member.sign_in_mail_failed"
    says = "The sign-in link for {person} could not be mailed: {reason}"
    icon = "alert-triangle"

    person: str
    reason: str


@fact
@dataclass(frozen=True, kw_only=True)
class TokenCreated(Fact):
    """A machine got a key."""

    name = "token.created"
    says = "{by} created the API token {token} with the role {after}"
    icon = "key"

    token: str
    after: str
    expires: str = ""


@fact
@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Fact):
    """A machine's key no longer works."""

    name = "token.revoked"
    says = "{by} revoked the API token {token}"
    icon = "trash"

    token: str
    before: str


@fact
@dataclass(frozen=True, kw_only=True)
class SignInConfigured(Fact):
    """The identity provider was set up or changed; the secret is named, never shown."""

    name = "sign_in.configured"
    says = "{by} changed how people sign in: {changed}"
    icon = "settings"

    changed: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@fact
@dataclass(frozen=True, kw_only=True)
class ChatAccountDeactivated(Fact):
    """Somebody cannot be reached in the chat workspace any more. What they may do here is not touched."""

    name = "member.chat_account_deactivated"
    says = "{person}'s Slack account was deactivated"
    icon = "user-minus"

    person: str


@fact
@dataclass(frozen=True, kw_only=True)
class ChatAccountReactivated(Fact):
    """Somebody can be reached in the chat workspace again."""

    name = "member.chat_account_reactivated"
    says = "{person}'s Slack account is active again"
    icon = "user"

    person: str


@fact
@dataclass(frozen=True, kw_only=True)
class OrganizationChanged(Fact):
    """About the organization; `before` and `after` are by label."""

    name = "organization.changed"
    says = "{by} changed the organization: {changed}"
    icon = "building"

    changed: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
