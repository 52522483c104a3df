"""`dispatch plugins`: list, show, configure."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import Any

import typer

from dispatch.cli.root import database_urls, group, run, show

commands = group("plugins", "Plugins of a project.")


@commands.command("list")
def list_plugins(org: str, project: str, json: bool = False) -> None:
    """Installed plugins, and which are enabled here."""
    from dispatch.kit.db import Database
    from dispatch.people.find import organization
    from dispatch.plugins import discover
    from dispatch.projects import queries

    async def work() -> set[str]:
        db = Database(url)
        found = await organization(db, org)
        async with db.read(found.id) as t:
            enabled = {i.slug for i in await queries.instances(t, (await queries.project(t, project)).id)}
        await db.close()
        return enabled

    with database_urls() as (url, _):
        enabled = run(work())
    known = discover()
    show(
        {"items": [{"slug": p.slug, "title": p.title, "kind": p.kind, "enabled": p.slug in enabled} for p in known.values()]},
        as_json=json,
        text="\n".join(f"{'on ' if p.slug in enabled else 'off'} {p.slug:22} {p.title}" for p in known.values()),
    )


@commands.command()
def configure(
    org: str,
    project: str,
    plugin: str,
    set_: list[str] = typer.Option([], "--set", help="key=value, several times"),
    from_json: str = typer.Option("", help="A file with an object of settings, or - for standard input"),
    enable: bool | None = typer.Option(None, "--enable/--disable"),
    json: bool = False,
) -> None:
    """Change exactly the given settings; secrets not given stay as they are."""
    from dispatch.kit.crypto import Vault
    from dispatch.kit.db import Database
    from dispatch.kit.errors import NotFound
    from dispatch.people.find import organization
    from dispatch.plugins import discover
    from dispatch.projects import queries
    from dispatch.projects.plugin_actions import configure_plugin
    from dispatch.settings import Settings

    values: dict[str, Any] = {}
    if from_json:
        values |= jsonlib.loads(sys.stdin.read() if from_json == "-" else Path(from_json).read_text())
    for pair in set_:
        key, sign, value = pair.partition("=")
        if not sign:
            raise typer.BadParameter(f"{pair!r} is not key=value")
        values[key] = value
    known = discover()
    if plugin not in known:
        raise NotFound(f'There is no plugin "{plugin}". There are: {", ".join(known)}.')

    async def work() -> int:
        db = Database(url)
        found = await organization(db, org)
        async with db.tx(found.id) as t:
            instance = await configure_plugin(
                t,
                await queries.project(t, project),
                known[plugin],
                values,
                vault=Vault.from_text(Settings().secret_key),
                enabled=enable,
            )
            version = instance.version
        await db.close()
        return version

    with database_urls() as (url, _):
        version = run(work())
    show({"plugin": plugin, "version": version}, as_json=json, text=f"Saved {plugin} (version {version}).")
