"""Facts about announcement rules: what admins change, about the project; and that one fitted, about the situation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class RuleFitted(Fact):
    """It is announced by a rule from now on; the announcements themselves follow."""

    name = "announcement.fitted"
    says = "The rule {rule} announces it"
    icon = "filters"

    rule: str
    rule_id: int


@dataclass(frozen=True, kw_only=True)
class _AboutRule(Fact):
    """`item` is the rule's id; `before` and `after` are by label."""

    icon = "speakerphone"

    rule: str
    item: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@fact
@dataclass(frozen=True, kw_only=True)
class RuleAdded(_AboutRule):
    name = "announcement.rule_added"
    says = "{by} added the announcement rule {rule}"


@fact
@dataclass(frozen=True, kw_only=True)
class RuleChanged(_AboutRule):
    name = "announcement.rule_changed"
    says = "{by} changed the announcement rule {rule}: {changed}"

    changed: str


@fact
@dataclass(frozen=True, kw_only=True)
class RuleRemoved(_AboutRule):
    name = "announcement.rule_removed"
    says = "{by} removed the announcement rule {rule}"
    icon = "trash"
