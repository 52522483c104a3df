"""The sandbox's own time: wall time plus whatever the test side has skipped, or standing still until it skips some."""

import asyncio
import contextlib
import time


class Clock:
    """Drives triggers, response URLs, rate tiers and retries. Signatures and the 3 s limit use wall time instead."""

    def __init__(self) -> None:
        self.offset = 0.0
        # Wall time at which it was stopped.
        self._stopped: float | None = None
        self._moved = asyncio.Event()

    @property
    def running(self) -> bool:
        return self._stopped is None

    def now(self) -> float:
        return (time.time() if self._stopped is None else self._stopped) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds
        self._wake()

    def stop(self) -> None:
        """From here on only `advance` moves it."""
        if self._stopped is None:
            self._stopped = time.time()
            self._wake()

    def start(self) -> None:
        """Goes on from the time at which it stands."""
        if self._stopped is not None:
            self.offset += self._stopped - time.time()
            self._stopped = None
            self._wake()

    def _wake(self) -> None:
        woken, self._moved = self._moved, asyncio.Event()
        woken.set()

    async def sleep(self, seconds: float) -> None:
        deadline = self.now() + seconds
        while (left := deadline - self.now()) > 0:
            # A time-out here is the ordinary way for the wait to end: nobody skipped time.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left if self.running else None)
