"""The stream behind an open page: tells what to read again, for as long as whoever looks may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractContextManager

from sse_starlette import EventSourceResponse, ServerSentEvent

from dispatch.kit.errors import DispatchError
from dispatch.kit.web.live import Changes, Waiting

#: Seconds in which the facts of one transaction arrive: one re-read per part is enough for all of them.
GATHERED = 0.05


def stream(
    watched: AbstractContextManager[Waiting],
    told: Callable[[Changes], Awaitable[Collection[str]]],
    *,
    at_most_each: float = 0.0,
) -> EventSourceResponse:
    """Server-sent events named after what `told` answers.

    Args:
        watched: what changed, such as `Live.watch(...)`.
        told: asked after each change; it asks again, too, who looks. A `DispatchError` ends the stream: then not even that
            something happened is told. The page hears `ended` (`sse-close`), so that it does not ask again and again.
        at_most_each: seconds between two re-reads, however much happens.
    """

    async def events() -> AsyncIterator[ServerSentEvent]:
        with watched as waiting:
            while True:
                await waiting.some()
                await asyncio.sleep(GATHERED)
                try:
                    names = await told(waiting.take())
                except DispatchError:
                    yield ServerSentEvent(data="ended", event="ended")
                    return
                for name in names:
                    yield ServerSentEvent(data="changed", event=name)
                if names:
                    await asyncio.sleep(at_most_each)

    return EventSourceResponse(events(), ping=20)
