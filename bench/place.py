"""What is measured: Dispatch as processes on loopback with a durable database on disk, and a Slack beside it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg
from bench.wire import request
from tests.process.stack import NO_RATES, answers, end, free_ports, spawn

from dispatch import migrations
from dispatch.app import load_slack_handlers
from dispatch.desk import sample
from dispatch.kit import embedded
from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.db import Database
from dispatch.kit.embedded.testing import database_url
from dispatch.kit.slack.manifest import manifest
from dispatch.people.actions import account_for
from dispatch.people.machines import create_token
from dispatch.people.queries import organization
from dispatch.people.sessions import open_session
from dispatch.people.web import COOKIE
from dispatch.plugins import discover

ROOT = Path(__file__).parents[1]
ADA, BO = "U0ADA", "U0BO"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FAKE_APP = {
    "app_id": "A0DISPATCH", "team_id": "T0DEMO", "bot_user_id": "U0BOT", "bot_token": "xoxb-1-fake", "app_token": "",
    "signing_secret": SECRET,
}  # fmt: skip


@dataclass
class Place:
    """Everything that runs, and how to talk to it."""

    folder: Path
    cluster: embedded.Cluster
    env: dict[str, str]
    slack_port: int
    raw_port: int
    ports: list[int]
    secret: str = SECRET
    token: str = ""
    cookie: str = ""
    webs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.ports[0]

    def start(self, *, webs: int = 1, workers: int = 1) -> None:
        """Start Dispatch's own processes."""
        for number in range(webs):
            self.start_web(number)
        for number in range(workers):
            self.start_worker(number)

    def start_web(self, number: int = 0) -> subprocess.Popen[bytes]:
        """Start a web process and wait until it is ready."""
        log = self.folder / f"web-{number}.log"
        process = spawn(self.dispatch("server", "start", "--port", str(self.ports[number])), self.env, log)
        self.webs.append(process)
        answers(f"http://127.0.0.1:{self.ports[number]}/healthz/ready", process, log)
        return process

    def start_worker(self, number: int = 0) -> subprocess.Popen[bytes]:
        """Start a worker."""
        process = spawn(self.dispatch("worker", "start"), self.env, self.folder / f"worker-{number}.log")
        self.workers.append(process)
        return process

    def stop(self) -> None:
        """Stop Dispatch's own processes."""
        for process in (*self.webs, *self.workers):
            end(process)
        self.webs, self.workers = [], []

    def dispatch(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dispatch.cli.run", *arguments]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask or change the database as its superuser."""
        with psycopg.connect(database_url(self.cluster.superuser_url, "dispatch"), autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def slack(self, path: str) -> Any:
        """The fake Slack's control side."""
        return httpx.get(f"http://127.0.0.1:{self.slack_port}/control{path}", timeout=30).json()

    def latency(self, seconds: float) -> None:
        """How long the fake Slack takes for each call."""
        self.slack(f"?latency={seconds}")

    # --- requests as bytes ---

    def page(self, path: str) -> bytes:
        """A page, as Ada."""
        return request("GET", path, headers={"cookie": self.cookie})

    def api(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """A call of the JSON API."""
        return request(
            method, f"/api/v1{path}", body=body,
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json", **headers},
        )  # fmt: skip

    def signed(self, kind: str, body: bytes, content: str = "application/x-www-form-urlencoded") -> bytes:
        """A request of Slack's to one of the four addresses, signed as Slack signs."""
        now = str(int(time.time()))
        mac = hmac.new(self.secret.encode(), b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
        return request(
            "POST", f"/api/v1/{sample.SLUG}/events/slack/{kind}", body=body,
            headers={"content-type": content, "x-slack-request-timestamp": now, "x-slack-signature": f"v0={mac}"},
        )  # fmt: skip

    def command(self, number: int, *, user: str = BO) -> bytes:
        """`/dispatch-report-incident` typed."""
        form = {
            "team_id": "T0DEMO", "channel_id": "C0GENERAL", "user_id": user, "command": "/dispatch-report-incident",
            "text": "", "trigger_id": f"{number}.trigger", "response_url": "http://127.0.0.1:9/", "api_app_id": "A0DISPATCH",
        }  # fmt: skip
        return self.signed("command", urlencode(form).encode())


@contextmanager
def place(*, slack: str = "fake", webs: int = 2) -> Iterator[Place]:
    """Database, Slack and yardstick run; Dispatch's processes are started by the measurement. All deleted at the end.

    Args:
        slack: "fake" (costs little) or "sandbox" (strict, with Slack's rate limits).
    """
    # On disk: a database in memory would flatter.
    folder = Path(tempfile.mkdtemp(prefix="dispatch-bench-", dir="/var/tmp"))
    folder.chmod(0o711)
    made: Place | None = None
    others: list[subprocess.Popen[bytes]] = []
    try:
        with embedded.start(folder) as cluster:
            try:
                made = _build(folder, cluster, slack, webs, others)
                yield made
            finally:
                if made is not None:
                    made.stop()
                for process in others:
                    end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(
    folder: Path, cluster: embedded.Cluster, slack: str, webs: int, others: list[subprocess.Popen[bytes]]
) -> Place:
    migrations.upgrade(cluster.owner_url)
    if slack == "fake":
        # It has no limits, so our own budget for calls must not be what is measured.
        with psycopg.connect(cluster.owner_url) as connection:
            connection.execute(NO_RATES)
    slack_port, raw_port, *ports = free_ports(2 + webs)
    base = f"http://127.0.0.1:{ports[0]}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")} | {
        "DISPATCH_ENV": "production",
        "DISPATCH_DATA_DIR": str(folder),
        "DISPATCH_DATABASE_URL": cluster.app_url,
        "DISPATCH_DATABASE_OWNER_URL": cluster.owner_url,
        "DISPATCH_SECRET_KEY": generate_key(),
        "DISPATCH_BASE_URL": base,
        "DISPATCH_SLACK_API_URL": f"http://127.0.0.1:{slack_port}/api/",
        "PYTHONPATH": f"{ROOT}/src:{ROOT}",
    }
    # As where it is installed: compiled once.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    made = Place(folder, cluster, env, slack_port, raw_port, ports)
    log = folder / "slack.log"
    if slack == "fake":
        others.append(spawn([sys.executable, "-m", "bench.fake_slack", str(slack_port)], env, log))
        answers(f"http://127.0.0.1:{slack_port}/control", others[-1], log)
    else:
        command = [sys.executable, "-m", "slack_sandbox.cli", "start", "--port", str(slack_port), "--seed", "1"]
        others.append(spawn(command, env, log))
        answers(f"http://127.0.0.1:{slack_port}/sandbox/workspaces", others[-1], log)
    raw = [sys.executable, "-m", "bench.raw", str(raw_port), cluster.app_url]
    others.append(spawn(raw, env, folder / "raw.log"))
    answers(f"http://127.0.0.1:{raw_port}/", others[-1], folder / "raw.log")
    asyncio.run(_fill(made, slack, base))
    return made


async def _fill(made: Place, slack: str, base: str) -> None:
    load_slack_handlers()
    db = Database(made.env["DISPATCH_DATABASE_URL"])
    try:
        await sample.fill(db)
        app: dict[str, Any] = dict(FAKE_APP)
        if slack != "fake":
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{made.slack_port}") as http:
                (await http.post("/sandbox/workspaces", json=sample.workspace())).raise_for_status()
                wanted = {"team": sample.TEAM, "manifest": manifest(base, sample.SLUG)}
                app = (await http.post("/sandbox/apps", json=wanted)).raise_for_status().json()
            made.secret = app["signing_secret"]
        await sample.connect_slack(db, Vault.from_text(made.env["DISPATCH_SECRET_KEY"]), dict(discover()), app)
        async with db.system() as t:
            org = await organization(t, sample.SLUG)
            assert org is not None
            made.cookie = f"{COOKIE}={await open_session(t, await account_for(t, 'ada@example.com'))}"
        async with db.tx(org.id) as t:
            _, made.token = await create_token(t, name="bench", role="member")
    finally:
        await db.close()
