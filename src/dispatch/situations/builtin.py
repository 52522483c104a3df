"""The built-in ticket: the incident page itself, under the incident's own name."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.ports.answers import Check, Resource


@dataclass(frozen=True)
class BuiltinTickets:
    """Nothing is stored twice: the situation's row is the ticket."""

    provider: str = "dispatch"

    async def create(self, *, key: str, name: str, title: str, url: str) -> Resource:
        """The page of the situation; the same for every repeat."""
        return Resource(url, external_id=name, title=name)

    async def update(self, external_id: str, *, title: str, status: str) -> None:
        """The page shows the present state by itself."""

    async def check(self) -> list[Check]:
        """Nothing to reach."""
        return [Check("Built-in tickets", True, "The incident page is the ticket.")]
