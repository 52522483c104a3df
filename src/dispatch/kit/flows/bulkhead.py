"""No outside system that hangs takes all of a worker's places.

Steps that call it stay for as long as their time-out, come back after a pause, and are joined by those of each further
incident: after some minutes nothing else would run. So of a kind of step that was slow lately only a few run at a time; the
others let go of their place and come again. A step that answers quickly never notices.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

#: Seconds after which a running step counts as slow, and for how long its kind does so from then on.
SLOW: Final = 2.0
REMEMBERED: Final = 120.0
#: How many run of a slow kind, and of all slow kinds together before each of them may have only one.
MOST_OF_A_KIND: Final = 3
MOST: Final = 20


@dataclass
class Run:
    """One step that runs."""

    kind: Hashable
    began: float
    #: Set when it came to an end that says something of the outside system; one that had nothing to do does not.
    asked: bool = False


@dataclass
class _Slow:
    """A kind that was seen to be slow, and how many of it may run."""

    seen: float
    allowed: int = MOST_OF_A_KIND


class Bulkhead:
    """Of one worker."""

    def __init__(self) -> None:
        self._running: dict[int, Run] = {}
        self._slow: dict[Hashable, _Slow] = {}

    def has_room(self, kind: Hashable) -> bool:
        """Whether another one of this kind may start."""
        self._look()
        if kind not in self._slow:
            return True
        running = Counter(each.kind for each in self._running.values() if each.kind in self._slow)
        return running[kind] < (self._slow[kind].allowed if running.total() < MOST else 1)

    def _look(self) -> None:
        now = time.monotonic()
        for run in self._running.values():
            if now - run.began >= SLOW:
                self._slow[run.kind] = _Slow(now)
        self._slow = {kind: slow for kind, slow in self._slow.items() if now - slow.seen < REMEMBERED}

    @contextmanager
    def running(self, kind: Hashable) -> Iterator[Run]:
        """While the step runs."""
        run = Run(kind, time.monotonic())
        self._running[id(run)] = run
        try:
            yield run
        finally:
            del self._running[id(run)]
            self._ended(run)

    def _ended(self, run: Run) -> None:
        now = time.monotonic()
        if now - run.began >= SLOW:
            self._slow[run.kind] = _Slow(now)
        elif run.asked and (slow := self._slow.get(run.kind)) is not None:
            # Twice as many after each quick answer: one alone may be luck, and would let in all who wait.
            slow.allowed *= 2
            if slow.allowed > MOST:
                del self._slow[run.kind]
