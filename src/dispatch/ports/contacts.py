"""The directory: who somebody is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def profile(self) -> dict[str, str]:
        """What `people.actions.person_for` keeps, by its names there; empty fields are left out."""
        known = {
            "name": self.full_name,
            "title": self.title,
            "team": self.team,
            "department": self.department,
            "location": self.location,
            "weblink": self.weblink,
            "avatar_url": self.avatar,
            "tz": self.timezone,
        }
        return {key: value for key, value in known.items() if value}


class Contacts(Protocol):
    """A directory of people. Raises only `Unavailable` and `Refused`."""

    provider: str

    async def find(self, email: str) -> Contact | None:
        """None when nobody active has this address."""
        ...

    async def by_chat_id(self, id: str) -> Contact | None:
        """By the user id of the chat system."""
        ...

    async def find_many(self, emails: Sequence[str]) -> Mapping[str, Contact | None]:
        """Several at once, by the addresses as they were given; cheaper than one after the other."""
        ...

    def forget(self, id: str, *, email: str = "") -> None:
        """Ask again next time: the chat system says that this person changed, or that the address has one now."""
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

    async def find_many(self, emails: Sequence[str]) -> Mapping[str, Contact | None]:
        return {email: await self.find(email) for email in emails}

    def forget(self, id: str, *, email: str = "") -> None:
        """Nothing is kept."""

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.people)} people.")]
