"""The directory: who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatch.ports.answers import Check
from dispatch.ports.faults import Faults


@dataclass(frozen=True)
class Contact:
    """What a directory knows of a person. Unknown fields are empty; `timezone` is an IANA name."""

    full_name: str
    email: str
    title: str = ""
    team: str = ""
    department: str = ""
    location: str = ""
    timezone: str = ""
    weblink: str = ""
    avatar: str = ""
    chat_user_id: str = ""
    #: A guest of the workspace.
    guest: bool = False


class Contacts(Protocol):
    """A directory of people. Raises only `Unavailable` and `Refused`."""

    provider: str

    async def find(self, email: str) -> Contact | None:
        """None when nobody active has this address."""
        ...

    async def by_chat_id(self, id: str) -> Contact | None:
        """By the user id of the chat system."""
        ...

    async def check(self) -> Sequence[Check]: ...


class MemoryContacts:
    """A directory in memory."""

    provider = "memory"

    def __init__(self, *people: Contact) -> None:
        self.people = list(people)
        self.faults = Faults()

    async def find(self, email: str) -> Contact | None:
        self.faults.entering("find")
        return next((each for each in self.people if each.email.lower() == email.lower()), None)

    async def by_chat_id(self, id: str) -> Contact | None:
        self.faults.entering("by_chat_id")
        return next((each for each in self.people if each.chat_user_id == id), None)

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.people)} people.")]
