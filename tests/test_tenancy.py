"""Organizations are kept apart by the database itself."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dispatch.kit import db as kit_db
from dispatch.kit.db import GLOBAL_TABLES, Database, OrgId
from dispatch.kit.embedded import Cluster
from dispatch.kit.errors import SetupError
from dispatch.people.actions import create_organization, person_for
from dispatch.schema import metadata


@pytest.fixture
async def db(database: str):  # type: ignore[no-untyped-def]
    made = Database(database)
    yield made
    await made.close()


async def test_every_tenant_table_forces_row_level_security(db: Database) -> None:
    async with db.system() as t:
        rows = await t.execute(
            text(
                "select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced,"
                " exists (select from pg_policy p where p.polrelid = c.oid) as has_policy"
                " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = 'public' and c.relkind in ('r', 'p')"
            )
        )
        found = {name: forced and has_policy for name, forced, has_policy in rows}
    unprotected = {name for name, safe in found.items() if not safe}
    assert unprotected == set(GLOBAL_TABLES) & set(found)
    assert set(metadata.tables) - set(found) == set()


async def two(db: Database) -> tuple[OrgId, OrgId]:
    async with db.system() as t:
        one = await create_organization(t, "one")
        other = await create_organization(t, "other")
    async with db.tx(one.id) as t:
        await person_for(t, "ada@example.com", name="Ada of one")
    return one.id, other.id


async def test_another_organization_sees_and_touches_nothing(db: Database) -> None:
    one, other = await two(db)
    async with db.tx(other) as t:
        assert (await t.execute(text("select count(*) from person"))).scalar() == 0
        assert (await t.execute(text("update person set name = 'x' returning id"))).all() == []
    async with db.system() as t:
        assert (await t.execute(text("select count(*) from person"))).scalar() == 0
    async with db.read(one) as t:
        assert (await t.execute(text("select count(*) from person"))).scalar() == 1


async def test_a_row_for_another_organization_cannot_be_written(db: Database) -> None:
    one, other = await two(db)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.tx(other) as t:
            await t.execute(
                text("insert into rotation (org_id, project_id, name, starts_at, shift_hours, members)"
                     " values (:one, 1, 'x', now(), 1, '[]')"),
                {"one": one},
            )  # fmt: skip


async def test_a_reading_transaction_cannot_write(db: Database) -> None:
    one, _ = await two(db)
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.read(one) as t:
            await t.execute(text("update person set name = 'x'"))


async def test_the_start_refuses_a_role_that_owns_a_table(cluster: Cluster, database: str) -> None:
    made = Database(database)
    await made.refuse_unsafe_role()
    name = database.split("@/")[1].split("?")[0]
    with psycopg.connect(cluster.superuser_url, dbname=name, autocommit=True) as superuser:
        superuser.execute("alter table tag owner to dispatch_app")
    with pytest.raises(SetupError, match="must not own tables"):
        await made.refuse_unsafe_role()
    await made.close()


async def test_a_connection_that_died_in_the_pool_costs_nobody_a_request(db: Database, cluster: Cluster) -> None:
    one, _ = await two(db)

    async def several() -> None:
        async with db.tx(one), db.read(one), db.system() as t:
            await t.execute(text("select 1"))

    await several()
    with psycopg.connect(cluster.superuser_url, autocommit=True) as superuser:
        superuser.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
            [db.url.split("@/")[1].split("?")[0]],
        )
    await several()


async def test_what_a_session_set_does_not_reach_the_next_one(db: Database) -> None:
    one, _ = await two(db)
    async with db.tx(one) as t:
        await t.execute(text("set application_name = 'left behind'"))
        await t.execute(text("set role none"))
    for _ in range(3):
        async with db.read(one) as t:
            row = (
                await t.execute(
                    text("select current_setting('application_name'), current_user, current_setting('app.org_id')")
                )
            ).one()
            assert tuple(row) == ("", "dispatch_app", str(one))
    async with db.system() as t:
        assert (await t.execute(text("select current_setting('app.org_id')"))).scalar() == ""


async def test_an_exception_undoes_what_was_written(db: Database) -> None:
    one, _ = await two(db)
    with pytest.raises(ZeroDivisionError):
        async with db.tx(one) as t:
            await person_for(t, "bo@example.com", name="Bo")
            await t.flush()
            _ = 1 / 0
    async with db.read(one) as t:
        assert (await t.execute(text("select count(*) from person"))).scalar() == 1


async def test_a_database_without_our_role_says_what_to_run(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.kit.db._BEGIN", kit_db._BEGIN.replace("dispatch_app", "nobody_here"))
    with pytest.raises(SetupError, match="dispatch database init"):
        await db.refuse_unsafe_role()
