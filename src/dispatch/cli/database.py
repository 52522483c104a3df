"""`dispatch database`: create, upgrade, look, stop."""

from __future__ import annotations

from pathlib import Path

import typer

from dispatch.cli.root import database_urls, group, show

commands = group("database", "The database: init, upgrade, status, stop.")


@commands.command()
def init(json: bool = False) -> None:
    """Create the schema in an empty database; harmless when it exists."""
    _upgrade(json)


@commands.command()
def upgrade(json: bool = False) -> None:
    """Bring the schema to the version of this Dispatch."""
    _upgrade(json)


def _upgrade(as_json: bool) -> None:
    from dispatch import migrations

    with database_urls() as (url, owner):
        migrations.upgrade(owner)
        migrations.let_login_become_app(owner, url)
        now, head = migrations.versions(owner)
    show({"version": now, "head": head}, as_json=as_json, text=f"The database has version {now}.")


@commands.command()
def status(json: bool = False) -> None:
    """Which version the database has, and which this Dispatch needs."""
    from dispatch import migrations

    with database_urls() as (_, owner):
        now, head = migrations.versions(owner)
    word = "is up to date" if now == head else "needs `dispatch database upgrade`"
    show({"version": now, "head": head, "ready": now == head}, as_json=json, text=f"Version {now}: {word}.")


@commands.command()
def stop(force: bool = typer.Option(False, help="Also when other processes use it"), data: Path | None = None) -> None:
    """Stop the embedded server."""
    from dispatch.kit import embedded
    from dispatch.settings import Settings

    embedded.stop((data or Settings().data_dir).absolute(), force=force)
    print("Stopped.")
