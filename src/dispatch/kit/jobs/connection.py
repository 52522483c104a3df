"""How this layer connects to PostgreSQL, and how it recognises that a connection was lost."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Connection = psycopg.AsyncConnection[Any]

# A vanished network must be noticed in seconds; without these a half-open LISTEN stays silent for two hours.
_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# 08: connection exceptions; 57P01-57P05: the server was shut down, crashed, is starting, dropped the session.
_LOST_STATES = ("08", "57P")


def libpq(url: str, *, application_name: str) -> str:
    """The conninfo for `url`, which may also be SQLAlchemy's form (`postgresql+psycopg://`)."""
    given = conninfo_to_dict(re.sub(r"^postgres(ql)?\+\w+://", "postgresql://", url))
    return make_conninfo("", **{**_DEFAULTS, "application_name": application_name, **given})


def becoming(role: str | None) -> Callable[[Connection], Awaitable[None]]:
    """What each new connection does first: take on `role`, when the login is somebody else (the owner)."""

    async def configure(connection: Connection) -> None:
        if role is not None:
            await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))

    return configure


def is_lost(error: BaseException | None) -> bool:
    """Whether `error`, or what it was raised from, says that the connection to PostgreSQL is gone.

    Looks through SQLAlchemy's wrapping (`raise ... from`), and into groups when all of their errors say so.
    """
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            return all(is_lost(inner) for inner in error.exceptions)
        if isinstance(error, psycopg.OperationalError):
            # No state: psycopg noticed it itself (server closed the connection, pool has none to give).
            return error.sqlstate is None or error.sqlstate.startswith(_LOST_STATES)
        error = error.__cause__
    return False
