"""What is decided before any server starts: which programs, which directories, which words."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.kit import embedded
from dispatch.kit.embedded import Binaries, locks
from dispatch.kit.embedded.account import server_account
from dispatch.kit.embedded.errors import advice
from dispatch.kit.embedded.initdb import discard_half_done
from dispatch.kit.embedded.layout import Layout


@pytest.fixture
def layout(place: Path) -> Layout:
    """A directory as a killed initdb leaves it."""
    found = Layout.of(place)
    found.make_home(server_account())
    for name in ("base/1", "base/4", "global", "pg_wal", "pg_tblspc"):
        (found.data / name).mkdir(parents=True)
    (found.data / "PG_VERSION").write_text("15\n")
    (found.data / "base" / "1" / "1247_fsm").touch()
    (found.data / "pg_wal" / "000000010000000000000001").touch()
    return found


def test_a_half_made_directory_is_emptied(layout: Layout) -> None:
    discard_half_done(layout)
    assert list(layout.data.iterdir()) == []


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ("base/16384/1259", "databases"),
        ("base/4/16390.1", "tables"),
        ("postmaster.opts", "postmaster.opts"),
        ("pg_wal/000000010000000000000002", "a history of writes"),
        ("pg_tblspc/16500", "tablespaces"),
        ("notes.txt", "notes.txt"),
    ],
)
def test_a_directory_that_holds_more_is_refused_and_kept(layout: Layout, extra: str, named: str) -> None:
    path = layout.data / extra
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(embedded.ForeignDirectory, match=f"(?s){named}.*touch .*complete"):
        embedded.start(layout.data_dir)
    assert path.exists()


def test_another_major_is_refused_with_the_commands_that_move_the_data(layout: Layout) -> None:
    (layout.data / "PG_VERSION").write_text("14\n")
    layout.complete.touch()
    with pytest.raises(embedded.WrongMajor, match=r"PostgreSQL 14.*PostgreSQL 18.*`dispatch database backup FILE`"):
        embedded.start(layout.data_dir)


def test_the_data_decide_which_programs_are_used(installed: dict[str, Binaries]) -> None:
    for programs in installed.values():
        assert embedded.binaries(major=programs.major).major == programs.major


def test_a_system_postgresql_comes_before_the_wheel_and_yours_before_both(
    installed: dict[str, Binaries], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embedded.binaries() == next(iter(installed.values()))
    *_, wheel = installed.values()
    monkeypatch.setenv("DISPATCH_POSTGRES_BIN", str(wheel.bin_dir))
    assert embedded.binaries() == replace(wheel, source="DISPATCH_POSTGRES_BIN")


def test_a_wrong_bin_directory_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPATCH_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(embedded.NoPostgres, match="Correct or unset it"):
        embedded.binaries()


def test_without_any_postgresql_both_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.kit.embedded.providers.candidates", lambda: iter(()))
    with pytest.raises(embedded.NoPostgres, match=r"pip install 'dispatch\[embedded\]'.*DISPATCH_DATABASE_URL"):
        embedded.binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to pass the data on to another user")
def test_root_is_told_which_directory_keeps_the_server_out(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(embedded.DatabaseUnavailable, match=f"may not enter {closed}"):
        embedded.start(closed / "data")
    assert list(closed.iterdir()) == []


def test_a_missing_directory_has_a_status(place: Path) -> None:
    status = embedded.status(place / "nothing")
    assert (status.running, status.version, status.pid, status.size_bytes) == (False, None, None, 0)
    assert embedded.stop(place / "nothing") is False
    assert embedded.major(place / "nothing") is None


def test_a_share_ends_with_its_file_lock(tmp_path: Path) -> None:
    hold = locks.Hold(tmp_path)
    assert locks.holders(tmp_path) == [os.getpid()]
    (tmp_path / "4242.dead").touch()
    locks.forget_the_dead(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [hold.path.name]
    hold.give_up()
    assert locks.holders(tmp_path) == []


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "The disk is full"),
        ('initdb: error: could not access directory "/x": Permission denied', "Permission denied"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "not enough memory"),
        ('LOG:  could not bind Unix address "/x": Address already in use', "already listens"),
        ("PANIC:  could not locate a valid checkpoint record", "dispatch database restore"),
        ("all is well", ""),
    ],
)
def test_what_postgresql_says_becomes_advice(said: str, advised: str) -> None:
    assert advice(said).startswith(advised) or advised in advice(said)


def test_every_path_gets_a_socket_that_fits(tmp_path: Path) -> None:
    for name in ("plain", "with space", "with,comma", "x" * 200):
        directory = Layout.of(tmp_path / name).socket_dir
        assert len(str(directory / ".s.PGSQL.5432").encode()) <= 107
        assert " " not in str(directory) and "," not in str(directory)
