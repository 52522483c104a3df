"""Where each file of the embedded database lies."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.errors import DatabaseUnavailable

PORT = 5432
# sun_path, without the closing zero byte.
_SOCKET_BYTES = 107 if sys.platform == "linux" else 103
# A comma or a leading @ means something else to libpq, a quote to postgresql.conf.
_PLAIN = re.compile(r"/[A-Za-z0-9/._+-]*")


@dataclass(frozen=True)
class Layout:
    """The paths under one data directory of Dispatch. Everything lies in its folder `postgres`."""

    data_dir: Path

    @classmethod
    def of(cls, data_dir: Path) -> Layout:
        """Resolve first: two names of one directory must be one database."""
        return cls(data_dir.expanduser().resolve())

    @property
    def home(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def data(self) -> Path:
        """What PostgreSQL calls its data directory."""
        return self.home / "data"

    @property
    def complete(self) -> Path:
        return self.data / ".complete"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def socket_pid_file(self) -> Path:
        """Names the same process for everyone who wants this socket."""
        return self.socket_dir / f".s.PGSQL.{PORT}.lock"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def start_lock(self) -> Path:
        """Held while somebody makes, starts, joins, leaves or stops the server."""
        return self.home / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Inherited by every server process: free means that none is left, whatever postmaster.pid says."""
        return self.home / "server.lock"

    @property
    def holders(self) -> Path:
        return self.home / "holders"

    @property
    def socket_dir(self) -> Path:
        """Beside the data, or in /tmp when that path is too long or too odd for a socket.

        Not under /run/user, which disappears when the person logs out, and not in TMPDIR, which differs
        between processes. PostgreSQL touches its socket hourly, so cleaners of /tmp leave it alone.
        """
        beside = self.home / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= _SOCKET_BYTES and _PLAIN.fullmatch(str(beside)):
            return beside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"dispatch-{digest}"

    def url(self, role: str, database: str = "dispatch") -> str:
        """For psycopg, and with `+psycopg` for SQLAlchemy. The port is named so that PGPORT cannot change it."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_dir))}&port={PORT}"

    def conninfo(self, role: str = "postgres", database: str = "postgres") -> str:
        return make_conninfo(host=str(self.socket_dir), port=PORT, user=role, dbname=database, connect_timeout=5)

    def make_home(self, account: Account) -> None:
        """Make what is missing, outside PostgreSQL's own directory."""
        if account.switch and (barrier := account.barrier(self.data)):
            raise DatabaseUnavailable(
                f"PostgreSQL cannot run as root, so it runs as `{account.name}`, who may not enter {barrier}. "
                f"Choose a DISPATCH_DATA_DIR elsewhere (such as /var/lib/dispatch), run Dispatch as an ordinary "
                f"user, or let others pass with `chmod o+x {barrier}`."
            )
        # The server's user has to pass through; it reads nothing here, so entering is all it gets.
        mode = 0o711 if account.switch else 0o700
        for directory in (*reversed(self.home.parents), self.home):
            if not directory.exists():
                directory.mkdir(exist_ok=True)
                directory.chmod(mode)  # Not left to mkdir, which the umask would narrow.
        self.holders.mkdir(mode=0o700, exist_ok=True)
        if not self.log.exists():
            self.log.touch(mode=0o600)
            account.give(self.log)

    def remove_socket_dir(self) -> None:
        """After the server: leave nothing in /tmp."""
        if self.socket_dir.parent != self.home and self.socket_dir.is_dir() and not any(self.socket_dir.iterdir()):
            self.socket_dir.rmdir()

    def make_socket_dir(self, account: Account) -> None:
        """Ours alone: the name in /tmp is easy to guess, so one that somebody else made is refused."""
        directory = self.socket_dir
        try:
            directory.mkdir(mode=0o700)
            account.give(directory)
        except FileExistsError:
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o022:
                raise DatabaseUnavailable(
                    f"{directory} should be a directory of `{account.name}` that nobody else may write to. "
                    "Remove it and start again."
                ) from None


def owner_url(data_dir: Path) -> str:
    """The login that owns the tables of the database in this data directory; whether it runs is not asked."""
    return Layout.of(data_dir).url("dispatch_owner")
