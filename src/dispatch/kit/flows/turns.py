"""Who may run beside whom: steps run side by side, a step suspected of ending workers runs alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

#: Seconds anybody waits for anybody else here: a neighbour that hangs must not hold up what works.
PATIENCE = 10.0


class Turns:
    """Of one worker. Whoever waited in vain goes ahead: to be alone is a wish, to be in time is a promise."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._running = 0
        self._suspects = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._one_is_alone = False

    @asynccontextmanager
    async def among_others(self) -> AsyncIterator[None]:
        """Start when nobody is alone."""
        await self._until(lambda: not self._one_is_alone)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            await self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Start when nobody runs; nobody starts meanwhile. One after the other."""
        async with self._suspects:
            self._one_is_alone = True
            try:
                await self._until(lambda: not self._running)
                yield
            finally:
                self._one_is_alone = False
                await self._tell()

    async def _until(self, true: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(true)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
