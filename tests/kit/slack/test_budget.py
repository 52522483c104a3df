"""The shared budget on PostgreSQL: two processes never take more than Slack gives, and one 429 stops both."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.schema import CreateTable

from dispatch.kit.db import Base, Database, sqlalchemy_url
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import clone_database, drop_database, prepared_database, temporary_cluster
from dispatch.kit.errors import Unavailable
from dispatch.kit.slack.budget import DatabaseBudget, SlackRate
from dispatch.kit.slack.rates import Lane, Limit, MemoryBudget, limits

_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with temporary_cluster(tmp_path_factory.getbasetemp().parent) as running:
        yield running


def _prepare(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        table = CreateTable(Base.metadata.tables[SlackRate.__tablename__]).compile(
            create_engine(sqlalchemy_url(owner_url))
        )
        connection.execute(str(table).encode())
        connection.execute("grant select, insert, update, delete on slack_rate to dispatch_app")


@pytest.fixture
async def databases(cluster: Cluster) -> AsyncIterator[list[Database]]:
    """Two pools, as two processes have them."""
    prepared_database(cluster.owner_url, "slack_budget_template", _prepare)
    name = f"slack_budget_{next(_numbers)}"
    url = clone_database(cluster.owner_url, "slack_budget_template", name)
    both = [Database(url, pool=4) for _ in range(2)]
    yield both
    for each in both:
        await each.close()
    drop_database(cluster.owner_url, name)


def _one(key: str = "A1/T1/users.info", *, size: float = 10, pace: float = 0.001, **more: float) -> Limit:
    return Limit(key, size, pace, left=more.get("left", 0.0), slice=int(more.get("slice", 1)))


async def test_many_at_once_in_two_processes_take_exactly_what_there_is(databases: list[Database]) -> None:
    budgets = [DatabaseBudget(each) for each in databases]
    waits = await asyncio.gather(*(budgets[n % 2].take([_one(size=25, slice=3)]) for n in range(80)))
    assert sum(wait == 0 for wait in waits) == 25
    assert all(wait > 1 for wait in waits if wait)


async def test_a_slice_saves_statements(databases: list[Database]) -> None:
    db, statements = databases[0], 0
    real = db.system

    def counted():  # type: ignore[no-untyped-def]
        nonlocal statements
        statements += 1
        return real()

    db.system = counted  # type: ignore[method-assign]
    budget = DatabaseBudget(db)
    for _ in range(20):
        assert await budget.take([_one(size=100, slice=10)]) == 0
    assert statements == 2


async def test_a_429_in_one_process_stops_the_other(databases: list[Database]) -> None:
    first, second = (DatabaseBudget(each) for each in databases)
    assert await first.take([_one()]) == 0
    await first.block([_one().key], 30)
    assert 29 < await second.take([_one()]) <= 30
    assert 29 < await first.take([_one()]) <= 30
    await second.block([_one().key], 1)
    assert await first.take([_one()]) > 28  # a shorter one does not end the longer


async def test_a_429_before_anybody_took_something_counts_too(databases: list[Database]) -> None:
    first, second = (DatabaseBudget(each) for each in databases)
    await first.block([_one().key], 30)
    assert await second.take([_one()]) > 29


async def test_later_lanes_leave_the_last_part(databases: list[Database]) -> None:
    budget = DatabaseBudget(databases[0])
    taken = []
    for lane in reversed(Lane):
        count = 0
        while await budget.take(limits("A1/T1", "conversations.setTopic", lane=lane)) == 0:
            count += 1
        taken.append(count)
    assert taken == [10, 5, 3, 2]


async def test_what_an_urgent_lane_leased_is_not_spent_by_a_later_one(databases: list[Database]) -> None:
    budget = DatabaseBudget(databases[0])
    assert await budget.take([_one(size=10, slice=10)]) == 0
    assert await budget.take([_one(size=10, slice=10, left=5)]) > 0
    assert await budget.take([_one(size=10, slice=10)]) == 0


async def test_both_limits_or_none(databases: list[Database]) -> None:
    budget = DatabaseBudget(databases[0])
    post = limits("A1/T1", "chat.postMessage", channel="C1", lane=Lane.PEOPLE)
    assert [limit.key for limit in post] == ["A1/T1/chat.postMessage", "A1/T1/chat.postMessage/C1"]
    waits = [await budget.take(post) for _ in range(4)]
    assert waits[:2] == [0, 0] and all(0 < wait <= 1 for wait in waits[2:])
    other = limits("A1/T1", "chat.postMessage", channel="C2", lane=Lane.PEOPLE)
    assert await budget.take(other) == 0
    async with databases[0].system() as t:
        rows = {row.key: row.level for row in await t.execute(text("select key, level from slack_rate"))}
    # Slices of six at a time; the refused calls took nothing.
    assert rows["A1/T1/chat.postMessage"] >= 300 - 6


async def test_tokens_come_back_with_time(databases: list[Database]) -> None:
    budget = DatabaseBudget(databases[0])
    limit = _one(size=1, pace=10)
    assert await budget.take([limit]) == 0
    wait = await budget.take([limit])
    assert 0 < wait <= 0.1
    await asyncio.sleep(wait)
    assert await budget.take([limit]) == 0


async def test_full_buckets_are_forgotten(databases: list[Database]) -> None:
    budget = DatabaseBudget(databases[0])
    await budget.take([_one("old"), _one("new")])
    async with databases[0].system() as t:
        await t.execute(text("update slack_rate set refilled_at = now() - interval '2 hours' where key = 'old'"))
    assert await budget.prune() == 1


async def test_a_database_that_is_away_is_said_to_be_unavailable() -> None:
    nowhere = Path(tempfile.mkdtemp())
    db = Database(f"postgresql://nobody@/nothing?host={nowhere}")
    try:
        with pytest.raises(Unavailable):
            await DatabaseBudget(db).take([_one()])
    finally:
        await db.close()
        shutil.rmtree(nowhere)


async def test_the_budget_in_memory_counts_alike() -> None:
    now = 0.0
    budget = MemoryBudget(lambda: now)
    assert [await budget.take([_one(size=2, pace=1)]) for _ in range(3)] == [0, 0, 1]
    now = 1.0
    assert await budget.take([_one(size=2, pace=1)]) == 0
    await budget.block([_one().key], 5)
    assert await budget.take([_one(size=2, pace=1)]) == 5


def test_the_table_is_known_to_be_global() -> None:
    from dispatch.kit.db import GLOBAL_TABLES

    assert SlackRate.__tablename__ in GLOBAL_TABLES and SlackRate.__tablename__ in Base.metadata.tables
