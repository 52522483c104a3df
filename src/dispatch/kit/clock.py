"""The one source of time.

`clock_offset` (one row, seconds) moves time for all processes at once in demo and tests; it is
refused in production so that no clock there can be moved by a row.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: Moments that can be computed with in every zone, and far enough apart for everybody.
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
#: What is said of others.
OUT_OF_RANGE = "Give a moment between 1970 and 9000."

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
