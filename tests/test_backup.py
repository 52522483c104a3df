"""A backup brings everything back, in any state of the work, and never half."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, text

from dispatch import migrations
from dispatch.desk import sample
from dispatch.kit import clock
from dispatch.kit.backup import Damaged, NotEmpty, due, inspect, nightly, restore, save, state
from dispatch.kit.backup.nightly import KEPT
from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.db import Database, libpq_url, sqlalchemy_url
from dispatch.kit.embedded import Cluster
from dispatch.kit.embedded.testing import database_url, drop_database
from dispatch.kit.errors import SetupError
from dispatch.people.actions import create_organization, person_for
from dispatch.plugins import discover
from dispatch.schema import metadata


@pytest.fixture
def owner(cluster: Cluster, database: str) -> str:
    """The owner's URL of the test's database."""
    return database.replace("//dispatch_app@", "//dispatch_owner@")


@pytest.fixture
def empty(cluster: Cluster):  # type: ignore[no-untyped-def]
    """A database without any table, of an owner who is no superuser."""
    name = f"t_{uuid4().hex[:12]}"
    with psycopg.connect(database_url(cluster.owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield database_url(cluster.owner_url, name)
    drop_database(cluster.owner_url, name)


async def two_organizations(url: str) -> None:
    db = Database(url)
    await sample.fill(db)
    installed = {
        "bot_token": "xoxb-1-1", "signing_secret": "0" * 32, "bot_user_id": "U0BOT", "app_id": "A0DISPATCH", "team_id": "T0DEMO",
    }  # fmt: skip
    await sample.connect_slack(db, Vault.from_text(generate_key()), dict(discover()), installed)
    async with db.system() as t:
        made = [(await create_organization(t, slug)).id for slug in ("one", "other")]
    for org in made:
        async with db.tx(org) as t:
            await person_for(t, "ada@example.com", name="Ada \\ Lovelace\n\tof Ω")
    await db.close()


def everything(owner_url: str, superuser_url: str) -> dict[str, list[str]]:
    """Every row of every table as text, seen past row-level security."""
    name = database_name(owner_url)
    with psycopg.connect(superuser_url, dbname=name) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'jobs')"
        ).fetchall()
        return {
            table: sorted(row[0] for row in connection.execute(f"select t::text from {table} t")) for (table,) in tables
        }


def database_name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0] if "@/" not in url else url.split("@/")[1].split("?")[0]


async def test_a_restored_database_is_the_same_row_by_row(
    database: str, owner: str, empty: str, cluster: Cluster, tmp_path: Path
) -> None:
    await two_organizations(database)
    before = everything(owner, cluster.superuser_url)
    made = save(owner, tmp_path / "b.zip", metadata)
    assert made.rows == sum(len(rows) for table, rows in before.items() if table != "public.alembic_version")

    restore(empty, tmp_path / "b.zip", migrations.migrate_within)

    assert everything(empty, cluster.superuser_url) == before
    assert migrations.versions(empty)[0] == migrations.versions(empty)[1]
    migrations.check(empty)


async def test_a_restored_database_keeps_organizations_apart_and_gives_no_number_twice(
    database: str, owner: str, empty: str, tmp_path: Path
) -> None:
    await two_organizations(database)
    save(owner, tmp_path / "b.zip", metadata)
    restore(empty, tmp_path / "b.zip", migrations.migrate_within)
    db = Database(empty.replace("//dispatch_owner@", "//dispatch_app@"))
    await db.refuse_unsafe_role()
    async with db.system() as t:
        assert (await t.execute(text("select count(*) from person"))).scalar() == 0
        before = (await t.execute(text("select max(id) from organization"))).scalar()
        third = await create_organization(t, "third")
    assert third.id == (before or 0) + 1
    async with db.system() as t:
        forced = (
            await t.execute(
                text("select bool_and(relforcerowsecurity) from pg_class where relname in ('person', 'event')")
            )
        ).scalar()
    assert forced
    await db.close()


async def test_a_superuser_saves_each_row_once(database: str, owner: str, cluster: Cluster, tmp_path: Path) -> None:
    await two_organizations(database)
    by_owner = save(owner, tmp_path / "a.zip", metadata)
    superuser = database_url(cluster.superuser_url, database_name(owner))
    by_superuser = save(superuser, tmp_path / "b.zip", metadata)
    assert {t.member: (t.rows, t.sha256) for t in by_owner.tables} == {
        t.member: (t.rows, t.sha256) for t in by_superuser.tables
    }


async def test_the_database_must_be_empty_or_replace_said(
    database: str, owner: str, cluster: Cluster, tmp_path: Path
) -> None:
    await two_organizations(database)
    save(owner, tmp_path / "b.zip", metadata)
    before = everything(owner, cluster.superuser_url)
    db = Database(database)
    async with db.system() as t:
        await create_organization(t, "later")
    await db.close()
    with pytest.raises(NotEmpty, match="--replace"):
        restore(owner, tmp_path / "b.zip", migrations.migrate_within)
    restore(owner, tmp_path / "b.zip", migrations.migrate_within, replace=True)
    assert everything(owner, cluster.superuser_url) == before


async def test_a_restore_that_fails_leaves_what_was_there(
    database: str, owner: str, cluster: Cluster, tmp_path: Path
) -> None:
    await two_organizations(database)
    save(owner, tmp_path / "b.zip", metadata)
    before = everything(owner, cluster.superuser_url)

    def fails_at_the_end(connection, revision):  # type: ignore[no-untyped-def]
        migrations.migrate_within(connection, revision)
        if revision == "head":
            raise SetupError("no")

    with pytest.raises(SetupError, match="no"):
        restore(owner, tmp_path / "b.zip", fails_at_the_end, replace=True)
    assert everything(owner, cluster.superuser_url) == before


async def test_a_database_somebody_uses_is_not_replaced(database: str, owner: str, tmp_path: Path) -> None:
    await two_organizations(database)
    save(owner, tmp_path / "b.zip", metadata)
    with psycopg.connect(libpq_url(database)), pytest.raises(SetupError, match="Stop web and workers first"):
        restore(owner, tmp_path / "b.zip", migrations.migrate_within, replace=True)


def test_tables_of_another_program_are_left_alone(empty: str, owner: str, tmp_path: Path) -> None:
    save(owner, tmp_path / "b.zip", metadata)
    with psycopg.connect(libpq_url(empty), autocommit=True) as connection:
        connection.execute("create table stranger (id int)")
    with pytest.raises(NotEmpty, match="not Dispatch's"):
        restore(empty, tmp_path / "b.zip", migrations.migrate_within, replace=True)


@pytest.mark.parametrize("harm", ["cut off", "changed", "no manifest", "something else"])
async def test_a_damaged_file_is_found_before_anything_is_touched(
    harm: str, database: str, owner: str, tmp_path: Path
) -> None:
    await two_organizations(database)
    file = tmp_path / "b.zip"
    save(owner, file, metadata)
    if harm == "cut off":
        file.write_bytes(file.read_bytes()[:-200])
    elif harm == "something else":
        file.write_text("not a backup")
    else:
        with zipfile.ZipFile(file) as whole:
            members = {name: whole.read(name) for name in whole.namelist()}
        if harm == "changed":
            members["public/person.copy"] = members["public/person.copy"].replace(b"Ada", b"Eve")
        else:
            del members["manifest.json"]
        with zipfile.ZipFile(file, "w") as other:
            for name, data in members.items():
                other.writestr(name, data)
    with pytest.raises(Damaged):
        restore(owner, file, migrations.migrate_within, replace=True)


def test_a_backup_of_a_newer_dispatch_says_so(empty: str, owner: str, tmp_path: Path) -> None:
    engine = create_engine(sqlalchemy_url(owner))
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'from_the_future'"))
    engine.dispose()
    save(owner, tmp_path / "b.zip", metadata)
    with pytest.raises(SetupError, match="newer"):
        restore(empty, tmp_path / "b.zip", migrations.migrate_within)


def test_the_file_is_ours_alone_and_a_failed_one_leaves_nothing(empty: str, owner: str, tmp_path: Path) -> None:
    save(owner, tmp_path / "b.zip", metadata)
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupError, match="nothing to back up"):
        save(empty, tmp_path / "c.zip", metadata)
    assert [each.name for each in tmp_path.iterdir()] == ["b.zip"]


async def test_one_a_night_seven_kept_a_missed_one_made_up_for(owner: str, tmp_path: Path) -> None:
    clock.move(timedelta(0))
    try:
        for night in range(KEPT + 3):
            clock.move(timedelta(days=night))
            assert due(tmp_path)
            await nightly(owner, tmp_path, metadata)
            assert not due(tmp_path)
            await nightly(owner, tmp_path, metadata)
    finally:
        clock.move(timedelta(0))
    files = sorted((tmp_path / "backups").glob("nightly-*.zip"))
    assert len(files) == KEPT
    for file in files:
        inspect(file)


async def test_a_failed_night_is_said_until_one_works(owner: str, empty: str, tmp_path: Path) -> None:
    await nightly(empty, tmp_path, metadata)
    known = state(tmp_path)
    assert "nothing to back up" in known.error
    assert not known.well
    assert not due(tmp_path), "not at once again"
    clock.move(timedelta(hours=1))
    try:
        assert due(tmp_path)
        await nightly(owner, tmp_path, metadata)
    finally:
        clock.move(timedelta(0))
    assert state(tmp_path).error == ""
    assert state(tmp_path).well
