"""The configuration files of the server, written anew at each start."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.layout import PORT, Layout

LOGINS = ("dispatch_owner", "dispatch_app")

_INCLUDE = "include = 'dispatch.conf'"
_SETTINGS = """\
# Written by Dispatch at each start. Your own settings go into postgresql.conf, below its last line.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
port = {port}
max_connections = 100
shared_buffers = 64MB
max_wal_size = 512MB
# Short statements only: compiling them costs more than it saves.
jit = off
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_messages = warning
log_checkpoints = off
# Statements and key values may hold people's data; they do not belong into a log.
log_min_error_statement = panic
log_error_verbosity = terse
"""


def write(layout: Layout, account: Account, users: Iterable[str], *, durable: bool) -> None:
    """Write all of them; `users` are the operating-system users that may connect as any of our roles."""
    main = layout.data / "postgresql.conf"
    present = main.read_text() if main.exists() else ""
    if _INCLUDE not in present.splitlines():
        _put(main, f"{present}\n# Dispatch's settings; what you write below this line wins.\n{_INCLUDE}\n", account)
    values = {"socket_dir": layout.socket_dir, "port": PORT, "durable": "on" if durable else "off"}
    _put(layout.data / "dispatch.conf", _SETTINGS.format(**values), account)
    # No password on disk: the kernel says which user is at the other end of the socket.
    _put(layout.data / "pg_hba.conf", "# Written by Dispatch.\nlocal all all peer map=dispatch\n", account)
    lines = [f'dispatch "{user}" {role}' for user in sorted(set(users)) for role in ("postgres", *LOGINS)]
    _put(layout.data / "pg_ident.conf", "\n".join(["# Written by Dispatch.", *lines, ""]), account)


def _put(path: Path, text: str, account: Account) -> None:
    """Replace as a whole: a kill leaves the old file, and root never writes through another user's link."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    account.give(fresh)
    fresh.replace(path)
