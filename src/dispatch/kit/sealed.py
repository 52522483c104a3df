"""Columns whose values are stored sealed. The type says so, and that is all a rotation of the key goes by."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Select, Table, func, select, tuple_, update
from sqlalchemy.types import TypeDecorator

from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.db import GLOBAL_TABLES, Database, OrgId, Tx

#: Rows sealed anew in one transaction.
BATCH = 200


class Sealed(TypeDecorator[bytes]):
    """Bytes that `Vault.seal` made; read and written as they are.

    Args:
        context: what the value is bound to, with the row's own columns in braces: "plugin:{org_id}:{id}".
            Columns of the key, or such as never change: a value whose context changed does not open any more.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.template = context

    def context(self, **row: Any) -> bytes:
        """What to give to `Vault.seal` and `Vault.open` for this row."""
        return self.template.format(**row).encode()

    @property
    def needs(self) -> list[str]:
        """The columns in the context."""
        return [name for _, name, _, _ in string.Formatter().parse(self.template) if name]


@dataclass
class Rotation:
    """What a rotation did to one column, over all organizations."""

    table: str
    column: str
    resealed: int = 0
    #: Values that did not open: the row's key and the reason.
    failed: list[tuple[str, str]] = field(default_factory=list)


def sealed_columns(metadata: MetaData) -> list[tuple[Table, Column[bytes], Sealed]]:
    """Every sealed column of the schema."""
    return [
        (table, column, column.type)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Sealed)
    ]


async def rotate(
    db: Database, vault: Vault, metadata: MetaData, organizations: Sequence[OrgId], *, batch: int = BATCH
) -> list[Rotation]:
    """Seal everything under the vault's first key. Safe while Dispatch runs, to stop half-way, and to run again.

    What does not open is left as it is and named in the answer.
    """
    done = []
    for table, column, kind in sealed_columns(metadata):
        report = Rotation(table.name, column.name)
        for org in [None] if table.name in GLOBAL_TABLES else organizations:
            last: tuple[Any, ...] | None = None
            while True:
                async with _transaction(db, org) as t:
                    last, more = await _rotate_batch(t, vault, (table, column, kind), org, last, batch, report)
                if not more:
                    break
        done.append(report)
    return done


async def keys_in_use(db: Database, metadata: MetaData, organizations: Sequence[OrgId]) -> dict[str, int]:
    """How many stored values each key seals, by the key's id."""
    counts: dict[str, int] = {}
    for table, column, _ in sealed_columns(metadata):
        key_id = func.encode(func.substring(column, 2, 4), "hex")
        for org in [None] if table.name in GLOBAL_TABLES else organizations:
            wanted = _of(select(key_id, func.count()).where(func.length(column) > 0).group_by(key_id), table, org)
            async with _transaction(db, org) as t:
                for name, count in await t.execute(wanted):
                    counts[name] = counts.get(name, 0) + count
    return counts


async def _rotate_batch(
    t: Tx,
    vault: Vault,
    what: tuple[Table, Column[bytes], Sealed],
    org: OrgId | None,
    after: tuple[Any, ...] | None,
    batch: int,
    report: Rotation,
) -> tuple[tuple[Any, ...] | None, bool]:
    """(key of the last row looked at, whether there may be more)."""
    table, column, kind = what
    key = list(table.primary_key.columns)
    needs = [table.c[name] for name in kind.needs]
    wanted = _of(
        select(*key, *needs, column.label("sealed"))
        .where(func.length(column) > 0, func.substring(column, 1, len(vault.head)) != vault.head)
        .order_by(*key)
        .limit(batch)
        # Whoever saves at this moment waits for us or we for them; neither overwrites the other.
        .with_for_update(),
        table,
        org,
    )
    if after is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*after))
    rows = (await t.execute(wanted)).all()
    for row in rows:
        place = row._mapping
        context = kind.context(**{name: place[name] for name in kind.needs})
        try:
            fresh = vault.seal(vault.open(row.sealed, context=context), context=context)
        except CannotDecrypt as why:
            report.failed.append((", ".join(f"{c.name} {place[c.name]}" for c in key), str(why)))
            continue
        await t.execute(update(table).where(*(c == place[c.name] for c in key)).values({column.name: fresh}))
        report.resealed += 1
    if rows:
        after = tuple(rows[-1]._mapping[c.name] for c in key)
    return after, len(rows) == batch


def _of(wanted: Select[Any], table: Table, org: OrgId | None) -> Select[Any]:
    return wanted if org is None else wanted.where(table.c.org_id == org)


@asynccontextmanager
async def _transaction(db: Database, org: OrgId | None) -> AsyncIterator[Tx]:
    async with db.system() if org is None else db.tx(org) as t:
        yield t
