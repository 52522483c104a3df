"""Values that several ports answer with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """What another system holds for a situation.

    Attributes:
        url: for people; may be empty when the system has no page for it.
        external_id: the other system's name for it.
    """

    url: str
    external_id: str
    title: str = ""


@dataclass(frozen=True)
class Check:
    """One line of *Test connection*.

    Attributes:
        hint: what to do when it is not ok, or what works less well.
    """

    name: str
    ok: bool
    message: str
    hint: str = ""
