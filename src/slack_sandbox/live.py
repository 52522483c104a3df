"""The live stream: tells each person's page what to read again, by id only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import contextmanager
from typing import Any

import orjson

_KEEPALIVE = 15.0


class Live:
    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[dict[str, Any] | None], str] = {}
        self._changed = asyncio.Event()
        self.closed = False

    def tell(self, kind: str, *, to: set[str] | None = None, **ids: str | None) -> None:
        """`to=None` tells everybody, otherwise only these people."""
        note = {"type": kind, **{key: value for key, value in ids.items() if value is not None}}
        for queue, person in self._listeners.items():
            if to is None or person in to:
                queue.put_nowait(note)
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()

    async def changed(self) -> None:
        """Returns after the next change of anything."""
        await self._changed.wait()

    def close(self) -> None:
        self.closed = True
        for queue in self._listeners:
            queue.put_nowait(None)

    @contextmanager
    def _listening(self, person: str) -> Any:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listeners[queue] = person
        try:
            yield queue
        finally:
            del self._listeners[queue]

    async def stream(self, person: str) -> AsyncIterator[bytes]:
        with self._listening(person) as queue:
            yield b": listening\n\n"
            while not self.closed:
                try:
                    note = await asyncio.wait_for(queue.get(), _KEEPALIVE)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if note is None:
                    return
                yield b"data: " + orjson.dumps(note) + b"\n\n"
