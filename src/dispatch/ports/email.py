"""E-mail: what is sent, and the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dispatch.ports.answers import Check
from dispatch.ports.faults import Faults


@dataclass(frozen=True)
class Email:
    """One message.

    Attributes:
        key: becomes the Message-ID, by which mail systems drop doubles.
        text: always; `html` beside it when not empty.
        reference: the key of the message this one follows, to keep a thread together.
    """

    key: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Sent:
    """The mail server took it. `refused` maps the addresses it did not take to its reasons."""

    message_id: str
    refused: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Raises only `Unavailable` and `Refused` (also when no address at all was taken)."""

    provider: str

    async def send(self, email: Email) -> Sent: ...

    async def check(self) -> Sequence[Check]: ...


class MemoryMailer:
    """A mail system in memory: one message per key, as a mailbox shows it."""

    provider = "memory"

    def __init__(self) -> None:
        self.sent: dict[str, Email] = {}
        self.faults = Faults()

    async def send(self, email: Email) -> Sent:
        self.faults.entering("send")
        self.sent.setdefault(email.key, email)
        self.faults.leaving("send")
        return Sent(f"<{email.key}@memory.invalid>")

    async def check(self) -> Sequence[Check]:
        return [Check("Memory", True, f"{len(self.sent)} messages.")]
