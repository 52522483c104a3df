"""Backed up in the middle of the work, lost, restored: the work goes on, and nothing is done twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import alembic.command
import httpx
import psycopg
import pytest
from bench.count_from_sandbox import Expected, count, table, wrong

from dispatch import migrations
from dispatch.kit import embedded
from dispatch.kit.backup import inspect
from dispatch.kit.embedded.testing import fastest_place
from tests.process.stack import ADA, BO, Stack, end, running_stack

pytestmark = [pytest.mark.process, pytest.mark.timeout(200)]


def dispatch(stack: Stack, *arguments: str, code: int = 0) -> str:
    """A command line against the stack's database; what it printed."""
    done = subprocess.run(
        stack._dispatch(*arguments), env=stack.env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def workers(stack: Stack) -> list[int]:
    return [int(file.read_text()) for file in stack.folder.glob("worker-*.pid")]


def wait_for_running_jobs(stack: Stack) -> None:
    until = time.monotonic() + 60
    while not stack.rows("select 1 from jobs.pgqueuer where status = 'picked' limit 1"):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_database_lost_in_the_middle_of_the_work_comes_back(tmp_path: Path) -> None:
    with running_stack() as stack:
        file = tmp_path / "backup.zip"
        # So slow that there are steps under way at any moment.
        httpx.put(
            f"{stack.slack_url}/sandbox/faults",
            json={"faults": [{"target": "*", "kind": "latency", "seconds": 0.3, "count": 200}]},
        ).raise_for_status()
        stack.start_workers(2)
        names = [stack.declare(f"Saved {n}", key=f"saved-{n}") for n in range(6)]
        wait_for_running_jobs(stack)
        # The moment of the backup is the moment of the loss: nothing happens in between.
        frozen = workers(stack)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        said = dispatch(stack, "database", "backup", str(file))
        assert "The keys are not in it" in said
        assert stack.env["DISPATCH_SECRET_KEY"].encode() not in file.read_bytes()
        picked = stack.rows("select count(*) from jobs.pgqueuer where status = 'picked'")[0][0]
        assert picked > 0
        kill_everything(stack, frozen)

        said = dispatch(stack, "database", "restore", str(file), code=1)
        assert "not empty" in said
        stack.cluster.ensure()
        with psycopg.connect(stack.cluster.owner_url, autocommit=True) as connection:
            connection.execute("drop schema jobs cascade")
            connection.execute("drop owned by dispatch_owner")
        dispatch(stack, "database", "restore", str(file), "--replace")
        assert stack.rows("select count(*) from jobs.pgqueuer where status = 'picked'")[0][0] == picked

        stack.start_web()
        stack.start_workers(2)
        stack.settle(120)
        assert stack.unhappy() == []
        tallies = count(stack.slack_url, stack.bot, [Expected(name, BO, ADA) for name in names], stack.calls)
        assert wrong(tallies) == {}, f"\n{table(tallies)}"
        # The same key again is the same incident: what made it so came back, too.
        assert stack.declare("Saved 0", key="saved-0") == names[0]


def kill_everything(stack: Stack, frozen: list[int]) -> None:
    assert stack.nursery is not None
    stack.nursery.kill()
    stack.nursery.wait(10)
    stack.nursery = None
    for pid in frozen:
        os.kill(pid, signal.SIGKILL)
    assert stack.web is not None
    end(stack.web)
    until = time.monotonic() + 30
    others = "select count(*) from pg_stat_activity where datname = 'dispatch' and pid <> pg_backend_pid()"
    while stack.rows(others)[0][0]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_upgrade_saves_the_embedded_database_first() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dispatch-process-", dir=fastest_place()))
    folder.chmod(0o711)
    env = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    env["DISPATCH_DATA_DIR"] = str(folder)
    command = [sys.executable, "-m", "dispatch.cli.run", "database", "upgrade", "--json"]
    try:
        with embedded.start(folder) as cluster:
            config = migrations.config(cluster.owner_url)
            alembic.command.upgrade(config, "0001")
            said = json.loads(subprocess.run(command, env=env, capture_output=True, check=True, timeout=90).stdout)
            again = json.loads(subprocess.run(command, env=env, capture_output=True, check=True, timeout=90).stdout)
        assert inspect(Path(said["backup"])).revision == "0001"
        assert said["version"] == said["head"] != "0001"
        assert again["backup"] is None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
