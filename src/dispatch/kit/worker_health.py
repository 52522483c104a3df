"""What machines ask a worker process: does it live, the figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

#: Seconds. A worker looks each second; an outage of the database makes it silent, and a restart would not help at once.
LONGEST_SILENCE = 60.0


@asynccontextmanager
async def served(host: str, port: int, *, silent: Callable[[], float]) -> AsyncIterator[int]:
    """Serve `/healthz/live` and `/metrics` while the block runs; yields the port (0 asks for a free one).

    Args:
        silent: seconds since the worker last looked into its queue; above 60 it does not live.
    """

    async def alive(_request: web.Request) -> web.Response:
        seconds = silent()
        if seconds > LONGEST_SILENCE:
            return web.Response(text=f"no look into the queue for {seconds:.0f} s", status=503)
        return web.Response(text="ok")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz/live", alive)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
