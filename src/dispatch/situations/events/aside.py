"""What Dispatch says to single people. Not about the situation but beside it: no part of its timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact

#: The kind of subject such facts are about; its id is the situation's.
ASIDE = "aside"


@fact
@dataclass(frozen=True, kw_only=True)
class ToldAside(Fact):
    """Something is said to one person only, perhaps not seen. `what` as in the table `told_once`."""

    name = "aside.told"
    says = "{person} was told something only they can read: {what}"
    icon = "message"

    what: str
    person: str
    person_id: int
    #: User and channel in the chat system; `thread` is empty outside of threads.
    user: str
    channel: str
    thread: str = ""
    words: dict[str, Any] = field(default_factory=dict)
