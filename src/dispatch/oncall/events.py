"""What happens with pages."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class Paged(Fact):
    """Somebody was called."""

    name = "page.sent"
    says = "{person} was paged through {through}"
    icon = "bell-ringing"
    part = "pages"

    person: str
    person_id: int
    through: str
    round: int


@fact
@dataclass(frozen=True, kw_only=True)
class PageFailed(Fact):
    """A call could not be delivered."""

    name = "page.failed"
    says = "{person} could not be paged through {through}: {reason}"
    icon = "bell-x"
    part = "pages"

    person: str
    person_id: int
    through: str
    reason: str


@fact
@dataclass(frozen=True, kw_only=True)
class PageAcknowledged(Fact):
    """The person answered."""

    name = "page.acknowledged"
    says = "{person} answered the page"
    icon = "bell-check"
    part = "pages"

    person: str
    person_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class PageDue(Fact):
    """Nobody answered in time; somebody is called again."""

    name = "page.due"
    says = "{person} did not answer within {minutes} minutes; {next_person} is called"
    icon = "bell-exclamation"
    part = "pages"

    person: str
    person_id: int
    minutes: int
    next_person: str
    next_person_id: int
    call: int


@fact
@dataclass(frozen=True, kw_only=True)
class NobodyAnswered(Fact):
    """Everybody on the rotation was called, and nobody answered."""

    name = "page.nobody_answered"
    says = "Nobody on the rotation answered"
    icon = "bell-off"
    part = "pages"

    person_id: int
