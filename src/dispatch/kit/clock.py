"""The one source of time.

`clock_offset` (one row, seconds) moves time for all processes at once in demo and tests; it is
refused in production so that no clock there can be moved by a row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC, at microsecond resolution."""
    return datetime.now(UTC) + _offset


def offset() -> timedelta:
    """How far this process's time is moved."""
    return _offset


def move(offset: timedelta) -> None:
    """Set this process's offset; called only by `kit.db.Database.sync_clock`."""
    global _offset
    _offset = offset
