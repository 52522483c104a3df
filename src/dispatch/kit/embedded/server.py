"""Starting and stopping one PostgreSQL server; the caller holds the start lock."""

from __future__ import annotations

import os
import secrets
import subprocess
import time

from psycopg.pq import PGconn, Ping

from dispatch.kit.embedded import locks
from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.binaries import Binaries
from dispatch.kit.embedded.errors import CannotStart, cannot
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.process import Process, look_at, pid_in

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


def ensure_running(layout: Layout, programs: Binaries, account: Account) -> bool:
    """Start the server unless it answers; True when it had to be started."""
    begun = time.monotonic()
    tried = False
    while not ready(layout):
        # Inherited by every process of the server, so holding it proves that none is left.
        lock = locks.try_exclusive(layout.server_lock)
        if lock is not None:
            try:
                _disown(layout, account)
                refused = _start(layout, programs, account, lock)
            finally:
                os.close(lock)
            tried = True
        else:
            refused = "A PostgreSQL process is alive but does not answer."
        waited = time.monotonic() - begun
        pid = pid_in(layout.pid_file)
        starting = lock is None and pid is not None and look_at(pid) in (Process.POSTGRES, Process.ALIVE)
        if refused is not None and waited > (RECOVERY_SECONDS if starting else RETRY_SECONDS):
            raise _gave_up(layout, pid, refused, waited)
        time.sleep(0.0 if refused is None else _POLL_SECONDS)
    return tried


def stop(layout: Layout, programs: Binaries, account: Account) -> None:
    """Fast shutdown: running transactions are rolled back, everything committed is kept."""
    if pid_in(layout.pid_file) is None and not locks.is_locked(layout.server_lock):
        return
    command = (programs.bin_dir / "pg_ctl", "stop", "-D", layout.data, "-m", "fast", "-w", "-t", str(STOP_SECONDS))
    done = account.run(command, timeout=STOP_SECONDS + 30)
    deadline = time.monotonic() + STOP_SECONDS
    while ready(layout) or locks.is_locked(layout.server_lock):
        if done.code != 0 or time.monotonic() > deadline:
            raise cannot(f"PostgreSQL did not stop within {STOP_SECONDS} s", done.output, log=layout.log)
        time.sleep(_POLL_SECONDS)


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
    try:
        done = account.run(command, keep=(lock,))
    except subprocess.TimeoutExpired:
        return "pg_ctl did not return."
    with layout.log.open("rb") as log:
        log.seek(before)
        said = log.read().decode(errors="replace")
    if done.code == 0:
        return None
    pid = pid_in(layout.pid_file)
    if "lock file" in said or (pid is not None and look_at(pid) in (Process.POSTGRES, Process.ALIVE)):
        return said  # The last server is not gone yet, or this one still replays its log: wait.
    raise cannot(f"PostgreSQL {programs.version} did not start", f"{done.output}\n{said}", log=layout.log)


def _disown(layout: Layout, account: Account) -> None:
    """Correct a postmaster.pid whose process is dead or somebody else's, which PostgreSQL would wait for.

    Only the number changes: PostgreSQL goes on to check the shared memory the file names, so that a server
    started by other means, without our lock, still cannot be doubled.
    """
    pid = pid_in(layout.pid_file)
    if pid is None or look_at(pid) not in (Process.ZOMBIE, Process.STRANGER):
        return
    _, _, rest = layout.pid_file.read_text().partition("\n")
    fresh = layout.pid_file.with_name(f"postmaster.pid.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{_NOBODYS_PID}\n{rest}")
    account.give(fresh)
    fresh.replace(layout.pid_file)


def _gave_up(layout: Layout, pid: int | None, refused: str, waited: float) -> CannotStart:
    if pid is not None and look_at(pid) is Process.ZOMBIE:
        return CannotStart(
            f"The last PostgreSQL (process {pid}) died, but process 1 of this container has not reaped it in "
            f"{waited:.0f} s, so no new one can start. Run the container with an init: `tini` as its entrypoint, "
            "`docker run --init`, or `init: true` in compose."
        )
    return cannot(f"PostgreSQL did not answer within {waited:.0f} s", refused, log=layout.log)
