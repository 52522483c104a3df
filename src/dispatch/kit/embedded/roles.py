"""The two logins and the database, made when they are missing."""

from __future__ import annotations

import time

import psycopg
from psycopg import sql

from dispatch.kit.embedded.account import Account
from dispatch.kit.embedded.errors import DatabaseUnavailable, cannot
from dispatch.kit.embedded.layout import Layout
from dispatch.kit.embedded.settings import LOGINS

_DRAIN_POLL_SECONDS = 0.05


def ensure(layout: Layout, account: Account) -> None:
    """Safe to run again: a process may have died half-way through."""
    try:
        with psycopg.connect(layout.conninfo(), autocommit=True) as connection:
            _ensure(connection)
    except psycopg.OperationalError as error:
        if "Peer authentication failed" in str(error):
            raise DatabaseUnavailable(
                f"The database in {layout.home} runs for another user and does not accept `{account.name}`. "
                "Run Dispatch as the user that started it."
            ) from error
        raise cannot("The server runs but does not let Dispatch in", str(error), log=layout.log) from error
    except psycopg.Error as error:
        raise cannot("The roles or the database could not be made", str(error), log=layout.log) from error


def version(layout: Layout) -> str | None:
    """Of the running server; None when it stopped meanwhile."""
    try:
        with psycopg.connect(layout.conninfo("dispatch_app", "dispatch"), autocommit=True) as connection:
            row = connection.execute("show server_version").fetchone()
    except psycopg.OperationalError:
        return None
    return str(row[0]).partition(" ")[0] if row else None


def drain(layout: Layout, *, seconds: float) -> None:
    """Wait until no client is inside a transaction, at most so long: the shutdown ends the rest."""
    deadline = time.monotonic() + seconds
    busy = (
        "select count(*) from pg_stat_activity "
        "where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'"
    )
    try:
        with psycopg.connect(layout.conninfo(), autocommit=True) as connection:
            while (connection.execute(busy).fetchone() or (0,))[0] and time.monotonic() < deadline:
                time.sleep(_DRAIN_POLL_SECONDS)
    except psycopg.OperationalError:
        return  # Nobody works in a server that does not answer.


def _ensure(connection: psycopg.Connection) -> None:
    create = sql.SQL("create role {} login nosuperuser nobypassrls nocreatedb nocreaterole noreplication")
    with connection.transaction():
        present = {name for (name,) in connection.execute("select rolname from pg_roles")}
        missing = [role for role in LOGINS if role not in present]
        for role in missing:
            connection.execute(create.format(sql.Identifier(role)))
        if missing:
            # `set local role dispatch_app` must work on the owner's connections too.
            connection.execute("grant dispatch_app to dispatch_owner")
    # Nobody but the owner may create in its schema `public`: PostgreSQL's default since 15.
    if not connection.execute("select 1 from pg_database where datname = 'dispatch'").fetchone():
        connection.execute("create database dispatch owner dispatch_owner")
