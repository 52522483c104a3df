"""`dispatch secrets`: the key that seals stored tokens."""

from __future__ import annotations

from typing import Any

import typer

from dispatch.cli.root import database_urls, group, run, show

secrets = group("secrets", "The key that seals stored tokens.")


@secrets.command("generate")
def generate(json: bool = False) -> None:
    """Print a fresh key for DISPATCH_SECRET_KEY."""
    from dispatch.kit.crypto import generate_key

    key = generate_key()
    show({"key": key}, as_json=json, text=key)


@secrets.command("rotate")
def rotate(json: bool = False) -> None:
    """Seal everything stored under the first key of DISPATCH_SECRET_KEY. Safe while Dispatch runs; run it again at will."""
    from dispatch.kit.crypto import Vault
    from dispatch.settings import Settings

    vault = Vault.from_text(Settings().secret_key)
    with database_urls() as (url, _):
        done, in_use = run(_rotate(url, vault))
    failed = [f"{each.table}.{each.column}, {where}: {why}" for each in done for where, why in each.failed]
    current, *older = vault.key_ids
    removable = [key for key in older if not in_use.get(key)]
    left = {key: count for key, count in in_use.items() if key != current}
    lines = [
        *(f"{each.table}.{each.column}: {each.resealed} sealed anew" for each in done),
        f"Sealed under the key {current}: {in_use.get(current, 0)}.",
        *(f"Still under the key {key}: {count}." for key, count in left.items()),
        *(f"Not opened: {line}" for line in failed),
    ]
    if failed:
        lines.append(
            "Put the key that is missing back into DISPATCH_SECRET_KEY, or enter these secrets anew; then run this again."
        )
    if not left and removable:
        lines.append(
            f"Nothing needs {', '.join(removable)} any more. Once every process runs with {current} in front and this "
            "command says so again, take the older key out. Keep it as long as you keep backups made before."
        )
    show(
        {
            "key": current,
            "resealed": {f"{each.table}.{each.column}": each.resealed for each in done},
            "values_by_key": in_use,
            "failed": failed,
            "removable_keys": removable if not left else [],
        },
        as_json=json,
        text="\n".join(lines),
    )
    if failed:
        raise typer.Exit(1)


async def _rotate(url: str, vault: Any) -> tuple[Any, dict[str, int]]:
    from dispatch.kit import sealed
    from dispatch.kit.db import Database
    from dispatch.people.queries import organizations
    from dispatch.schema import metadata

    db = Database(url, pool=2)
    try:
        async with db.system() as t:
            everyone = [each.id for each in await organizations(t)]
        done = await sealed.rotate(db, vault, metadata, everyone)
        return done, await sealed.keys_in_use(db, metadata, everyone)
    finally:
        await db.close()
