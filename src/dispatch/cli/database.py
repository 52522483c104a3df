"""`dispatch database`: create, upgrade, look, back up, restore, stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dispatch.cli.root import database_urls, group, show

if TYPE_CHECKING:
    from dispatch.kit.backup import Manifest
    from dispatch.settings import Settings

commands = group("database", "The database: init, upgrade, status, backup, restore, stop.")

_NOT_INSIDE = "The keys are not in it: without DISPATCH_SECRET_KEY, kept elsewhere, its stored tokens cannot be read."


@commands.command()
def init(json: bool = False) -> None:
    """Create the schema in an empty database; harmless when it exists."""
    _upgrade(json)


@commands.command()
def upgrade(json: bool = False) -> None:
    """Bring the schema to the version of this Dispatch. An embedded database is backed up first."""
    _upgrade(json)


def _upgrade(as_json: bool) -> None:
    from dispatch import migrations
    from dispatch.settings import Settings

    with database_urls() as (url, owner):
        now, head = migrations.versions(owner)
        saved = _save_first(Settings(), owner, "before-upgrade") if now not in (None, head) else None
        migrations.upgrade(owner)
        migrations.let_login_become_app(owner, url)
        now, head = migrations.versions(owner)
    text = f"The database has version {now}."
    if saved:
        text = f"What was there is saved in {saved}.\n{text}"
    show({"version": now, "head": head, "backup": saved}, as_json=as_json, text=text)


@commands.command()
def status(json: bool = False) -> None:
    """Which version the database has, and which this Dispatch needs."""
    from dispatch import migrations

    with database_urls() as (_, owner):
        now, head = migrations.versions(owner)
    word = "is up to date" if now == head else "needs `dispatch database upgrade`"
    show({"version": now, "head": head, "ready": now == head}, as_json=json, text=f"Version {now}: {word}.")


@commands.command()
def backup(file: Path, json: bool = False) -> None:
    """Write everything to FILE while Dispatch runs. The encryption key is not inside: keep it elsewhere."""
    from dispatch.kit.backup import inspect, save
    from dispatch.schema import metadata

    if file.exists():
        inspect(file)  # Only an earlier backup is overwritten, never something else.
    with database_urls() as (_, owner):
        made = save(owner, file, metadata)
    show(
        {"file": str(file), "bytes": file.stat().st_size, **_summary(made)},
        as_json=json,
        text=f"Saved {made.rows} rows of {len(made.tables)} tables in {file}, {file.stat().st_size:,} bytes, "
        f"schema version {made.revision}.\n{_NOT_INSIDE}{_keys_needed(made)}",
    )


@commands.command()
def restore(
    file: Path,
    replace: bool = typer.Option(False, "--replace", help="Drop what is in the database now"),
    json: bool = False,
) -> None:
    """Put a backup into an empty database and bring it to this version. Stop web and workers first."""
    from dispatch import migrations
    from dispatch.kit.backup import inspect, restore
    from dispatch.settings import Settings

    settings = Settings()
    inspect(file)
    with database_urls() as (url, owner):
        now, _ = migrations.versions(owner)
        saved = _save_first(settings, owner, "before-restore") if replace and now else None
        made = restore(owner, file, migrations.migrate_within, replace=replace)
        migrations.let_login_become_app(owner, url)
        now, _ = migrations.versions(owner)
    missing = _keys_missing(made, settings)
    text = (
        f"Restored {made.rows} rows of {len(made.tables)} tables as of {made.made_at}; the schema has version {now}.\n"
        "What happened after that is not known to Dispatch any more: look at what is open before you start the workers, "
        "they go on with every step that was not done then."
    )
    if saved:
        text = f"What was there is saved in {saved}.\n{text}"
    if missing:
        text += f"\nWARNING: stored tokens need the key {', '.join(missing)}, which is not in DISPATCH_SECRET_KEY."
    show(
        {**_summary(made), "version": now, "keys_missing": missing, "backup": saved}, as_json=json, text=text
    )  # fmt: skip


@commands.command()
def stop(
    force: bool = typer.Option(False, help="Also when other processes use it"),
    data: Path | None = None,
    json: bool = False,
) -> None:
    """Stop the embedded server."""
    from dispatch.kit import embedded
    from dispatch.settings import Settings

    place = (data or Settings().data_dir).absolute()
    ran = embedded.stop(place, force=force)
    text = "Stopped." if ran else f"No embedded database runs in {place}."
    show({"data_dir": str(place), "stopped": ran}, as_json=json, text=text)


def _save_first(settings: Settings, owner: str, kind: str) -> str | None:
    """In embedded mode, before what cannot be undone. Another database has backups of its own."""
    from dispatch.kit.backup import KEPT_BEFORE, keep_newest, new_file, save
    from dispatch.schema import metadata

    if settings.database_url:
        return None
    file = new_file(settings.data_dir, kind)
    save(owner, file, metadata)
    keep_newest(settings.data_dir, kind, kept=KEPT_BEFORE)
    return str(file)


def _summary(made: Manifest) -> dict[str, object]:
    return {
        "made_at": made.made_at,
        "revision": made.revision,
        "rows": made.rows,
        "tables": len(made.tables),
        "sealed_with": made.sealed_with,
    }


def _keys_needed(made: Manifest) -> str:
    return f" They are sealed with the key {', '.join(made.sealed_with)}." if made.sealed_with else ""


def _keys_missing(made: Manifest, settings: Settings) -> list[str]:
    from dispatch.kit.crypto import Vault

    have = Vault.from_text(settings.secret_key).key_ids if settings.secret_key else []
    return [key for key in made.sealed_with if key not in have]
