"""What happens to a situation as a whole, each a fact with the sentence people read in the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class Opened(Fact):
    """A situation was reported."""

    name = "situation.opened"
    says = "{by} reported {situation}: {title}"
    icon = "flame"
    part = "summary"

    situation: str
    title: str
    kind: str
    project: str
    type: str
    severity: str
    priority: str
    visibility: str


@fact
@dataclass(frozen=True, kw_only=True)
class StatusChanged(Fact):
    """The state moved."""

    name = "situation.status_changed"
    says = "{by} moved it from {before} to {after}"
    icon = "progress-check"
    part = "summary"

    before: str
    after: str
    #: Closed because another situation is the same and goes on.
    duplicate: bool = False


@fact
@dataclass(frozen=True, kw_only=True)
class DetailsChanged(Fact):
    """Somebody changed what is known; `changes` maps the field to [before, after], long texts cut."""

    name = "situation.details_changed"
    says = "{by} changed {what}"
    icon = "pencil"
    part = "summary"

    what: str
    changes: dict[str, list[str]]
    #: The situation's version after this change.
    version: int


@fact
@dataclass(frozen=True, kw_only=True)
class VisibilityChanged(Fact):
    """It became restricted, or open again."""

    name = "situation.visibility_changed"
    says = "{by} made it {after}"
    icon = "lock"
    part = "summary"

    before: str
    after: str


@fact
@dataclass(frozen=True, kw_only=True)
class RestrictedOpened(Fact):
    """An admin looked at a restricted situation without taking part; the reason is on record."""

    name = "situation.restricted_opened"
    says = "{by} looked at this restricted {kind} as an admin: {reason}"
    icon = "eye"

    kind: str
    reason: str
    hours: int


@fact
@dataclass(frozen=True, kw_only=True)
class AlreadyOutside(Fact):
    """It became restricted after the fact: what others may have read already."""

    name = "situation.already_outside"
    says = "Before it was restricted, others could see: {what}"
    icon = "eye-exclamation"

    what: str


@fact
@dataclass(frozen=True, kw_only=True)
class UpdatePromised(Fact):
    """Everybody is told when to expect the next word."""

    name = "update.promised"
    says = "The next update is promised {when}"
    icon = "calendar-time"
    part = "summary"

    when: str
