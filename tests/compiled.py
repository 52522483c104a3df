"""Each test has a database of its own; what SQLAlchemy makes of a statement is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.util import LRUCache

#: More than the statements of Dispatch and of its tests.
MOST = 5000


@contextmanager
def compiled_once() -> Iterator[None]:
    """Every engine made inside shares what was compiled, as every transaction of one long-lived process does.

    To compile anew for each test costs more than to run the statements. What is compiled is kept by dialect, and each
    engine has its own: so all of them, which are set up alike, count as the same.
    """
    kept: LRUCache[Any, Any] = LRUCache(MOST)

    def created(_dialect: type[PGDialectAsync_psycopg], engine: Any) -> None:
        engine.update_execution_options(compiled_cache=kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PGDialectAsync_psycopg, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(PGDialectAsync_psycopg, "__hash__", lambda one: hash(type(one)))
        patch.setattr(PGDialectAsync_psycopg, "engine_created", classmethod(created))
        yield
