"""What admins change about who is on call. About the project; `before` and `after` are by label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@dataclass(frozen=True, kw_only=True)
class _AboutRotation(Fact):
    """`item` is the rotation's id."""

    icon = "users"

    rotation: str
    item: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@fact
@dataclass(frozen=True, kw_only=True)
class RotationAdded(_AboutRotation):
    name = "rotation.added"
    says = "{by} added the rotation {rotation}"


@fact
@dataclass(frozen=True, kw_only=True)
class RotationChanged(_AboutRotation):
    name = "rotation.changed"
    says = "{by} changed the rotation {rotation}: {changed}"

    changed: str


@fact
@dataclass(frozen=True, kw_only=True)
class RotationRemoved(_AboutRotation):
    name = "rotation.removed"
    says = "{by} removed the rotation {rotation}"
    icon = "trash"


@fact
@dataclass(frozen=True, kw_only=True)
class OverrideAdded(_AboutRotation):
    """`since` and `until` are in the rotation's zone."""

    name = "rotation.override_added"
    says = "{by} put {person} on call for {rotation} from {since} until {until}"

    person: str
    person_id: int
    since: str
    until: str


@fact
@dataclass(frozen=True, kw_only=True)
class OverrideRemoved(_AboutRotation):
    name = "rotation.override_removed"
    says = "{by} took back that {person} is on call for {rotation} from {since} until {until}"
    icon = "trash"

    person: str
    person_id: int
    since: str
    until: str
