"""`Idempotency-Key`: the same POST sent twice does its work once and is answered the same.

The answer is stored in the transaction of the work. A second request with the key waits for that transaction, then
reads its answer; with another body it is a mistake of the sender.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi.encoders import jsonable_encoder
from sqlalchemy import LargeBinary, Text, UniqueConstraint, delete, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock
from dispatch.kit.db import Base, Tenant, Tx
from dispatch.kit.errors import Conflict

#: How long an answer is kept.
KEPT = timedelta(hours=24)


class IdempotencyKey(Tenant, Base):
    """A key a program sent, what it asked, and what it was answered."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("org_id", "key"),)

    key: Mapped[str] = mapped_column(Text)
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[Any] = mapped_column(JSONB, nullable=True)
    created_at: Mapped[datetime]


async def answered(t: Tx, key: str | None, asked: Any) -> Any:
    """The stored answer, None when the work is still to be done; then `remember` its answer in the same transaction.

    Args:
        key: what the program sent; None does nothing. It is bound to the program by the caller's prefix.
        asked: where and what, so that a key used for something else is found out.

    Raises:
        Conflict: the key was used for another request.
    """
    if key is None:
        return None
    digest = hashlib.sha256(orjson.dumps(jsonable_encoder(asked), option=orjson.OPT_SORT_KEYS)).digest()
    # Waits for the transaction of a twin that is under way.
    mine = await t.scalar(
        upsert(IdempotencyKey)
        .values(org_id=t.org, key=key, asked=digest, answer=None, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.id)
    )
    if mine is not None:
        return None
    found = (
        await t.scalars(select(IdempotencyKey).where(IdempotencyKey.org_id == t.org, IdempotencyKey.key == key))
    ).one()
    if found.asked != digest:
        raise Conflict("This Idempotency-Key was used for another request.")
    return found.answer


async def remember(t: Tx, key: str | None, answer: Any) -> None:
    """Keep the answer for a repeat."""
    if key is not None:
        await t.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.org_id == t.org, IdempotencyKey.key == key)
            .values(answer=jsonable_encoder(answer))
        )


async def forget_old(t: Tx) -> int:
    """Delete answers older than a day; called for each organization by the hourly housekeeping."""
    gone = await t.execute(
        delete(IdempotencyKey)
        .where(IdempotencyKey.org_id == t.org, IdempotencyKey.created_at < clock.now() - KEPT)
        .returning(IdempotencyKey.id)
    )
    return len(gone.all())
