"""What is stored encrypted is known to the rotation of the key, and survives it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import LargeBinary, select, text, update

from dispatch.desk import sample
from dispatch.kit.crypto import CannotDecrypt, Vault, generate_key
from dispatch.kit.db import Database, OrgId
from dispatch.kit.sealed import Sealed, keys_in_use, rotate, sealed_columns
from dispatch.people.queries import organizations
from dispatch.plugins import discover
from dispatch.projects.models import PluginInstance
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.providers import secret_context
from dispatch.projects.queries import project
from dispatch.schema import metadata

OLD, NEW = generate_key(), generate_key()


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    made = Database(database)
    yield made
    await made.close()


async def fill(db: Database) -> list[OrgId]:
    await sample.fill(db)
    async with db.system() as t:
        everyone = [each.id for each in await organizations(t)]
    plugins = discover()
    for org in everyone:
        async with db.tx(org) as t:
            place = await project(t, None)
            required = {
                "smtp": {"host": "mail.example.com", "sender": "a@example.com", "username": "a"},
                "webhook": {"url": "https://example.com/"},
            }
            for slug, secret in (("smtp", "password"), ("webhook", "signing_secret")):
                await configure_plugin(
                    t,
                    place,
                    plugins[slug],
                    {**required[slug], secret: f"secret of {slug}, long"},
                    vault=Vault.from_text(OLD),
                )
    return everyone


def test_every_column_of_bytes_is_sealed_or_known_to_be_a_hash() -> None:
    # What a program asked, as a digest: see kit.web.idempotency.
    digests = {"idempotency_key.asked"}
    plain = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        # A hash of a random token is neither a secret nor sealed.
        if isinstance(column.type, LargeBinary)
        and not isinstance(column.type, Sealed)
        and not column.name.endswith("_hash")
    }
    assert plain == digests, "declare what you seal as kit.sealed.Sealed, or the rotation of the key will lose it"
    assert "plugin_instance.secrets" in {f"{table.name}.{column.name}" for table, column, _ in sealed_columns(metadata)}


def test_a_context_names_columns_of_its_own_row() -> None:
    for table, column, kind in sealed_columns(metadata):
        assert kind.needs, f"{table.name}.{column.name} is bound to nothing: it would open in any row"
        assert set(kind.needs) <= set(table.columns.keys())


async def test_a_rotation_leaves_nothing_under_the_old_key_and_every_secret_as_it_was(db: Database) -> None:
    everyone = await fill(db)
    old, both, new = Vault.from_text(OLD), Vault.from_text(f"{NEW},{OLD}"), Vault.from_text(NEW)
    stored = sum((await keys_in_use(db, metadata, everyone)).values())
    assert await keys_in_use(db, metadata, everyone) == {old.key_ids[0]: stored}
    assert stored >= 2

    done = await rotate(db, both, metadata, everyone, batch=1)

    assert sum(each.resealed for each in done) == stored
    assert await keys_in_use(db, metadata, everyone) == {new.key_ids[0]: stored}
    async with db.read(everyone[0]) as t:
        smtp = (await t.scalars(select(PluginInstance).where(PluginInstance.slug == "smtp"))).one()
    context = secret_context(everyone[0], smtp.project_id, "smtp")
    assert b"secret of smtp" in new.open(smtp.secrets, context=context)
    with pytest.raises(CannotDecrypt):
        old.open(smtp.secrets, context=context)
    assert sum(each.resealed for each in await rotate(db, both, metadata, everyone)) == 0


async def test_what_does_not_open_is_named_and_stops_nothing_else(db: Database) -> None:
    everyone = await fill(db)
    both = Vault.from_text(f"{NEW},{OLD}")
    foreign = Vault.from_text(generate_key())
    async with db.tx(everyone[0]) as t:
        await t.execute(
            update(PluginInstance)
            .where(PluginInstance.org_id == everyone[0], PluginInstance.slug == "webhook")
            .values(secrets=foreign.seal(b"{}", context=b"elsewhere"))
        )
    done = await rotate(db, both, metadata, everyone)
    plugins = next(each for each in done if each.table == "plugin_instance")
    assert [why for _, why in plugins.failed if foreign.key_ids[0] in why]
    left = await keys_in_use(db, metadata, everyone)
    assert left.pop(foreign.key_ids[0]) == 1
    assert set(left) == {both.key_ids[0]}


async def test_a_value_moved_to_another_row_is_not_sealed_as_if_it_belonged_there(db: Database) -> None:
    everyone = await fill(db)
    async with db.tx(everyone[0]) as t:
        await t.execute(
            text(
                "update plugin_instance set secrets = (select secrets from plugin_instance where slug = 'smtp')"
                " where slug = 'webhook'"
            )
        )
    done = await rotate(db, Vault.from_text(f"{NEW},{OLD}"), metadata, everyone)
    failed = [why for each in done for _, why in each.failed]
    assert len(failed) == 1
    assert "belongs to something else" in failed[0]
