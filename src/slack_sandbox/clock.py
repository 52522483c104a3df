"""The sandbox's own time: wall time plus whatever the test side has skipped."""

import asyncio
import contextlib
import time


class Clock:
    """Drives triggers, response URLs, rate tiers and retries. Signatures and the 3 s limit use wall time instead."""

    def __init__(self) -> None:
        self.offset = 0.0
        self._skipped = asyncio.Event()

    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds
        woken, self._skipped = self._skipped, asyncio.Event()
        woken.set()

    async def sleep(self, seconds: float) -> None:
        deadline = self.now() + seconds
        while (left := deadline - self.now()) > 0:
            # A time-out here is the ordinary way for the wait to end: nobody skipped time.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._skipped.wait(), left)
