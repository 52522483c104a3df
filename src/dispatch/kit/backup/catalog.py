"""What PostgreSQL's own catalog says of our tables. Not what the code declares: a backup may be older than the code."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from psycopg import sql

#: Where Dispatch keeps its tables: its own, and the job queue's.
SCHEMAS = ["public", "jobs"]
#: Filled by the migrations themselves.
NOT_SAVED = "alembic_version"

_TABLES = """
    select n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity,
           array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                 and not a.attisdropped and a.attgenerated = '' order by a.attnum)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> %s
    order by 1, 2
"""
_REFERENCES = """
    select n.nspname, c.relname, fn.nspname, f.relname
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
    where k.contype = 'f' and n.nspname = any(%s) and k.conrelid <> k.confrelid
"""
_SEQUENCES = "select schemaname, sequencename from pg_sequences where schemaname = any(%s) order by 1, 2"


@dataclass(frozen=True)
class Table:
    """A table with the columns that are stored (not computed)."""

    schema: str
    name: str
    #: Row-level security: its rows are seen one organization at a time.
    by_organization: bool
    forced: bool
    columns: list[str]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def column_list(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


def tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """All of them; what a table refers to comes before it."""
    found = {
        (schema, name): Table(schema, name, secured, forced, columns)
        for schema, name, secured, forced, columns in connection.execute(_TABLES, [SCHEMAS, NOT_SAVED])
    }
    order: TopologicalSorter[tuple[str, str]] = TopologicalSorter({key: set() for key in found})
    for schema, name, to_schema, to_name in connection.execute(_REFERENCES, [SCHEMAS]):
        if (schema, name) in found and (to_schema, to_name) in found:
            order.add((schema, name), (to_schema, to_name))
    return [found[key] for key in order.static_order()]


def sequences(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Names of all counters."""
    return [(schema, name) for schema, name in connection.execute(_SEQUENCES, [SCHEMAS])]


def revision(connection: psycopg.Connection[Any]) -> str | None:
    """The schema's version; None when there is no schema of ours."""
    if not connection.execute("select to_regclass('public.alembic_version')").fetchone()[0]:  # type: ignore[index]
        return None
    row = connection.execute("select version_num from public.alembic_version").fetchone()
    return str(row[0]) if row else None
