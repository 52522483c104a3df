"""The document system: where people write together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dispatch.ports.answers import Check, Resource
from dispatch.ports.faults import Faults


class Documents(Protocol):
    """Raises only `Unavailable` and `Refused`."""

    provider: str

    async def create(self, *, key: str, name: str, title: str, body: str) -> Resource:
        """Once per `key`: a repeat finds the document made before. `body` is Markdown."""
        ...

    async def check(self) -> Sequence[Check]: ...


class MemoryDocuments:
    """A document system in memory."""

    provider = "memory"

    def __init__(self) -> None:
        self.made: dict[str, Resource] = {}
        self.bodies: dict[str, str] = {}
        self.faults = Faults()

    async def create(self, *, key: str, name: str, title: str, body: str) -> Resource:
        self.faults.entering("create")
        made = self.made.setdefault(key, Resource(f"https://documents.invalid/{name}", external_id=name, title=title))
        self.bodies.setdefault(made.external_id, body)
        self.faults.leaving("create")
        return made

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.made)} documents.")]
