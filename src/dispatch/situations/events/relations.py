"""What situations have to do with each other, as facts.

A fact never names a restricted situation: the timeline it stands in may be read by people who must not know of it.
Where the other one is restricted, no fact is recorded, and the pages show the relation to those who see both.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class Related(Fact):
    """It has to do with another situation."""

    name = "relation.related"
    says = "{by} linked it with {other}"
    icon = "link"
    part = "related"

    other: str
    other_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class Unrelated(Fact):
    """The link was taken away."""

    name = "relation.unrelated"
    says = "{by} took the link with {other} away"
    icon = "link"
    part = "related"

    other: str
    other_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class MarkedDuplicate(Fact):
    """It goes on in another situation."""

    name = "relation.duplicate"
    says = "{by} marked it as a duplicate of {original}"
    icon = "copy"
    part = "related"

    original: str
    original_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class DuplicateMerged(Fact):
    """Another situation was the same as this one."""

    name = "relation.merged"
    says = "{by} merged the duplicate {duplicate} into it"
    icon = "copy"
    part = "related"

    duplicate: str
    duplicate_id: int


@fact
@dataclass(frozen=True, kw_only=True)
class NoDuplicate(Fact):
    """The merge was undone, told on both sides."""

    name = "relation.no_duplicate"
    says = "{by} took {duplicate} and {original} apart again"
    icon = "arrows-exchange"
    part = "related"

    duplicate: str
    original: str
