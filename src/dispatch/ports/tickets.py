"""The ticket system: one ticket per situation; its name stays ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dispatch.kit.errors import Refused
from dispatch.ports.answers import Check, Resource
from dispatch.ports.faults import Faults


class Tickets(Protocol):
    """Raises only `Unavailable` and `Refused`."""

    provider: str

    async def create(self, *, key: str, name: str, title: str, url: str) -> Resource:
        """Once per `key`: a repeat finds the ticket made before. `url` leads back to the situation."""
        ...

    async def update(self, external_id: str, *, title: str, status: str) -> None: ...

    async def check(self) -> Sequence[Check]: ...


class MemoryTickets:
    """A ticket system in memory."""

    provider = "memory"

    def __init__(self) -> None:
        self.made: dict[str, Resource] = {}
        self.statuses: dict[str, str] = {}
        self.faults = Faults()

    async def create(self, *, key: str, name: str, title: str, url: str) -> Resource:
        self.faults.entering("create")
        made = self.made.setdefault(
            key, Resource(f"https://tickets.invalid/{name}", external_id=name, title=f"{name} {title}")
        )
        self.faults.leaving("create")
        return made

    async def update(self, external_id: str, *, title: str, status: str) -> None:
        self.faults.entering("update")
        if external_id not in {each.external_id for each in self.made.values()}:
            raise Refused("The ticket is gone.", code="not_found")
        self.statuses[external_id] = status

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.made)} tickets.")]
