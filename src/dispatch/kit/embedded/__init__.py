"""The default PostgreSQL: a server of our own beside the data, shared by every Dispatch process on the machine.

Start it before the event loop: everything here blocks. Set DISPATCH_DATABASE_URL to use another server instead.
"""

from dispatch.kit.embedded.cluster import Cluster, Status, start, status, stop
from dispatch.kit.embedded.errors import (
    CannotStart,
    DatabaseUnavailable,
    ForeignDirectory,
    NoPostgres,
    StillHeld,
    WrongMajor,
)
from dispatch.kit.embedded.initdb import major
from dispatch.kit.embedded.layout import owner_url
from dispatch.kit.embedded.providers import Binaries, binaries

__all__ = [
    "Binaries",
    "CannotStart",
    "Cluster",
    "DatabaseUnavailable",
    "ForeignDirectory",
    "NoPostgres",
    "Status",
    "StillHeld",
    "WrongMajor",
    "binaries",
    "major",
    "owner_url",
    "start",
    "status",
    "stop",
]
