"""What admins change about role rules, about the project; `before` and `after` are by label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@dataclass(frozen=True, kw_only=True)
class _AboutPolicy(Fact):
    """`item` is the rule's id."""

    icon = "users"

    role: str
    item: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@fact
@dataclass(frozen=True, kw_only=True)
class RolePolicyAdded(_AboutPolicy):
    name = "role_policy.added"
    says = "{by} added a rule for the role {role}"


@fact
@dataclass(frozen=True, kw_only=True)
class RolePolicyChanged(_AboutPolicy):
    name = "role_policy.changed"
    says = "{by} changed a rule for the role {role}: {changed}"

    changed: str


@fact
@dataclass(frozen=True, kw_only=True)
class RolePolicyRemoved(_AboutPolicy):
    name = "role_policy.removed"
    says = "{by} removed a rule for the role {role}"
    icon = "trash"
