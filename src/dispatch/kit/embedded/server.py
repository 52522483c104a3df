"""Starting and stopping one PostgreSQL server; the caller holds the start lock."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

from psycopg.pq import PGconn, Ping

from dispatch.kit.embedded import locks
from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.errors import advice, cannot
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.process import Process, look_at, pid_in
from dispatch.kit.embedded.providers import Binaries

#: How long refused starts are tried again: a killed server needs a moment to be gone entirely.
RETRY_SECONDS = 15.0
#: How long a server that lives may take to answer: after a crash it replays its log first.
RECOVERY_SECONDS = 300.0
STOP_SECONDS = 60
_LOG_BYTES = 10_000_000
# Beyond what any system gives out (Linux: at most 4,194,304), so PostgreSQL finds nobody there.
_NOBODYS_PID = 2_147_483_646
_POLL_SECONDS = 0.05


def ready(layout: Layout) -> bool:
    """Whether the server answers. Asked of the server itself: process ids can lie."""
    # psycopg returns a bare number here, whatever its types say.
    return PGconn.ping(layout.conninfo().encode()) == Ping.OK


def running(layout: Layout) -> bool:
    """Whether any process of the server is left, be it one that does not answer (yet, or any more)."""
    return ready(layout) or locks.is_locked(layout.server_lock)


def ensure_running(layout: Layout, programs: Binaries, account: Account) -> bool:
    """Start the server unless it answers; True when it had to be started."""
    begun = time.monotonic()
    started = False
    while not ready(layout):
        # Inherited by every process of the server, so holding it proves that none is left.
        lock = locks.try_exclusive(layout.server_lock)
        if lock is None:
            refused: str | None = "A PostgreSQL process is alive but does not answer."
            limit = RECOVERY_SECONDS if _alive(layout) else RETRY_SECONDS
        else:
            try:
                for pid_file in (layout.pid_file, layout.socket_pid_file):
                    _disown(pid_file, account)
                refused, limit = _start(layout, programs, account, lock), RETRY_SECONDS
            finally:
                os.close(lock)
            started = True
        if refused is None:
            continue
        waited = time.monotonic() - begun
        if waited > limit:
            raise cannot(f"PostgreSQL did not answer within {waited:.0f} s", refused, log=layout.log)
        time.sleep(_POLL_SECONDS)
    return started


def stop(layout: Layout, programs: Binaries, account: Account) -> None:
    """Fast shutdown: running transactions are rolled back, everything committed is kept."""
    if not running(layout):
        return
    command = (programs.bin_dir / "pg_ctl", "stop", "-D", layout.data, "-m", "fast", "-w", "-t", str(STOP_SECONDS))
    done = account.run(command, timeout=STOP_SECONDS + 30)
    # pg_ctl also fails when the server was killed just then; its last processes need a moment to end.
    deadline = time.monotonic() + RETRY_SECONDS
    while running(layout):
        if time.monotonic() > deadline:
            raise cannot("PostgreSQL did not stop", done.output, log=layout.log)
        time.sleep(_POLL_SECONDS)
    layout.remove_socket_dir()


def trim_log(layout: Layout) -> None:
    """Keep one older part of the log. Cutting in place works while the server writes: it appends."""
    if layout.log.exists() and layout.log.stat().st_size > _LOG_BYTES:
        older = layout.log.with_suffix(".log.1")
        older.write_bytes(layout.log.read_bytes()[-_LOG_BYTES:])
        os.truncate(layout.log, 0)


def _start(layout: Layout, programs: Binaries, account: Account, lock: int) -> str | None:
    """One try; None when it runs, else what was said."""
    before = layout.log.stat().st_size
    command = (programs.bin_dir / "pg_ctl", "start", "-D", layout.data, "-l", layout.log, "-w", "-t", "60", "-s")
    done = account.run(command, keep=(lock,))
    if done.code == 0:
        return None
    with layout.log.open("rb") as log:
        log.seek(before)
        said = log.read().decode(errors="replace")
    # The last server is not gone entirely, or this one still replays its log: wait.
    if re.search(r"lock file .* already exists|pre-existing shared memory", said) or _alive(layout):
        return said
    said = f"{done.output}\n{said}"
    if not re.search(r"FATAL|PANIC", said) and not advice(said):
        return said  # It ended without giving a reason, so it was killed.
    raise cannot(f"PostgreSQL {programs.version} did not start", said, log=layout.log)


def _alive(layout: Layout) -> bool:
    pid = pid_in(layout.pid_file)
    return pid is not None and look_at(pid) in (Process.POSTGRES, Process.ALIVE)


def _disown(pid_file: Path, account: Account) -> None:
    """Correct a file that names a process which is dead or not PostgreSQL, but which PostgreSQL takes for alive.

    It happens after a kill, until process 1 reaps the dead (never, in a container without an init), and
    after a container restarts and gives the number to another program. Called when no process of our server
    is left. Only the number changes: PostgreSQL goes on to check the shared memory that postmaster.pid
    names, so that even a server started by other means, without our lock, cannot be doubled.
    """
    pid = pid_in(pid_file)
    if pid is None or look_at(pid) not in (Process.ZOMBIE, Process.STRANGER):
        return
    _, _, rest = pid_file.read_text().partition("\n")
    fresh = pid_file.with_name(f"{pid_file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{_NOBODYS_PID}\n{rest}")
    account.give(fresh)
    fresh.replace(pid_file)
