"""Restoring a backup: into an empty database or in place of what is there, as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, create_engine, text

from dispatch.kit.backup import catalog
from dispatch.kit.backup.archive import Damaged, Manifest, chunks, inspect, reading
from dispatch.kit.db import sqlalchemy_url
from dispatch.kit.errors import Conflict, SetupError

#: What to drop in the place of the old data, in this order. What belongs to an extension stays.
_OLD = """
    select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
           format('%I.%I', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'S')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'i', 'a'))
    union all
    select 'routine', p.oid::regprocedure::text
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select 'type', format('%I.%I', n.nspname, t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = 'public' and t.typtype in ('e', 'd')
      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
"""


class NotEmpty(Conflict):
    """There is something in the database that a restore would replace."""


def restore(
    owner_url: str, file: Path, migrate: Callable[[Connection, str], None], *, replace: bool = False
) -> Manifest:
    """Put the backup into the database and bring its schema to this version; one transaction.

    Args:
        owner_url: the login that owns the tables.
        migrate: brings the schema to a version ("head": the newest) on the connection given.
        replace: drop what is there.

    Raises:
        Damaged: the file is incomplete or changed; the database was not touched.
        NotEmpty: there are organizations in the database, and `replace` was not given.
        SetupError: somebody else is connected, or the backup is of a newer Dispatch.
    """
    manifest = inspect(file)
    engine = create_engine(sqlalchemy_url(owner_url), connect_args={"application_name": "dispatch restore"})
    try:
        with engine.begin() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            raw.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0")
            raw.execute(
                "set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; set local client_encoding = 'UTF8'"
            )
            _refuse(raw, replace)
            _drop_all(raw)
            migrate(connection, manifest.revision)
            _fill(raw, file, manifest)
            migrate(connection, "head")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("analyze"))
    finally:
        engine.dispose()
    return manifest


def _refuse(raw: psycopg.Connection[Any], replace: bool) -> None:
    others = raw.execute(
        "select count(*), string_agg(distinct application_name, ', ') from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    ).fetchone()
    if others and others[0]:
        raise SetupError(f"{others[0]} other connections use this database. Stop web and workers first.")
    ours = catalog.revision(raw) is not None
    if not ours:
        strange = raw.execute("select 1 from pg_tables where schemaname = 'public' limit 1").fetchone()
        if strange:
            raise NotEmpty("This database holds tables that are not Dispatch's. Restore into one of its own.")
    elif not replace and (raw.execute("select count(*) from public.organization").fetchone() or (0,))[0]:
        raise NotEmpty(
            "This database is not empty. With --replace everything in it is dropped and the backup takes its place; "
            "make a backup of it first."
        )


def _drop_all(raw: psycopg.Connection[Any]) -> None:
    raw.execute("drop schema if exists jobs cascade")
    for kind, name in raw.execute(_OLD).fetchall():
        # A cascade may have taken it along already.
        raw.execute(f"drop {kind} if exists {name} cascade")


def _fill(raw: psycopg.Connection[Any], file: Path, manifest: Manifest) -> None:
    tables = catalog.tables(raw)
    saved = {(table.schema_name, table.name): table for table in manifest.tables}
    if unknown := set(saved) - {(table.schema, table.name) for table in tables}:
        raise Damaged(f"{file} holds tables that its own version {manifest.revision} does not have: {sorted(unknown)}.")
    for table in reversed(tables):
        if table.forced:
            # COPY does not work under row-level security. Off in this transaction only, which nobody else sees.
            raw.execute(sql.SQL("alter table {} no force row level security").format(table.identifier))
        # What triggers did, the backup has already.
        raw.execute(sql.SQL("alter table {} disable trigger user").format(table.identifier))
        # The migrations may have put rows there; the backup has them as they became.
        raw.execute(sql.SQL("delete from {}").format(table.identifier))
    with reading(file) as (archive, _):
        for table in tables:
            entry = saved.get((table.schema, table.name))
            if entry is None:
                raise Damaged(f"{file} holds no table {table.name}, which its version {manifest.revision} has.")
            columns = sql.SQL(", ").join(map(sql.Identifier, entry.columns))
            with raw.cursor() as cursor:
                with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(table.identifier, columns)) as copy:
                    for chunk in chunks(archive, entry):
                        copy.write(chunk)
                if cursor.rowcount != entry.rows:
                    raise Damaged(f"{file}: {cursor.rowcount} rows of {table.name} instead of {entry.rows}.")
    for table in tables:
        raw.execute(sql.SQL("alter table {} enable trigger user").format(table.identifier))
        if table.forced:
            raw.execute(sql.SQL("alter table {} force row level security").format(table.identifier))
    for each in manifest.sequences:
        name = sql.Identifier(each.schema_name, each.name).as_string(raw)
        raw.execute("select setval(%s::regclass, %s, %s)", [name, each.last_value, each.is_called])
