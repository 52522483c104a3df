"""The locks that let many processes share one server; the kernel frees them whatever way a process dies."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.kit.embedded.errors import CannotStart

_POLL_SECONDS = 0.02


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _try(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusive(path: Path, *, seconds: float) -> Iterator[int]:
    """One process at a time; yields the descriptor.

    A child that inherits the descriptor keeps the lock when we die, so nobody deletes what it still writes.
    """
    descriptor = _open(path)
    try:
        deadline = time.monotonic() + seconds
        while not _try(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Another Dispatch process has been starting or stopping the database for {seconds:.0f} s "
                    f"(it holds {path}). End that process and start again."
                )
            time.sleep(_POLL_SECONDS)
        yield descriptor
    finally:
        # Closing, never LOCK_UN: unlocking would also take the lock from a child that inherited it.
        os.close(descriptor)


def try_exclusive(path: Path) -> int | None:
    """The descriptor of a lock taken at once, None when another process has it. Close it to give it back."""
    descriptor = _open(path)
    if _try(descriptor, fcntl.LOCK_EX):
        return descriptor
    os.close(descriptor)
    return None


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock. A shared try, so that two who ask do not see each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


class Hold:
    """This process's share in the server: a locked file named after the process. Take it under the start lock."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"{os.getpid()}.{secrets.token_hex(4)}"
        self._pid = os.getpid()
        self._descriptor = _open(self.path)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    @property
    def ours(self) -> bool:
        """False in a forked child: the share belongs to the parent."""
        return self._pid == os.getpid()

    def give_up(self) -> None:
        """Under the start lock."""
        os.close(self._descriptor)
        self.path.unlink(missing_ok=True)


def holders(directory: Path) -> list[int]:
    """Process ids of those who hold a share, ascending."""
    files = [path for path in directory.iterdir() if is_locked(path)] if directory.is_dir() else []
    return sorted(int(number[1]) for path in files if (number := re.match(r"(\d+)\.", path.name)))


def forget_the_dead(directory: Path) -> None:
    """Remove the files of processes that died. Under the start lock, where nobody takes a new share."""
    for path in directory.iterdir():
        if not is_locked(path):
            path.unlink(missing_ok=True)
