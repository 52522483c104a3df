"""How fast Slack lets us call, who goes first when it is tight, and what a rate budget has to do.

The shared budget over the database is in `budget.py`; this module imports no database, so plugins may use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

MINUTE: Final = 60.0


class Lane(IntEnum):
    """Who is waiting, the most urgent first. A later lane leaves the last part of each budget to the earlier ones."""

    PEOPLE = 0
    ANSWERS = 1
    STATUS = 2
    DECORATION = 3


#: The part of a budget that each lane leaves for the lanes before it.
LEFT: Final[Mapping[Lane, float]] = {Lane.PEOPLE: 0.0, Lane.ANSWERS: 0.1, Lane.STATUS: 0.25, Lane.DECORATION: 0.5}

TIER_1: Final = 1
TIER_2: Final = 20
TIER_3: Final = 50
TIER_4: Final = 100

#: Calls per minute, workspace and app. Slack's pages and its java SDK disagree on some: the stricter is here.
PER_MINUTE: Final[Mapping[str, int]] = {
    "apps.connections.open": TIER_1,
    # Documented as "special", hundreds per minute; the numbers are the java SDK's.
    "auth.test": 600,
    "bookmarks.add": TIER_2,
    "bookmarks.edit": TIER_2,
    "bookmarks.list": TIER_3,
    "bots.info": TIER_3,
    "chat.delete": TIER_3,
    "chat.getPermalink": 600,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": 300,
    "chat.unfurl": TIER_3,
    "chat.update": TIER_3,
    "conversations.archive": TIER_2,
    "conversations.create": TIER_2,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.invite": TIER_3,
    "conversations.join": TIER_3,
    "conversations.kick": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.rename": TIER_2,
    "conversations.replies": TIER_3,
    "conversations.setPurpose": TIER_2,
    "conversations.setTopic": TIER_2,
    "conversations.unarchive": TIER_2,
    "pins.add": TIER_2,
    "pins.remove": TIER_2,
    "reactions.add": TIER_3,
    "reactions.get": TIER_3,
    "team.info": TIER_3,
    "users.conversations": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "users.profile.get": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}

#: A trigger lives three seconds: asking the budget could only lose it. `apps.connections.open` is paced by the socket.
NEVER_WAIT: Final = frozenset({"views.open", "views.push", "apps.connections.open"})

#: Messages a second in one channel, and how many at once.
_CHANNEL_PACE: Final = 1.0
_CHANNEL_BURST: Final = 2.0


@dataclass(frozen=True)
class Limit:
    """One bucket a call takes a token from.

    Attributes:
        key: `app/team/method`, with the channel as fourth part for messages.
        size: tokens when full.
        pace: tokens a second.
        left: tokens this lane leaves for others.
        slice: tokens a process may take ahead for its next calls.
    """

    key: str
    size: float
    pace: float
    left: float = 0.0
    slice: int = 1


def limits(owner: str, method: str, *, channel: str = "", lane: Lane = Lane.ANSWERS) -> list[Limit]:
    """What one call takes from; empty for calls that never wait.

    Args:
        owner: `app/team` of the installation.
        channel: the channel argument of `chat.postMessage`.
    """
    if method in NEVER_WAIT:
        return []
    size = PER_MINUTE[method]
    key = f"{owner}/{method}"
    found = [Limit(key, size, size / MINUTE, left=size * LEFT[lane], slice=max(1, size // 50))]
    if method == "chat.postMessage" and channel:
        found.append(Limit(f"{key}/{channel}", _CHANNEL_BURST, _CHANNEL_PACE))
    return found


class Budget(Protocol):
    """Permission to call Slack, shared by all processes."""

    async def take(self, wanted: Sequence[Limit]) -> float:
        """Take one token of each limit, or none of any.

        Returns:
            0 when taken, else the seconds after which another try makes sense.
        """
        ...

    async def block(self, keys: Sequence[str], seconds: float) -> None:
        """Slack said 429: nobody takes from these for so long."""
        ...


class MemoryBudget:
    """A budget for one process: tests, and wherever no database is at hand."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._blocked: dict[str, float] = {}

    async def take(self, wanted: Sequence[Limit]) -> float:
        now = self._clock()
        levels = [self._level(each, now) for each in wanted]
        wait = max((self._wait(each, level, now) for each, level in zip(wanted, levels, strict=True)), default=0.0)
        if wait > 0:
            return wait
        for each, level in zip(wanted, levels, strict=True):
            self._levels[each.key] = (level - 1, now)
        return 0.0

    async def block(self, keys: Sequence[str], seconds: float) -> None:
        until = self._clock() + seconds
        for key in keys:
            self._blocked[key] = max(until, self._blocked.get(key, 0.0))

    def _level(self, limit: Limit, now: float) -> float:
        level, at = self._levels.get(limit.key, (limit.size, now))
        return min(limit.size, level + (now - at) * limit.pace)

    def _wait(self, limit: Limit, level: float, now: float) -> float:
        short = (limit.left + 1 - level) / limit.pace
        return max(0.0, short, self._blocked.get(limit.key, now) - now)
