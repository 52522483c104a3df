"""A sandbox for tests: served on a free loopback port, in the test's own event loop or in a thread of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from .client import SandboxClient
from .listening import listen
from .sandbox import Sandbox
from .server import create_app
from .serving import KEEP_ALIVE

T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """A sandbox in the test's own event loop."""

    base_url: str
    # What an SDK takes as its base_url.
    api_url: str
    client: SandboxClient
    sandbox: Sandbox


@contextlib.asynccontextmanager
async def running_sandbox(
    *, seed: int | None = 1, rates: bool = False, patience: float = 1.0, snapshot_file: Path | None = None
) -> AsyncIterator[Running]:
    listener = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(base_url=base_url, seed=seed, rates=rates, patience=patience, snapshot_file=snapshot_file)
    async with serving(app, listener), SandboxClient(base_url) as client:
        yield Running(base_url, f"{base_url}/api/", client, app.state.sandbox)


class InThread:
    """A sandbox in another thread. `client` belongs to that thread's event loop: its calls are made through `run`.

    An asynchronous test may as well use a client of its own, `SandboxClient(sandbox.base_url)`.
    """

    def __init__(self, running: Running) -> None:
        self.base_url = running.base_url
        # What an SDK takes as its base_url.
        self.api_url = running.api_url
        self.client = running.client
        self.over = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Makes a call of `client` and answers what it answers; Refused and everything else is raised here."""
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.over.set)


@contextlib.contextmanager
def sandbox_in_thread(*, seed: int | None = 1, rates: bool = False, patience: float = 1.0) -> Iterator[InThread]:
    """Serves a sandbox for as long as the block runs; for tests that are not asynchronous."""
    ready: Future[InThread] = Future()

    async def serve() -> None:
        async with running_sandbox(seed=seed, rates=rates, patience=patience) as running:
            served = InThread(running)
            ready.set_result(served)
            await served.over.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:
            if ready.done():
                raise
            # Whoever waits for the sandbox gets it.
            ready.set_exception(error)

    thread = threading.Thread(target=work, name="slack-sandbox", daemon=True)
    thread.start()
    served = ready.result()
    try:
        yield served
    finally:
        served.stop()
        thread.join()


@contextlib.asynccontextmanager
async def serving(app: object, listener: socket.socket) -> AsyncIterator[None]:
    """Serves any ASGI application on this socket for as long as the block runs."""
    # A connection that was idle for uvicorn's own five seconds would be closed under a client that uses it just then.
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=1, timeout_keep_alive=KEEP_ALIVE,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # Server.serve() would take over signals and look for its end only ten times a second.
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    if not server.started:
        raise RuntimeError("the server did not start; its log says why")
    await server.on_tick(0)
    try:
        yield
    finally:
        box = getattr(getattr(app, "state", None), "sandbox", None)
        if isinstance(box, Sandbox):
            box.live.close()
        await _stop(server)
        listener.close()


async def _stop(server: uvicorn.Server) -> None:
    """What Server.shutdown() does, without its tenth of a second of patience."""
    for one in server.servers:
        one.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    unfinished = list(server.server_state.tasks)
    for task in unfinished:
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    await server.lifespan.shutdown()
