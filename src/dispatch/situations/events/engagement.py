"""Calling in whoever is on call, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class OncallEngaged(Fact):
    """Who is on call was called in, or the call is repeated: `call` counts from 1, 0 is without a call."""

    name = "oncall.engaged"
    says = "{by} engaged {person}, on call for {rotation}{said}"
    icon = "phone-call"
    part = "participants"

    engagement_id: int
    person: str
    person_id: int
    rotation: str
    said: str
    call: int = 1


@fact
@dataclass(frozen=True, kw_only=True)
class OncallCalledAgain(Fact):
    """Nobody answered: the same person, or the next on the rotation, is called."""

    name = "oncall.called_again"
    says = "Nobody answered for {rotation}; {person} is called"
    icon = "bell-exclamation"
    part = "participants"

    engagement_id: int
    person: str
    person_id: int
    rotation: str
    call: int


@fact
@dataclass(frozen=True, kw_only=True)
class OncallAnswered(Fact):
    """The person called in answered."""

    name = "oncall.answered"
    says = "{by} answered the call for {rotation}"
    icon = "bell-check"
    part = "participants"

    engagement_id: int
    rotation: str


@fact
@dataclass(frozen=True, kw_only=True)
class OncallUnanswered(Fact):
    """Everybody on the rotation was called in vain."""

    name = "oncall.unanswered"
    says = "Nobody on {rotation} answered"
    icon = "bell-off"
    part = "participants"

    engagement_id: int
    rotation: str
    by_id: int
