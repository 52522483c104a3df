"""`dispatch demo`: everything on this machine, with a sample organization and a local Slack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import typer

from dispatch.cli.root import app


@app.command()
def demo(
    port: int = typer.Option(8000, help="Port of Dispatch"),
    sandbox_port: int = typer.Option(8100, help="Port of the local Slack"),
    data: Path | None = typer.Option(None, help="Where the demo keeps its data between runs"),
    fresh: bool = typer.Option(False, help="Throw the demo's data away first"),
    socket: bool = typer.Option(False, "--socket", help="Connect by Socket Mode instead of HTTP requests"),
    no_browser: bool = typer.Option(False, "--no-browser", help="Do not open a browser"),
) -> None:
    """Start database, web, worker and a local Slack; Ctrl-C stops everything."""
    folder = (data or _default_folder()).absolute()
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _run(folder, port, sandbox_port, fresh, processes, open_browser=not no_browser, socket_mode=socket)
    except KeyboardInterrupt:
        pass
    finally:
        _stop(processes)
        if processes:
            print("Stopped. The demo's data is kept; --fresh starts over.", flush=True)


def _default_folder() -> Path:
    # The embedded server runs as another user when we are root, and root's home is closed to it.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/dispatch-demo")
    return Path.home() / ".local" / "share" / "dispatch-demo"


def _run(
    folder: Path,
    port: int,
    sandbox_port: int,
    fresh: bool,
    processes: list[subprocess.Popen[bytes]],
    *,
    open_browser: bool,
    socket_mode: bool,
) -> None:
    import shutil

    from dispatch.kit import embedded
    from dispatch.kit.crypto import generate_key

    for name, wanted in (("--port", port), ("--sandbox-port", sandbox_port)):
        refuse_taken_port(name, wanted)
    if fresh and folder.exists():
        _say("Throwing the old demo away")
        if not (folder / ".dispatch-demo").exists():
            raise SystemExit(f"{folder} was not made by the demo; it is left alone.")
        embedded.stop(folder, force=True)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".dispatch-demo").touch()
    key_file = folder / "secret-key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(generate_key())

    _say("Starting the database")
    with embedded.start(folder) as cluster:
        from dispatch import migrations

        _say("Preparing the schema")
        migrations.upgrade(cluster.owner_url)
        base, slack = f"http://localhost:{port}", f"http://localhost:{sandbox_port}"
        env = os.environ | environment(folder, key_file.read_text().strip(), base, slack)
        _say("Starting the local Slack")
        start_process(
            processes,
            [sys.executable, "-m", "slack_sandbox.cli", "start", "--port", str(sandbox_port),
             "--snapshot", str(folder / "slack.json"), "--base-url", slack],
            env, f"{slack}/sandbox/workspaces", folder / "slack.log",
        )  # fmt: skip
        _say("Filling the sample organization")
        link = _prepare(cluster.app_url, env, base, slack, socket_mode=socket_mode)
        _say("Starting web and worker")
        start_process(
            processes,
            [sys.executable, "-m", "dispatch.cli.run", "worker", "start"], env, None, folder / "worker.log",
        )  # fmt: skip
        start_process(
            processes,
            [sys.executable, "-m", "dispatch.cli.run", "server", "start", "--port", str(port)],
            env, f"{base}/healthz/ready", folder / "web.log",
        )  # fmt: skip
        print(
            f"\n  Dispatch      {base}\n  Local Slack   {slack}/?as=U0ADA\n"
            f"  Sign in as Ada, once: {link}\n\n"
            "  In the local Slack type /dispatch-report-incident. Ctrl-C stops everything.\n",
            flush=True,
        )
        if open_browser and os.environ.get("DISPLAY"):
            import webbrowser

            webbrowser.open(link)
        while True:
            time.sleep(0.5)
            for process in processes:
                if process.poll() is not None:
                    raise SystemExit(f"A process ended with {process.returncode}; see the logs in {folder}.")


def environment(folder: Path, secret_key: str, base_url: str, slack: str) -> dict[str, str]:
    """What web and worker of the demo are told.

    They share the embedded database of the data folder, as an installation without a database of its own does: so they
    back it up each night, and say so. A database that the person's own environment names stays out of this.
    """
    return {
        "DISPATCH_ENV": "demo",
        "DISPATCH_DATA_DIR": str(folder),
        "DISPATCH_DATABASE_URL": "",
        "DISPATCH_DATABASE_OWNER_URL": "",
        "DISPATCH_SECRET_KEY": secret_key,
        "DISPATCH_BASE_URL": base_url,
        "DISPATCH_SLACK_API_URL": f"{slack}/api/",
    }


def refuse_taken_port(option: str, port: int) -> None:
    """Stop early with what to do, instead of a server that cannot bind."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SystemExit(
                f"Port {port} is in use, maybe by another demo. Stop that, or choose another with {option}."
            ) from None


def _prepare(database_url: str, env: dict[str, str], base: str, slack: str, *, socket_mode: bool) -> str:
    import asyncio

    async def work() -> str:
        import aiohttp

        from dispatch.app import load_slack_handlers
        from dispatch.desk import sample
        from dispatch.kit.crypto import Vault
        from dispatch.kit.db import Database
        from dispatch.kit.slack.manifest import manifest
        from dispatch.people.actions import account_for
        from dispatch.people.sessions import one_time_link
        from dispatch.plugins import discover

        load_slack_handlers()
        db = Database(database_url)
        await sample.fill(db)
        async with aiohttp.ClientSession() as http:
            await _post(http, f"{slack}/sandbox/workspaces", sample.workspace())
            installed = await _post(
                http,
                f"{slack}/sandbox/apps",
                {"team": sample.TEAM, "manifest": manifest(base, sample.SLUG, socket=socket_mode)},
            )
        plugins: dict[str, Any] = dict(discover())
        await sample.connect_slack(
            db, Vault.from_text(env["DISPATCH_SECRET_KEY"]), plugins, installed, socket=socket_mode
        )
        async with db.system() as t:
            token = await one_time_link(t, await account_for(t, sample.CAST[0].email))
        await db.close()
        return f"{base}/sign-in?token={token}"

    return asyncio.run(work())


async def _post(http: Any, url: str, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post(url, json=body) as answer:
        if answer.status >= 400:
            raise SystemExit(f"The local Slack refused {url}: {await answer.text()}")
        made: dict[str, Any] = await answer.json()
        return made


def start_process(
    processes: list[subprocess.Popen[bytes]], command: list[str], env: dict[str, str], ready: str | None, log: Path
) -> None:
    """Start a process with its output in a file, and wait until its address answers."""
    import urllib.error
    import urllib.request

    with log.open("ab") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    processes.append(process)
    until = time.monotonic() + 60
    while ready is not None:
        if process.poll() is not None or time.monotonic() > until:
            tail = log.read_text(errors="replace")[-1500:]
            raise SystemExit(f"{' '.join(command[2:4])} did not start:\n{tail}")
        try:
            with urllib.request.urlopen(ready, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    for process in reversed(processes):
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def _say(what: str) -> None:
    print(f"{what} …", flush=True)
