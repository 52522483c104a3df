"""Writing a backup: every table as of one moment, while everybody goes on working."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import MetaData

from dispatch.kit import clock
from dispatch.kit.backup import catalog
from dispatch.kit.backup.archive import HashingFile, Manifest, SavedSequence, SavedTable, writing
from dispatch.kit.backup.catalog import Table
from dispatch.kit.db import libpq_url
from dispatch.kit.errors import DispatchError, SetupError
from dispatch.kit.sealed import sealed_columns


class Stopped(DispatchError):
    """The backup was given up because the process ends; there is no file."""


def save(owner_url: str, file: Path, metadata: MetaData, *, stopped: Callable[[], bool] = lambda: False) -> Manifest:
    """Write all rows to `file`, which appears only when it is complete. Blocks; nobody else is blocked.

    Args:
        owner_url: the login that owns the tables, or any that may read them all.
        metadata: says which columns are sealed, so that the manifest can name the keys they need.
        stopped: asked now and then; True gives up.

    Raises:
        SetupError: the database holds nothing of ours, or the folder cannot be written.
    """
    if not file.parent.is_dir():
        raise SetupError(f"There is no folder {file.parent}.")
    with psycopg.connect(libpq_url(owner_url), application_name="dispatch backup") as connection:
        # One snapshot for all tables. A reader blocks nobody and is blocked by nobody but a migration.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0")
        connection.execute(
            "set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; set local client_encoding = 'UTF8'"
        )
        revision = catalog.revision(connection)
        if revision is None:
            raise SetupError("This database holds no tables of Dispatch, so there is nothing to back up.")
        tables = catalog.tables(connection)
        organizations = [row[0] for row in connection.execute("select id from public.organization order by id")]
        sealed = _keys(connection, metadata, tables, organizations)
        with writing(file) as archive:
            saved = []
            for table in tables:
                entry = SavedTable(schema_name=table.schema, name=table.name, columns=table.columns, rows=0, sha256="")
                with archive.member(entry.member) as member:
                    entry.rows = _copy(connection, table, organizations, member, stopped)
                entry.sha256 = member.sha256
                saved.append(entry)
            manifest = Manifest(
                made_at=clock.now().isoformat(timespec="seconds"),
                revision=revision,
                postgres=str(connection.info.parameter_status("server_version")),
                tables=saved,
                # Counters do not belong to the snapshot, so they may be ahead of it. That is harmless.
                sequences=[_sequence(connection, *name) for name in catalog.sequences(connection)],
                sealed_with=sorted(sealed),
            )
            archive.finish(manifest)
    return manifest


def _copy(
    connection: psycopg.Connection[Any],
    table: Table,
    organizations: list[int],
    to: HashingFile,
    stopped: Callable[[], bool],
) -> int:
    rows = 0
    for org in organizations if table.by_organization else [None]:
        statement = sql.SQL("copy (select {} from {} {}) to stdout").format(
            table.column_list, table.identifier, _only(connection, org)
        )
        with connection.cursor() as cursor:
            with cursor.copy(statement) as lines:
                for line in lines:
                    if stopped():
                        raise Stopped("The backup was stopped.")
                    to.write(line)
            rows += cursor.rowcount
    return rows


def _only(connection: psycopg.Connection[Any], org: int | None) -> sql.Composable:
    """Both the policy's setting and the condition: the owner needs the first, a superuser only obeys the second."""
    if org is None:
        return sql.SQL("")
    connection.execute("select set_config('app.org_id', %s, true)", [str(org)])
    return sql.SQL("where org_id = {}").format(sql.Literal(org))


def _sequence(connection: psycopg.Connection[Any], schema: str, name: str) -> SavedSequence:
    found = connection.execute(sql.SQL("select last_value, is_called from {}").format(sql.Identifier(schema, name)))
    last, called = found.fetchone()  # type: ignore[misc]  # a sequence has one row
    return SavedSequence(schema_name=schema, name=name, last_value=last, is_called=called)


def _keys(
    connection: psycopg.Connection[Any], metadata: MetaData, tables: list[Table], organizations: list[int]
) -> set[str]:
    present = {table.name: table for table in tables if table.schema == "public"}
    keys: set[str] = set()
    for declared, column, _ in sealed_columns(metadata):
        table = present.get(declared.name)
        if table is None or column.name not in table.columns:
            continue  # of a later version than the database
        for org in organizations if table.by_organization else [None]:
            statement = sql.SQL(
                "select distinct encode(substring({column} from 2 for 4), 'hex')"
                " from (select * from {table} {only}) of_one where length({column}) > 0"
            ).format(column=sql.Identifier(column.name), table=table.identifier, only=_only(connection, org))
            keys |= {row[0] for row in connection.execute(statement)}
    return keys
