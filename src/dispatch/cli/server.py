"""`dispatch server` and `dispatch worker`: the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dispatch.cli.root import database_urls, group, run

if TYPE_CHECKING:
    from dispatch.settings import Settings

server = group("server", "The web server.")
worker = group("worker", "The worker.")


@server.command("start")
def start(
    host: str = "127.0.0.1",
    port: int = 8000,
    with_worker: bool = typer.Option(False, "--with-worker", help="Also work jobs in this process"),
) -> None:
    """Serve pages, the API and Slack's requests."""
    import signal
    import sys

    import uvicorn

    from dispatch.app import create_app, house
    from dispatch.kit import logs
    from dispatch.settings import Settings

    settings = Settings().checked()
    logs.configure("INFO", json=settings.production)
    # uvicorn sends itself the signal again once it has stopped; the default would end us before the database is released.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with database_urls() as (url, _):
        _refuse_or_begin(settings, url)
        uvicorn.run(
            create_app(lambda: house(settings, database_url=url), worker=with_worker),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            # Longer than proxies keep theirs: else we close connections under requests that are on their way.
            timeout_keep_alive=75,
            loop="uvloop",
            http="httptools",
        )


def _refuse_or_begin(settings: Settings, url: str) -> None:
    """What keeps it from starting is one sentence here; out of the running web server it would be a traceback.

    To an empty database belongs a link. Printed, not logged: it makes an owner.

    Raises:
        SetupError: the key cannot be used, or row-level security would not hold.
    """
    from dispatch.desk.web.first_run import first_link
    from dispatch.kit.crypto import Vault
    from dispatch.kit.db import Database
    from dispatch.kit.signing import Signer

    async def link() -> str:
        db = Database(url, pool=1)
        try:
            await db.refuse_unsafe_role()
            return await first_link(db, Signer(settings.secret_key), settings.base_url)
        finally:
            await db.close()

    Vault.from_text(settings.secret_key)
    made = run(link())
    if made:
        print(f"Nobody has set this Dispatch up yet. Open this within 24 hours:\n{made}", flush=True)


@server.command("slack")
def slack(
    organization: str = typer.Argument(help="The organization's slug"),
    project: str = typer.Argument(help="The project's slug"),
) -> None:
    """Hold the Socket Mode connection of a project's Slack app until told to stop (SIGTERM).

    Workers do so for every app by themselves; they leave an app to this process while it runs. It needs a worker beside
    it, which handles what it stores. Ends with 1 and a sentence when Slack or the settings do not allow the connection.
    """
    import asyncio
    import signal

    from dispatch.app import house
    from dispatch.kit import logs
    from dispatch.kit.errors import Refused, SetupError
    from dispatch.kit.slack.sockets import AppSocket, run_named
    from dispatch.projects.socket_setup import installation_for_socket
    from dispatch.settings import Settings

    settings = Settings().checked()
    logs.configure("INFO", json=settings.production)

    async def work(url: str) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop.set)
        async with house(settings, database_url=url, pool=4) as h:
            installation = await installation_for_socket(h.db, h.installations, organization, project)
            app = AppSocket(
                h.db, h.dispatcher, installation, open_link=h.installations.socket_link, session=h.http,
                holder=h.name, named=True,
            )  # fmt: skip
            try:
                await run_named(app, stop)
            except Refused as why:
                raise SetupError(f"{why} {why.hint}".strip()) from None

    with database_urls() as (url, _):
        asyncio.run(work(url))


@worker.command("start")
def start_worker(
    heartbeat: float = typer.Option(8.0, help="Seconds after which a silent worker's jobs are taken over"),
    metrics_port: int = typer.Option(0, help="Also serve /metrics and /healthz/live on this port; 0: do not"),
    metrics_host: str = typer.Option("127.0.0.1", help="Address for --metrics-port; 0.0.0.0 in a container"),
) -> None:
    """Work jobs until told to stop (SIGTERM); running jobs get ten seconds."""
    import asyncio
    import signal
    from contextlib import AsyncExitStack
    from datetime import UTC, datetime

    import uvloop

    from dispatch.house import house
    from dispatch.kit import logs
    from dispatch.kit.worker_health import served
    from dispatch.settings import Settings
    from dispatch.worker import running_worker

    settings = Settings().checked()
    logs.configure("INFO", json=settings.production)

    async def work(url: str) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop.set)
        async with AsyncExitStack() as stack:
            h = await stack.enter_async_context(house(settings, database_url=url))
            jobs = await stack.enter_async_context(running_worker(h, heartbeat=heartbeat))
            if metrics_port:
                await stack.enter_async_context(
                    served(
                        metrics_host,
                        metrics_port,
                        silent=lambda: (datetime.now(UTC) - jobs.last_beat).total_seconds(),
                    )
                )
            await stop.wait()

    with database_urls() as (url, _):
        uvloop.run(work(url))
