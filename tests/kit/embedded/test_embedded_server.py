"""Servers that are really started: who may use them, who keeps them, and what brings them back."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dispatch.kit import embedded
from dispatch.kit.embedded import Binaries, Cluster
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.process import Process, look_at
from dispatch.kit.embedded.testing import clone_database, drop_database, prepared_database, temporary_cluster

Python = Callable[..., subprocess.Popen[str]]
AsUser = Callable[[str, Callable[[], str]], str]
pytestmark = pytest.mark.process


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def server_pid(data_dir: Path) -> int:
    pid = embedded.status(data_dir).pid
    assert pid is not None
    return pid


def test_a_new_database_is_safe_and_ready(provider: Binaries, place: Path) -> None:
    with embedded.start(place) as cluster:
        assert cluster.programs.bin_dir == provider.bin_dir
        roles = "select json_agg(rolname order by rolname) from pg_roles where rolname like 'dispatch%' and rolcanlogin"
        assert ask(cluster.app_url, roles) == ["dispatch_app", "dispatch_owner"]
        mighty = "rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
        assert ask(
            cluster.app_url, f"select string_agg(rolname, ',') from pg_roles where rolcanlogin and ({mighty})"
        ) == ("postgres")
        settings = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses")
        assert [ask(cluster.app_url, f"show {name}") for name in settings] == ["on", "on", "on", "on", ""]
        owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'dispatch'"
        assert ask(cluster.owner_url, owner) == "dispatch_owner"
        assert ask(cluster.owner_url, "select has_schema_privilege('public', 'create')") is True
        assert ask(cluster.app_url, "select has_schema_privilege('public', 'create')") is False
        assert ask(cluster.app_url, "select lower('ÄÖ') || ('Z' < 'a')") == "äötrue"

        with pytest.raises(embedded.StillHeld, match=str(os.getpid())):
            embedded.stop(place)
        status = embedded.status(place)
        assert (status.running, status.version, status.holders) == (True, cluster.programs.version, (os.getpid(),))
        assert status.pid is not None and os.stat(f"/proc/{status.pid}").st_uid != 0
        assert status.size_bytes > 10_000_000

        assert cluster.release() is True
    status = embedded.status(place)
    assert (status.running, status.version, status.holders) == (False, str(cluster.programs.major), ())
    assert embedded.major(place) == cluster.programs.major


MEMBER = """
    import sys
    from pathlib import Path
    from dispatch.kit import embedded
    cluster = embedded.start(Path(sys.argv[1]), durable=False)
    print(embedded.status(Path(sys.argv[1])).pid, flush=True)
    sys.stdin.readline()
    print(cluster.release(), flush=True)
"""


def test_racing_processes_share_one_server_and_the_last_one_stops_it(place: Path, python: Python) -> None:
    members = [python(MEMBER, place) for _ in range(4)]
    servers = {member.stdout.readline() for member in members if member.stdout}
    assert servers == {f"{server_pid(place)}\n"}
    assert embedded.status(place).holders == tuple(sorted(member.pid for member in members))

    killed, *leaving = members
    killed.kill()
    killed.wait()
    assert [member.communicate("\n")[0] for member in leaving] == ["False\n", "False\n", "True\n"]
    assert not embedded.status(place).running


ORPHANAGE = """
    import ctypes, json, os, signal, sys, time
    from pathlib import Path
    import psycopg
    from dispatch.kit import embedded
    from dispatch.kit.embedded.process import look_at
    # The server becomes our child when pg_ctl ends, and like a bad process 1 we never reap it.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    place = Path(sys.argv[1])
    cluster = embedded.start(place)
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    died = embedded.status(place).pid
    os.kill(died, signal.SIGKILL)
    began = time.monotonic()
    again = cluster.ensure()
    took = time.monotonic() - began
    with psycopg.connect(cluster.owner_url) as connection:
        answer = connection.execute("select answer from kept").fetchone()[0]
    print(json.dumps([look_at(died).value, again, cluster.ensure(), answer, took]))
    cluster.release()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a process that adopts orphans")
def test_a_killed_server_comes_back_even_where_nobody_reaps_the_dead(
    provider: Binaries, place: Path, python: Python
) -> None:
    said, _ = python(ORPHANAGE, place).communicate()
    state, first, second, answer, took = json.loads(said)
    assert (state, first, second, answer) == ("zombie", True, False, 42)
    assert took < 10


def test_an_initdb_that_was_killed_is_done_again(place: Path, python: Python) -> None:
    layout = Layout.of(place)
    starter = python(MEMBER, place)
    while not (layout.data / "base" / "1").exists():
        time.sleep(0.005)
    # Its initdb lives on, in a session of its own, and keeps the lock until it ends.
    starter.kill()
    starter.wait()
    assert not layout.complete.exists()
    with embedded.start(place, durable=False) as cluster:
        assert ask(cluster.app_url, "select 1") == 1


def test_an_ordinary_user_runs_its_own_server_in_a_long_and_odd_path(place: Path, as_user: AsUser) -> None:
    os.chown(place, pwd.getpwnam("nobody").pw_uid, -1)
    data_dir = place / ("long and, odd " * 10)
    socket_dir = Layout.of(data_dir).socket_dir

    def act() -> str:
        with embedded.start(data_dir, durable=False) as cluster:
            return str(ask(cluster.app_url, "select session_user"))

    assert as_user("nobody", act) == "dispatch_app"
    assert len(str(socket_dir)) < 50 and not socket_dir.exists()


def test_another_user_of_the_system_is_refused(cluster: Cluster, as_user: AsUser) -> None:
    # The server's own user passes the closed directory, so what refuses it is the peer authentication.
    owner = pwd.getpwuid(os.stat(Layout.of(cluster.data_dir).socket_dir).st_uid).pw_name
    assert "Peer authentication failed" in as_user(owner, lambda: str(ask(cluster.app_url, "select 1")))
    assert "No permission" in as_user("daemon", lambda: str(embedded.start(cluster.data_dir)))


def test_the_terminal_of_the_starter_cannot_interrupt_the_server(cluster: Cluster) -> None:
    assert os.getsid(server_pid(cluster.data_dir)) != os.getsid(0)


def test_a_forced_stop_leaves_the_holders_able_to_start_it_again(place: Path) -> None:
    with embedded.start(place, durable=False) as cluster:
        assert embedded.stop(place, force=True) is True
        assert embedded.stop(place, force=True) is False
        assert cluster.ensure() is True


def test_a_wrong_setting_is_named_and_the_next_start_works(place: Path) -> None:
    embedded.start(place, durable=False).release()
    main = place / "postgres" / "data" / "postgresql.conf"
    good = main.read_text()
    main.write_text(f"{good}\nshared_bufers = 1GB\n")
    with pytest.raises(embedded.CannotStart, match=r"(?s)postgresql\.conf is wrong.*shared_bufers"):
        embedded.start(place)
    main.write_text(good)
    # A copy brings its old postmaster.pid along; here the number is that of a program that is no server.
    (place / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{place}\n1\n5432\n\n\n  1 1\n")
    assert look_at(os.getpid()) is Process.STRANGER
    with embedded.start(place, durable=False) as cluster:
        assert ask(cluster.app_url, "select 1") == 1


def test_workers_share_a_test_server_and_clone_a_database_built_once(tmp_path: Path) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("create table thing as select 7 as n")

    with temporary_cluster(tmp_path) as one, temporary_cluster(tmp_path) as two:
        assert one.app_url == two.app_url
        for cluster in (one, two):
            prepared_database(cluster.owner_url, "template", build)
        url = clone_database(one.owner_url, "template", "copy")
        assert ask(url, "select n from thing") == 7
        drop_database(one.owner_url, "copy")
        assert len(built) == 1
    assert not one.data_dir.exists()
