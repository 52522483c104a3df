"""What can go wrong with the database on this machine, each with what to do about it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.kit.errors import SetupError


class DatabaseUnavailable(SetupError):
    """The embedded database does not run; the message says what the operator has to do."""

    title = "The database is not available"


class NoPostgres(DatabaseUnavailable):
    """No usable PostgreSQL programs were found."""


class WrongMajor(DatabaseUnavailable):
    """The data were written by a major version that is not installed here."""


class ForeignDirectory(DatabaseUnavailable):
    """The directory holds data Dispatch did not finish making, so it neither opens nor deletes them."""


class CannotStart(DatabaseUnavailable):
    """PostgreSQL or its initdb refused; the message carries the reason."""


class StillHeld(DatabaseUnavailable):
    """Other Dispatch processes use the server."""


# First match wins. The left side is PostgreSQL's own wording, or the system's.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"No space left on device|Disk quota exceeded", "The disk is full. Free some space and start Dispatch again."),
    (r"Read-only file system", "The file system is read-only. Choose a writable DISPATCH_DATA_DIR."),
    (
        r"could not bind Unix address|Address already in use",
        "Another program already listens on the socket. Stop it, or choose another DISPATCH_DATA_DIR.",
    ),
    (
        r"could not (create|map|resize|open) (anonymous )?shared memory|Cannot allocate memory",
        "There is not enough memory for PostgreSQL (it needs about 100 MB). In a container, raise its memory limit.",
    ),
    (
        r"could not look up effective user ID|local user with ID \d+ does not exist",
        "This user id has no name on this system. Run Dispatch as a user listed in /etc/passwd.",
    ),
    (
        r"unrecognized configuration parameter|contains errors|invalid value for parameter",
        "A setting in postgresql.conf is wrong. Correct or remove it.",
    ),
    (
        r"could not locate a valid checkpoint|invalid checkpoint|could not read (block|file)|PANIC",
        "The data are damaged. Keep the directory, and bring back a backup with `dispatch database restore`.",
    ),
    (
        r"[Pp]ermission denied|Operation not permitted|has (invalid permissions|wrong ownership)",
        "Permission denied. The directory must belong to the user that runs PostgreSQL, who must be able to "
        "enter every directory above it.",
    ),
)


def advice(output: str) -> str:
    """The plain-language reason found in a program's output, or an empty string."""
    return next((words for pattern, words in _REASONS if re.search(pattern, output)), "")


def cannot(what: str, output: str, *, log: Path | None = None) -> CannotStart:
    """The error for a program that failed, with advice first and its last words after it."""
    last = "\n".join(output.strip().splitlines()[-8:])
    parts = [f"{what}.", advice(output), f"The log is {log}." if log else "", f"It said:\n{last}" if last else ""]
    return CannotStart(" ".join(part for part in parts if part))


@contextmanager
def in_plain_words(where: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        # psycopg's errors are no OSErrors, so this is about files and processes only.
        detail = f"{error.strerror or error} ({error.filename or where})"
        if error.errno in (errno.EACCES, errno.EPERM):
            words = f"Run Dispatch as the user that owns {where}, or choose another DISPATCH_DATA_DIR."
            raise DatabaseUnavailable(f"No permission: {detail}. {words}") from error
        raise cannot(f"The database in {where} is not usable: {detail}", detail) from error
