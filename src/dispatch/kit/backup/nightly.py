"""The backups Dispatch makes by itself in embedded mode: one a night, and one before what cannot be undone.

What has been done is read from the folder, so a restart forgets nothing: a night that was missed is made up for.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import structlog
from sqlalchemy import MetaData

from dispatch.kit import clock
from dispatch.kit.backup.save import Stopped, save
from dispatch.kit.embedded import locks
from dispatch.kit.errors import DispatchError

log = structlog.get_logger()

#: Nightly backups kept; of those before an upgrade or a restore, each.
KEPT = 7
KEPT_BEFORE = 3
#: Hour of the day, UTC.
HOUR = 2
#: A failed one is tried again after so long.
RETRY = timedelta(minutes=30)
#: From this age on the newest one is too old: a night was missed, and not only because of a long one.
LATE = timedelta(hours=50)

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(nightly|before-[a-z]+)-(\d{8}T\d{6}Z)\.zip")


@dataclass(frozen=True)
class State:
    """How the nightly backups are doing."""

    newest: datetime | None
    failed_at: datetime | None
    error: str

    @property
    def well(self) -> bool:
        """The last one worked, and is not too old. Before the first one there is nothing to complain about."""
        return not self.error and (self.newest is None or clock.now() - self.newest < LATE)


@dataclass(frozen=True)
class Kept:
    """A backup that lies there. `size` in bytes."""

    name: str
    at: datetime
    size: int


def folder(data_dir: Path) -> Path:
    """Where they lie, made when missing; ours alone."""
    made = data_dir.expanduser().resolve() / "backups"
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def state(data_dir: Path) -> State:
    """Look, without making anything."""
    where = data_dir.expanduser().resolve() / "backups"
    found = [at for _, at in _files(where, "nightly")]
    try:
        said = _failure(where).read_text()
    except FileNotFoundError:
        return State(max(found, default=None), None, "")
    at, _, error = said.partition(" ")
    return State(max(found, default=None), datetime.fromisoformat(at), error)


def kept(data_dir: Path) -> list[Kept]:
    """Those that lie there, of every kind, the newest first."""
    where = data_dir.expanduser().resolve() / "backups"
    found = []
    for path, _, at in _named(where):
        try:
            found.append(Kept(path.name, at, path.stat().st_size))
        except FileNotFoundError:
            continue  # an older one, removed just now
    return sorted(found, key=lambda each: each.at, reverse=True)


def due(data_dir: Path) -> bool:
    """Whether the last night's is missing, and not just failed."""
    now = clock.now()
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if night > now:
        night -= timedelta(days=1)
    known = state(data_dir)
    if known.failed_at is not None and now - known.failed_at < RETRY:
        return False
    return known.newest is None or known.newest < night


def new_file(data_dir: Path, kind: str) -> Path:
    """The path of a backup made now; `kind` is "nightly" or "before-upgrade" or the like."""
    return folder(data_dir) / f"{kind}-{clock.now().strftime(_STAMP)}.zip"


def keep_newest(data_dir: Path, kind: str, *, kept: int) -> None:
    """Remove older ones of this kind."""
    for path, _ in sorted(_files(folder(data_dir), kind), key=lambda found: found[1], reverse=True)[kept:]:
        path.unlink(missing_ok=True)


async def nightly(owner_url: str, data_dir: Path, metadata: MetaData) -> None:
    """Make last night's backup if it is missing. Every failure is logged and shown by `state`.

    Several workers may ask at once: one of them does it.
    """
    if not await asyncio.to_thread(due, data_dir):
        return
    stop = threading.Event()
    try:
        await asyncio.to_thread(_nightly, owner_url, data_dir, metadata, stop)
    finally:
        # Cancelled at the end of the process: the thread gives up, the loop waits for it.
        stop.set()


def _nightly(owner_url: str, data_dir: Path, metadata: MetaData, stop: threading.Event) -> None:
    where = folder(data_dir)
    with _alone(where) as alone:
        if not alone or not due(data_dir):
            return
        for part in where.glob(".*.part"):
            part.unlink(missing_ok=True)  # of a process that was killed
        began = clock.now()
        try:
            made = save(owner_url, new_file(data_dir, "nightly"), metadata, stopped=stop.is_set)
            keep_newest(data_dir, "nightly", kept=KEPT)
        except Stopped:
            return
        except (OSError, psycopg.Error, DispatchError) as why:
            reason = str(why).splitlines()[0] if isinstance(why, DispatchError | OSError) else type(why).__name__
            log.error("backup failed", error=type(why).__name__, reason=reason)
            _failure(where).write_text(f"{clock.now().isoformat(timespec='seconds')} {reason}")
            return
        _failure(where).unlink(missing_ok=True)
        log.info("backup made", rows=made.rows, seconds=round((clock.now() - began).total_seconds(), 1))


@contextmanager
def _alone(where: Path) -> Iterator[bool]:
    lock = locks.try_exclusive(where / "lock")
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _files(where: Path, kind: str) -> list[tuple[Path, datetime]]:
    return [(path, at) for path, of, at in _named(where) if of == kind]


def _named(where: Path) -> list[tuple[Path, str, datetime]]:
    """(file, kind, moment) of each backup."""
    if not where.is_dir():
        return []
    named = [(path, _NAME.fullmatch(path.name)) for path in where.iterdir()]
    return [
        (path, name[1], datetime.strptime(f"{name[2]}+0000", f"{_STAMP}%z")) for path, name in named if name is not None
    ]


def _failure(where: Path) -> Path:
    return where / "last-failure"
