"""The whole of Dispatch as operating-system processes on loopback: PostgreSQL, a local Slack, web and workers."""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from dispatch import migrations
from dispatch.app import load_slack_handlers
from dispatch.desk import sample
from dispatch.kit import embedded
from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.db import Database
from dispatch.kit.embedded.testing import database_url, fastest_place
from dispatch.kit.flows.journal import ENDED
from dispatch.kit.slack.manifest import manifest
from dispatch.people.machines import create_token
from dispatch.people.queries import organization
from dispatch.plugins import discover
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.queries import project
from tests.receivers import Mailbox, Pager, running_mailbox, running_pager

BO, ADA = "U0BO", "U0ADA"
CALLS = "calls.jsonl"

# Every bucket is always full: these runs ask about crashes, not about pace, and the sandbox runs without limits.
NO_RATES = """
create function test_full() returns trigger language plpgsql as $$ begin new.level := 100000; return new; end $$;
create trigger test_full before insert or update on slack_rate for each row execute function test_full();
"""


@dataclass
class Stack:
    """What runs, and the few questions tests ask it."""

    folder: Path
    cluster: embedded.Cluster
    env: dict[str, str]
    slack_url: str
    web_url: str
    bot: str
    token: str
    org: int
    crashes: Path
    mailbox: Mailbox
    pager: Pager
    web: subprocess.Popen[bytes] | None = None
    nursery: subprocess.Popen[bytes] | None = None

    @property
    def general(self) -> str:
        """The channel people type commands in."""
        rows = httpx.get(f"{self.slack_url}/sandbox/channels").json()["channels"]
        return str(next(row["id"] for row in rows if row["name"] == "general"))

    @property
    def calls(self) -> Path:
        """Where the local Slack writes down its calls."""
        return self.folder / CALLS

    def start_web(self) -> None:
        """Start the web process and wait until it is ready."""
        port = self.web_url.rpartition(":")[2]
        self.web = spawn(self._dispatch("server", "start", "--port", port), self.env, self.folder / "web.log")
        answers(f"{self.web_url}/healthz/ready", self.web, self.folder / "web.log")

    def kill_web(self) -> None:
        """SIGKILL the web process."""
        assert self.web is not None
        self.web.kill()
        self.web.wait(10)

    def start_workers(self, count: int = 2, *, heartbeat: float = 1.5) -> None:
        """Start workers that come back whenever they end."""
        for old in self.folder.glob("worker-*"):
            old.unlink()
        command = [sys.executable, "-m", "tests.process.nursery", str(self.folder), str(count), str(heartbeat)]
        root = str(Path(__file__).parents[2])
        with (self.folder / "workers.log").open("ab") as out:
            self.nursery = subprocess.Popen(
                command, env=self.env, stdout=out, stderr=out, start_new_session=True, cwd=root
            )

    def kill_worker(self, number: int) -> bool:
        """SIGKILL the worker of this number; False when none runs just now."""
        file = self.folder / f"worker-{number}.pid"
        if not file.exists():
            return False
        try:
            os.kill(int(file.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def worker_ends(self) -> list[int]:
        """Exit codes of the workers that ended since `start_workers`."""
        return [int(line) for file in self.folder.glob("worker-*.ends") for line in file.read_text().split()]

    def stop_workers(self) -> None:
        """Stop all workers for good."""
        nursery, self.nursery = self.nursery, None
        if nursery is not None:
            end(nursery)

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster and bring the server back."""
        pid = embedded.status(self.folder).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
        assert self.cluster.ensure()

    def declare(self, title: str, *, key: str) -> str:
        """Report an incident over the API as Bo; its name."""
        until = time.monotonic() + 20
        while True:
            answer = httpx.post(
                f"{self.web_url}/api/v1/{sample.SLUG}/incidents",
                json={
                    "title": title, "description": "Declared by a test.", "reporter": "bo@example.com",
                    "priority": "High",
                },
                headers={"authorization": f"Bearer {self.token}", "idempotency-key": key},
                timeout=30,
            )  # fmt: skip
            # "Not ready" after the database died: clients send it again with the same key.
            if answer.status_code != 503 or time.monotonic() > until:
                break
            time.sleep(0.1)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["name"])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser."""
        url = database_url(self.cluster.superuser_url, "dispatch")
        with psycopg.connect(url) as connection:
            return connection.execute(query, values).fetchall()

    def unended(self) -> int:
        """Steps that are still to do."""
        return int(self.rows("select count(*) from flow_step where state <> all(%s)", list(ENDED))[0][0])

    def settle(self, seconds: float) -> float:
        """Wait until every step ended; the seconds it took."""
        began = time.monotonic()
        while self.unended():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not ended within {seconds:.0f} s: {self.unhappy()[:30]}")
            time.sleep(0.2)
        return time.monotonic() - began

    def unhappy(self) -> list[tuple[Any, ...]]:
        """Steps that did not end well."""
        return self.rows(
            "select run_id, name, state, attempts, crashes, reason from flow_step where state not in ('done', 'skipped')"
        )

    def _dispatch(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dispatch.cli.run", *arguments]


@contextmanager
def running_stack(*, seed: int = 1) -> Iterator[Stack]:
    """Everything but the workers; at the end all of it is stopped and deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-process-", dir=fastest_place()))
    # The server may run as another user than we do.
    folder.chmod(0o711)
    processes: list[subprocess.Popen[bytes]] = []
    stack: Stack | None = None
    try:
        # Durable: a killed server must have kept what it confirmed.
        with embedded.start(folder) as cluster, receivers() as (mailbox, pager):
            try:
                stack = _build(folder, cluster, processes, seed, mailbox, pager)
                yield stack
            finally:
                if stack is not None:
                    stack.stop_workers()
                    if stack.web is not None:
                        end(stack.web)
                for process in reversed(processes):
                    end(process)
    finally:
        if os.environ.get("DISPATCH_KEEP_STACK"):
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def receivers() -> Iterator[tuple[Mailbox, Pager]]:
    """Mail server and webhook receiver in a thread of their own: no crash here touches them."""
    made: queue.Queue[tuple[Mailbox, Pager]] = queue.Queue()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with running_mailbox() as mailbox, running_pager() as pager:
            made.put((mailbox, pager))
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        yield made.get(timeout=20)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def _build(
    folder: Path,
    cluster: embedded.Cluster,
    processes: list[subprocess.Popen[bytes]],
    seed: int,
    mailbox: Mailbox,
    pager: Pager,
) -> Stack:
    migrations.upgrade(cluster.owner_url)
    with psycopg.connect(cluster.owner_url) as connection:
        connection.execute(NO_RATES)
    web, slack = (f"http://127.0.0.1:{port}" for port in free_ports(2))
    crashes = folder / "crashes"
    crashes.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")} | {
        "DISPATCH_ENV": "test",
        "DISPATCH_DATA_DIR": str(folder),
        "DISPATCH_DATABASE_URL": cluster.app_url,
        "DISPATCH_DATABASE_OWNER_URL": cluster.owner_url,
        "DISPATCH_SECRET_KEY": generate_key(),
        "DISPATCH_BASE_URL": web,
        "DISPATCH_SLACK_API_URL": f"{slack}/api/",
        "DISPATCH_CRASH_DIR": str(crashes),
    }
    log, port = folder / "slack.log", slack.rpartition(":")[2]
    command = [
        sys.executable,
        "-m",
        "slack_sandbox.cli",
        "start",
        "--port",
        port,
        "--seed",
        str(seed),
        "--calls",
        str(folder / CALLS),
    ]
    processes.append(spawn(command, env, log))
    answers(f"{slack}/sandbox/workspaces", processes[-1], log)
    paging = {"smtp": mailbox.settings, "webhook": pager.settings}
    installed, org, token = asyncio.run(_fill(cluster.app_url, env["DISPATCH_SECRET_KEY"], web, slack, paging))
    stack = Stack(folder, cluster, env, slack, web, installed["bot_user_id"], token, org, crashes, mailbox, pager)
    stack.start_web()
    return stack


async def _fill(
    database: str, key: str, web: str, slack: str, paging: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], int, str]:
    load_slack_handlers()
    db = Database(database)
    try:
        await sample.fill(db)
        async with httpx.AsyncClient(base_url=slack) as http:
            (await http.post("/sandbox/workspaces", json=sample.workspace())).raise_for_status()
            app = {"team": sample.TEAM, "manifest": manifest(web, sample.SLUG)}
            installed = (await http.post("/sandbox/apps", json=app)).raise_for_status().json()
        await sample.connect_slack(db, Vault.from_text(key), dict(discover()), installed)
        async with db.system() as t:
            org = await organization(t, sample.SLUG)
        assert org is not None
        async with db.tx(org.id) as t:
            for slug, values in paging.items():
                await configure_plugin(
                    t, await project(t, None), discover()[slug], values, vault=Vault.from_text(key), enabled=True
                )
            return installed, org.id, (await create_token(t, name="test", role="member"))[1]
    finally:
        await db.close()


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def spawn(command: list[str], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process with its output in a file."""
    with log.open("ab") as out:
        return subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)


def answers(url: str, process: subprocess.Popen[bytes], log: Path, *, seconds: float = 60) -> None:
    """Wait until the address answers 200."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer:\n{log.read_text(errors='replace')[-1500:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and after 12 s SIGKILL."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
