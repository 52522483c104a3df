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
from typing import Final

#: Seconds after which a running step counts as slow, and for how long its kind does so from then on.
SLOW: Final = 2.0
REMEMBERED: Final = 120.0
#: How many run of a slow kind, and of all slow kinds together before each of them may have only one.
MOST_OF_A_KIND: Final = 3
MOST: Final = 20


class Bulkhead:
    """Of one worker."""

    def __init__(self) -> None:
        self._running: dict[object, tuple[Hashable, float]] = {}
        #: When a kind was last seen to be slow. One quick end, and it is forgotten.
        self._slow: dict[Hashable, float] = {}

    def has_room(self, kind: Hashable) -> bool:
        """Whether another one of this kind may start."""
        self._look()
        if kind not in self._slow:
            return True
        running = Counter(each for each, _ in self._running.values() if each in self._slow)
        return running[kind] < (MOST_OF_A_KIND if running.total() < MOST else 1)

    def _look(self) -> None:
        now = time.monotonic()
        for kind, since in self._running.values():
            if now - since >= SLOW:
                self._slow[kind] = now
        self._slow = {kind: seen for kind, seen in self._slow.items() if now - seen < REMEMBERED}

    @contextmanager
    def running(self, kind: Hashable) -> Iterator[None]:
        """While the step runs."""
        key, began = object(), time.monotonic()
        self._running[key] = (kind, began)
        try:
            yield
        finally:
            del self._running[key]
            now = time.monotonic()
            if now - began >= SLOW:
                self._slow[kind] = now
            else:
                self._slow.pop(kind, None)
