"""The embedded database as the rest of Dispatch sees it: start or join it, leave it, look at it, stop it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from dispatch.kit.embedded import initdb, locks, roles, server, settings
from dispatch.kit.embedded.account import Account, name_of, ourselves, server_account
from dispatch.kit.embedded.errors import CannotStart, DatabaseUnavailable, StillHeld, in_plain_words
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.process import pid_in
from dispatch.kit.embedded.providers import Binaries, binaries

# Longer than the longest start under the lock: replaying the log after a crash.
_LOCK_SECONDS = server.RECOVERY_SECONDS + 60
_DRAIN_SECONDS = 5.0
_TRIES = 3


@dataclass(frozen=True)
class Status:
    """The state of the database in one data directory; `version` is None when there is none yet."""

    running: bool
    version: str | None
    pid: int | None
    #: Process ids of the Dispatch processes that use the server.
    holders: tuple[int, ...]
    socket: Path
    size_bytes: int
    log: Path


class Cluster:
    """A running server, and this process's share in it. The last process to release its share stops the server."""

    def __init__(self, layout: Layout, programs: Binaries, hold: locks.Hold | None, *, durable: bool) -> None:
        self._layout = layout
        self._hold = hold
        self._durable = durable
        self.programs = programs
        #: The application's login.
        self.app_url = layout.url("dispatch_app")
        #: Owns the tables; runs init and upgrade.
        self.owner_url = layout.url("dispatch_owner")
        #: For backup, restore and upgrade only.
        self.superuser_url = layout.url("postgres", "postgres")

    @property
    def data_dir(self) -> Path:
        """Dispatch's data directory, resolved."""
        return self._layout.data_dir

    def ensure(self) -> bool:
        """Bring the server back should it have died; True when it had to be started. Cheap while it answers."""
        if server.ready(self._layout):
            return False
        if not self._layout.complete.exists():
            raise DatabaseUnavailable(f"The database in {self._layout.data} has disappeared. Bring it back.")
        return _start(self._layout, hold=False, durable=self._durable)[2]

    def release(self) -> bool:
        """Give up this process's share; True when it was the last one and the server is stopped. Safe to repeat."""
        hold, self._hold = self._hold, None
        if hold is None or not hold.ours:
            return False
        layout = self._layout
        with in_plain_words(layout.home), locks.exclusive(layout.start_lock, seconds=_LOCK_SECONDS):
            hold.give_up()
            locks.forget_the_dead(layout.holders)
            if locks.holders(layout.holders):
                return False
            roles.drain(layout, seconds=_DRAIN_SECONDS)
            server.stop(layout, self.programs, server_account(layout.data, layout.data_dir))
            return True

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def start(data_dir: Path, *, hold: bool = True, durable: bool = True) -> Cluster:
    """Make the database if there is none, start the server or join the one that runs, and wait until it answers.

    Args:
        data_dir: Dispatch's data directory; everything goes into its folder `postgres`.
        hold: take a share, so that the server stays until this process releases it or dies. Without, a server
            started here runs until somebody else's last release, or `stop`.
        durable: False only for throwaway data: a crash of the machine may then destroy them.
    """
    layout = Layout.of(data_dir)
    programs, share, _ = _start(layout, hold=hold, durable=durable)
    return Cluster(layout, programs, share, durable=durable)


def stop(data_dir: Path, *, force: bool = False) -> bool:
    """Stop the server; False when it did not run.

    Args:
        force: even while Dispatch processes use it. Their work fails until one of them starts it again.
    """
    layout = Layout.of(data_dir)
    if not layout.home.is_dir():
        return False
    with in_plain_words(layout.home), locks.exclusive(layout.start_lock, seconds=_LOCK_SECONDS):
        holding = locks.holders(layout.holders)
        if holding and not force:
            raise StillHeld(
                f"The database in {layout.home} is in use by Dispatch: process {', '.join(map(str, holding))}. "
                "Stop that first (the last one stops the database), or use force."
            )
        if not server.running(layout):
            return False
        account = server_account(layout.data, layout.data_dir)
        programs = binaries(major=initdb.major_of(layout.data), account=account, home=layout.data)
        server.stop(layout, programs, account)
        return True


def status(data_dir: Path) -> Status:
    """Look, without starting or changing anything."""
    layout = Layout.of(data_dir)
    with in_plain_words(layout.home):
        running = server.ready(layout)
        major = initdb.major_of(layout.data)
        return Status(
            running=running,
            version=roles.version(layout) if running else str(major) if major else None,
            pid=pid_in(layout.pid_file) if running else None,
            holders=tuple(locks.holders(layout.holders)),
            socket=layout.socket_dir,
            size_bytes=_size(layout.data),
            log=layout.log,
        )


def _start(layout: Layout, *, hold: bool, durable: bool) -> tuple[Binaries, locks.Hold | None, bool]:
    with in_plain_words(layout.home):
        account = server_account(layout.data, layout.data_dir)
        layout.make_home(account)
        with locks.exclusive(layout.start_lock, seconds=_LOCK_SECONDS) as lock:
            initdb.discard_half_done(layout)
            found = initdb.major_of(layout.data)
            programs = binaries(major=found, account=account, home=layout.data)
            if found is None:
                initdb.make(layout, programs, account, lock=lock, durable=durable)
            layout.make_socket_dir(account)
            server.trim_log(layout)
            started = _run(layout, programs, account, durable=durable)
            locks.forget_the_dead(layout.holders)
            return programs, locks.Hold(layout.holders) if hold else None, started


def _run(layout: Layout, programs: Binaries, account: Account, *, durable: bool) -> bool:
    started = False
    for tries_left in reversed(range(_TRIES)):
        if not server.ready(layout):
            settings.write(layout, account, _users(layout), durable=durable)
            started = server.ensure_running(layout, programs, account) or started
        try:
            roles.ensure(layout, ourselves())
        except CannotStart:
            # It may have been killed since it answered; then it is started again, not reported.
            if tries_left == 0 or server.ready(layout):
                raise
        else:
            break
    return started


def _users(layout: Layout) -> set[str]:
    """Who may connect: ourselves, the owner of the data directory, and root, who can become anybody anyway."""
    names = {name_of(os.geteuid()), name_of(layout.data_dir.stat().st_uid), name_of(0)}
    return {name for name in names if name is not None}


def _size(directory: Path) -> int:
    """Bytes in all files below. Files come and go while the server runs."""
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total
