"""The operating-system user that runs the server: ourselves, or an unprivileged one when we are root."""

from __future__ import annotations

import errno
import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatch.kit.embedded.errors import DatabaseUnavailable


@dataclass(frozen=True)
class Finished:
    """How a program ended and everything it wrote."""

    code: int
    output: str


@dataclass(frozen=True)
class Account:
    """A user that programs run as; `switch` when that is not who we are."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, argv: Sequence[str | Path], *, keep: Sequence[int] = (), timeout: float = 300) -> Finished:
        """Run a program to its end, in its own session so that Ctrl-C in our terminal does not reach it.

        Args:
            keep: descriptors the program (and its children) inherit.
            timeout: seconds.
        """
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
        if library_path := os.environ.get("LD_LIBRARY_PATH"):
            environment["LD_LIBRARY_PATH"] = library_path
        # A file, not a pipe: a server left behind would keep a pipe open and we would wait for ever.
        with tempfile.TemporaryFile() as output:
            try:
                code = subprocess.run(
                    [str(part) for part in argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env=environment,
                    pass_fds=tuple(keep),
                    start_new_session=True,
                    timeout=timeout,
                    check=False,
                    user=self.uid if self.switch else None,
                    group=self.gid if self.switch else None,
                    extra_groups=[] if self.switch else None,
                ).returncode
            except subprocess.TimeoutExpired:
                return Finished(1, f"{argv[0]} did not end within {timeout:.0f} s.")
            except PermissionError as error:
                if self.switch and error.errno == errno.EPERM:
                    raise DatabaseUnavailable(
                        f"PostgreSQL refuses to run as root, and root here may not become `{self.name}`. "
                        "Run Dispatch as an ordinary user (in a container: `user:`), or set DISPATCH_DATABASE_URL."
                    ) from error
                raise
            output.seek(0)
            return Finished(code, output.read().decode(errors="replace"))

    def give(self, path: Path) -> None:
        """Make this user the owner of something we just made."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def barrier(self, path: Path) -> Path | None:
        """The first existing directory on the way to `path` that this user may not enter, judged by its mode alone."""
        for directory in reversed([parent for parent in path.resolve().parents if parent.exists()]):
            mode, owner, group = (lambda s: (s.st_mode, s.st_uid, s.st_gid))(directory.stat())
            bit = 0o100 if owner == self.uid else 0o010 if group == self.gid else 0o001
            if not mode & bit:
                return directory
        return None


def name_of(uid: int) -> str | None:
    """The user's name, None when the system does not know the id (arbitrary ids in containers)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def ourselves() -> Account:
    """The user this process runs as."""
    name = name_of(os.geteuid())
    if name is None:
        raise DatabaseUnavailable(
            f"User id {os.geteuid()} has no name on this system, and PostgreSQL refuses to run without one. "
            "Run Dispatch as a user listed in /etc/passwd, or set DISPATCH_DATABASE_URL."
        )
    return Account(name, os.geteuid(), os.getegid(), switch=False)


def server_account(*owned: Path) -> Account:
    """Who runs the server: ourselves; for root the owner of what exists already, else `postgres`, else `nobody`.

    Args:
        owned: places to look for an owner, the most telling first.
    """
    existing = [path.stat().st_uid for path in owned if path.exists()]
    if os.geteuid() != 0:
        return ourselves()
    for uid in existing:
        if uid != 0:
            entry = pwd.getpwuid(uid)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise DatabaseUnavailable(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as. "
        "Run Dispatch as an ordinary user, or set DISPATCH_DATABASE_URL."
    )
