"""What an operator reads when the set-up is wrong: one sentence that says what to do, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import clone_database, database_url, drop_database

AWAY = "postgresql://app:very-secret@127.0.0.1:1/dispatch"


def said(*command: str, url: str, key: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {
        "DISPATCH_DATABASE_URL": url, "DISPATCH_SECRET_KEY": key, "DISPATCH_BASE_URL": "https://dispatch.example.com",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "dispatch.cli.run", *command],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "command", ["organizations create acme", "database status", "worker start", "server start --port 0"]
)
def test_a_database_that_is_away_is_a_sentence(command: str) -> None:
    ended = said(*command.split(), url=AWAY, key=generate_key())
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("dispatch: The database does not answer: ")
    assert "DISPATCH_DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "very-secret" not in ended.stdout + ended.stderr


def test_every_command_answers_programs_as_well(tmp_path: Path) -> None:
    made = said("secrets", "generate", "--json", url=AWAY, key="")
    assert len(Vault.from_text(json.loads(made.stdout)["key"]).key_ids) == 1
    listed = {each["name"] for each in json.loads(said("explain", "--json", url=AWAY, key="").stdout)["facts"]}
    assert "oncall.engaged" in listed
    told = json.loads(said("explain", "oncall.engaged", "--json", url=AWAY, key="").stdout)
    assert {"name": "page", "title": "Call who is on call in Slack", "after": [], "delivery": "once"} in (
        step for flow in told["starts"] for step in flow["steps"]
    )
    stopped = said("database", "stop", "--data", str(tmp_path), "--json", url=AWAY, key="")
    assert json.loads(stopped.stdout) == {"data_dir": str(tmp_path), "stopped": False}


def test_a_database_that_does_not_run_is_not_said_to_be_stopped(tmp_path: Path) -> None:
    """A folder mistyped at night must not look as if its server had gone."""
    ended = said("database", "stop", "--data", str(tmp_path), url=AWAY, key="")
    assert (ended.returncode, ended.stdout) == (0, f"No embedded database runs in {tmp_path}.\n")


def test_a_key_that_is_none_is_a_sentence() -> None:
    ended = said("server", "start", "--port", "0", url=AWAY, key="not a key")
    assert ended.returncode == 1
    assert "Key 1 in DISPATCH_SECRET_KEY is not 32 bytes" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_database_without_tables_is_a_sentence(cluster: Cluster) -> None:
    name = f"empty_{uuid4().hex[:8]}"
    clone_database(cluster.owner_url, "template1", name)
    empty_database = database_url(cluster.app_url, name)
    for command in ("organizations create acme", "server start --port 0"):
        ended = said(*command.split(), url=empty_database, key=generate_key())
        assert ended.returncode == 1
        assert "dispatch database init" in ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
    drop_database(cluster.owner_url, name)
