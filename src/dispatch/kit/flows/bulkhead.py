"""No outside system that hangs takes all of a worker's places.

Steps that call it stay for as long as their time-out, come back after a pause, and are joined by those of each further
incident: after some minutes nothing else would run. So of one kind of step only a few may be slow at a time; the others
let go of their place and come again. A step that answers quickly never notices.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds after which a running step counts as slow.
SLOW: Final = 2.0
#: Slow ones of one kind, and of all kinds together before each kind may have only one.
MOST_OF_A_KIND: Final = 3
MOST: Final = 20


class Bulkhead:
    """Of one worker."""

    def __init__(self) -> None:
        self._running: dict[object, tuple[Hashable, float]] = {}

    def has_room(self, kind: Hashable) -> bool:
        """Whether another one of this kind may start."""
        border = time.monotonic() - SLOW
        slow = Counter(each for each, since in self._running.values() if since < border)
        return slow[kind] < (MOST_OF_A_KIND if slow.total() < MOST else 1)

    @contextmanager
    def running(self, kind: Hashable) -> Iterator[None]:
        """While the step runs."""
        key = object()
        self._running[key] = (kind, time.monotonic())
        try:
            yield
        finally:
            del self._running[key]
