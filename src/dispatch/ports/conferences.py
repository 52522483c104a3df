"""The conference system: a room to talk in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dispatch.ports.answers import Check, Resource
from dispatch.ports.faults import Faults


class Conferences(Protocol):
    """Raises only `Unavailable` and `Refused`."""

    provider: str

    async def create(self, *, key: str, name: str, title: str) -> Resource:
        """Once per `key`, which no other organization has: a repeat gives the same room."""
        ...

    async def check(self) -> Sequence[Check]: ...


class MemoryConferences:
    """A conference system in memory."""

    provider = "memory"

    def __init__(self) -> None:
        self.made: dict[str, Resource] = {}
        self.faults = Faults()

    async def create(self, *, key: str, name: str, title: str) -> Resource:
        self.faults.entering("create")
        made = self.made.setdefault(key, Resource(f"https://rooms.invalid/{key}", external_id=key, title=title))
        self.faults.leaving("create")
        return made

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.made)} rooms.")]
