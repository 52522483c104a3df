"""Making the data directory, once."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from dispatch.kit.embedded.account import Account, Finished
from dispatch.kit.embedded.errors import CannotStart, ForeignDirectory, cannot
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.process import Process, look_at, pid_in
from dispatch.kit.embedded.providers import Binaries

# Everything initdb itself leaves at the top; anything else was put there by a server or a person.
# fmt: off
_TOP_LEVEL = frozenset({
    "PG_VERSION", "base", "global", "pg_commit_ts", "pg_dynshmem", "pg_hba.conf", "pg_ident.conf", "pg_logical",
    "pg_multixact", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat", "pg_stat_tmp", "pg_subtrans",
    "pg_tblspc", "pg_twophase", "pg_wal", "pg_xact", "postgresql.auto.conf", "postgresql.conf", "postmaster.pid",
})
# fmt: on
_FIRST_USER_OID = 16384
_BUILT_IN_LOCALE_SINCE = 17
# Sorting by code point, upper and lower case of all of Unicode: the same on every machine, whatever its libc.
_BUILT_IN = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
_LIBC = ("--locale-provider=libc", "--locale=C.UTF-8")
_ICU = ("--locale-provider=icu", "--icu-locale=en-US-u-va-posix", "--locale=C")


def major(data_dir: Path) -> int | None:
    """The major version that wrote the database in Dispatch's data directory, None when there is none."""
    return major_of(Layout.of(data_dir).data)


def major_of(data: Path) -> int | None:
    """The same for PostgreSQL's own directory."""
    try:
        text = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None
    found = re.match(r"\d+", text)
    return int(found[0]) if found else None


def discard_half_done(layout: Layout) -> None:
    """Empty what a killed initdb left. Refuses when the directory could be anything more than that."""
    if layout.complete.exists() or not layout.data.exists():
        return
    more = _more_than_initdb(layout.data)
    if more is not None:
        raise ForeignDirectory(
            f"{layout.data} holds {more}, but Dispatch did not finish making it, so it will not open or delete it. "
            f"If it is a complete copy of a Dispatch database, run `touch {layout.complete}`. "
            "If it is not needed, move it away. Then start again."
        )
    _await_initdb(layout.pid_file)
    # Its content only: the directory itself may be a volume.
    for path in layout.data.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def make(layout: Layout, programs: Binaries, account: Account, *, lock: int, durable: bool) -> None:
    """Run initdb and mark its end.

    Args:
        lock: the start lock, which initdb inherits: should we die, nobody touches the directory before it ended.
    """
    layout.data.mkdir(mode=0o700, exist_ok=True)
    account.give(layout.data)
    if programs.major >= _BUILT_IN_LOCALE_SINCE:
        done = _initdb(layout, programs, account, _BUILT_IN, lock=lock, durable=durable)
    else:
        done = _initdb(layout, programs, account, _LIBC, lock=lock, durable=durable)
        if done.code != 0 and "locale" in done.output:
            done = _initdb(layout, programs, account, _ICU, lock=lock, durable=durable)
    if done.code != 0:
        raise cannot(f"PostgreSQL could not make a database in {layout.data}", done.output)
    mark_complete(layout, account)


def mark_complete(layout: Layout, account: Account) -> None:
    """On disk before anything relies on it."""
    os.close(os.open(layout.complete, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    account.give(layout.complete)
    # The name is what counts, so it is the directory that has to reach the disk.
    directory = os.open(layout.data, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _initdb(
    layout: Layout, programs: Binaries, account: Account, locale: tuple[str, ...], *, lock: int, durable: bool
) -> Finished:
    options = ("--username=postgres", "--encoding=UTF8", "--auth-local=peer", "--auth-host=scram-sha-256")
    speed = () if durable else ("--no-sync",)
    command = (programs.bin_dir / "initdb", "-D", layout.data, *options, *locale, "--data-checksums", *speed)
    return account.run(command, keep=(lock,))


def _more_than_initdb(data: Path) -> str | None:
    """What in the directory cannot come from an initdb that never ended, None when there is nothing."""
    if not data.is_dir() or data.is_symlink():
        return "something that is not a directory"
    for path in data.iterdir():
        if path.name not in _TOP_LEVEL:
            return f"`{path.name}`"
    for path in (data / "base").glob("*/*"):
        number = re.match(r"\d+", path.name)
        if number and int(number[0]) >= _FIRST_USER_OID:
            return "tables"
    if any(int(path.name) >= _FIRST_USER_OID for path in (data / "base").glob("[0-9]*") if path.name.isdigit()):
        return "databases"
    if len(list((data / "pg_wal").glob("[0-9A-F]" * 24))) > 1:
        return "a history of writes"
    return "tablespaces" if any((data / "pg_tblspc").glob("*")) else None


def _await_initdb(pid_file: Path) -> None:
    """A killed initdb may leave its single-user server running for a moment."""
    pid = pid_in(pid_file)
    deadline = time.monotonic() + 10
    while pid is not None and look_at(pid) in (Process.POSTGRES, Process.ALIVE):
        if time.monotonic() > deadline:
            raise CannotStart(f"Process {pid} still writes to {pid_file.parent}. End it and start again.")
        time.sleep(0.05)
