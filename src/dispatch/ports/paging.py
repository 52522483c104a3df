"""Paging: getting somebody's attention, now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatch.ports.answers import Check
from dispatch.ports.faults import Faults


@dataclass(frozen=True)
class Page:
    """One call for one person.

    Attributes:
        key: stable over repeats of the same call; the receiver drops doubles by it.
        name: of the situation, such as INC-42.
        url: where it is acknowledged.
        call: which attempt to reach somebody this is, from 1.
    """

    key: str
    person: str
    email: str
    name: str
    title: str
    url: str
    priority: str = ""
    severity: str = ""
    chat_user_id: str = ""
    call: int = 1


@dataclass(frozen=True)
class PageReceipt:
    """The receiver took it. Whether somebody saw it is another matter."""

    provider: str
    external_id: str = ""


class Paging(Protocol):
    """Raises only `Unavailable` and `Refused`."""

    provider: str

    async def page(self, page: Page) -> PageReceipt:
        """Keyed: the same `key` reaches the person once."""
        ...

    async def check(self) -> Sequence[Check]: ...


class MemoryPaging:
    """A pager in memory."""

    provider = "memory"

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.faults = Faults()

    async def page(self, page: Page) -> PageReceipt:
        self.faults.entering("page")
        self.pages.setdefault(page.key, page)
        self.faults.leaving("page")
        return PageReceipt(self.provider, page.key)

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.pages)} pages.")]
