"""The operator's PostgreSQL instead of the embedded one: a server of its own, an owner's login and the application's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dispatch.kit.crypto import generate_key
from dispatch.kit.embedded.account import server_account
from dispatch.kit.embedded.providers import binaries
from dispatch.kit.embedded.testing import fastest_place
from tests.process.stack import free_ports
from tests.stage import staged, went_well

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
PASSWORD = "of-the-test"


@dataclass
class Server:
    """Reached over TCP with passwords, as a managed one is."""

    port: int

    def url(self, login: str, database: str = "dispatch") -> str:
        return f"postgresql://{login}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def dispatch(self, *arguments: str, application: str, owner: str) -> subprocess.CompletedProcess[str]:
        """Run the command line against it."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("DISPATCH_")} | {
            "DISPATCH_DATABASE_URL": self.url(application),
            "DISPATCH_DATABASE_OWNER_URL": self.url(owner),
            "DISPATCH_SECRET_KEY": generate_key(),
            "DISPATCH_BASE_URL": "http://127.0.0.1:9",
            "DISPATCH_ENV": "test",
        }
        return subprocess.run(
            [sys.executable, "-m", "dispatch.cli.run", *arguments], env=env, text=True, capture_output=True, timeout=120,
            check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = server_account()
    programs = binaries(account=account)
    folder = Path(tempfile.mkdtemp(prefix="dispatch-own-", dir=fastest_place()))
    folder.chmod(0o711)
    account.give(folder)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    account.give(secret)
    [port] = free_ports(1)
    data, bin_dir = folder / "data", programs.bin_dir
    try:
        made = account.run(
            [bin_dir / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--auth=scram-sha-256", "--no-sync",
             f"--pwfile={secret}"]
        )  # fmt: skip
        assert made.code == 0, made.output
        options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        started = account.run([bin_dir / "pg_ctl", "start", "-D", data, "-l", folder / "log", "-w", "-o", options])
        assert started.code == 0, started.output
        found = Server(port)
        with psycopg.connect(found.url("postgres", "postgres"), autocommit=True) as superuser:
            superuser.execute(f"create role boss login createrole password '{PASSWORD}'")
            superuser.execute(f"create role app login password '{PASSWORD}'")
            superuser.execute("create database dispatch owner boss")
        yield found
    finally:
        account.run([bin_dir / "pg_ctl", "stop", "-D", data, "-m", "immediate"])
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def prepared(server: Server) -> Server:
    made = server.dispatch("database", "init", application="app", owner="boss")
    assert made.returncode == 0, made.stderr
    return server


def test_before_it_is_set_up_the_command_to_do_it_is_named(server: Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as superuser:
        if superuser.execute("select 1 from pg_roles where rolname = 'dispatch_app'").fetchone():
            pytest.skip("another test has set it up already")
    said = server.dispatch("worker", "start", application="app", owner="boss")
    assert said.returncode == 1
    assert "dispatch database init" in said.stderr
    assert "Traceback" not in said.stderr


async def test_an_incident_comes_to_life_on_it(prepared: Server) -> None:
    async with staged(prepared.url("app")) as stage:
        name = await stage.report()
        await stage.settle(120)
        assert went_well(await stage.steps(name))
        await stage.channel_of(name)
        with psycopg.connect(prepared.url("postgres")) as superuser:
            logins = {
                row[0] for row in superuser.execute("select usename from pg_stat_activity where datname = 'dispatch'")
            }
        assert logins - {"postgres"} == {"app"}
        assert (await stage.web.get("/healthz/ready")).status_code == 200


def test_the_owner_s_login_is_refused_in_words(prepared: Server) -> None:
    said = prepared.dispatch("worker", "start", application="boss", owner="boss")
    assert said.returncode == 1
    assert 'The database login "boss" in DISPATCH_DATABASE_URL may not become "dispatch_app"' in said.stderr
    assert "DISPATCH_DATABASE_OWNER_URL" in said.stderr
    assert "Traceback" not in said.stderr
