"""The sandbox's HTTP server: started on a bound socket, stopped without losing state."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from . import outside, snapshot
from .calls import Ledger
from .server import create_app

# How long open requests may take to end when the sandbox stops.
GRACE = 2
# Seconds an idle connection stays open: longer than clients keep theirs, or it is closed under a request on its way.
KEEP_ALIVE = 75


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
            self._warming = asyncio.create_task(asyncio.to_thread(outside.warm_up))


async def serve(
    listener: socket.socket,
    *,
    base_url: str,
    seed: int | None,
    rates: bool,
    snapshot_file: Path | None,
    calls_file: Path | None = None,
    hosts: tuple[str, ...],
    ready: Callable[[], None],
) -> None:
    """Serves until SIGTERM or SIGINT. Raises Impossible when the snapshot cannot be read, OSError when the calls cannot be written."""
    app = create_app(base_url=base_url, seed=seed, rates=rates, snapshot_file=snapshot_file, hosts=hosts)
    box = app.state.sandbox
    if snapshot_file is not None:
        snapshot.load(box, snapshot_file)
    if calls_file is not None:
        box.ledger = Ledger(calls_file)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
        lifespan="on",
    )
    server = _Server(config, ready)

    def stop() -> None:
        # Open streams would keep the server from stopping.
        box.live.close()
        server.should_exit = True

    @contextlib.contextmanager
    def signals() -> Iterator[None]:
        # uvicorn's own handling ends by raising the signal again, which looks like a crash to a supervisor.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        yield

    server.capture_signals = signals  # type: ignore[method-assign]
    try:
        await server.serve(sockets=[listener])
    finally:
        if box.ledger is not None:
            box.ledger.close()
