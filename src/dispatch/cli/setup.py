"""`dispatch setup`: how far the set-up is, and the link that begins it."""

from __future__ import annotations

from typing import Any

import typer

from dispatch.cli.root import app, database_urls, run, show


@app.command()
def setup(
    org: str = typer.Argument("", help="Slug of the organization; empty: the first one"),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Say which steps of the set-up are done; for an empty database print the link that begins it."""
    from dispatch.desk.setup import setup as look
    from dispatch.desk.web.first_run import first_link
    from dispatch.kit.db import Database
    from dispatch.kit.signing import Signer
    from dispatch.people import queries
    from dispatch.people.find import organization
    from dispatch.settings import Settings

    settings = Settings().checked()

    async def work(url: str) -> dict[str, Any]:
        db = Database(url)
        try:
            link = await first_link(db, Signer(settings.secret_key), settings.base_url)
            if link:
                return {"link": link, "steps": []}
            async with db.system() as t:
                first = next(iter(await queries.organizations(t, limit=1)), None)
            found = await organization(db, org) if org or first is None else first
            async with db.read(found.id) as t:
                state = await look(t, found)
        finally:
            await db.close()
        page = f"{settings.base_url.rstrip('/')}/{found.slug}/setup"
        steps = [{"step": s.key, "title": s.title, "done": s.done, "says": s.says} for s in state.steps]
        return {"organization": found.slug, "page": page, "complete": state.complete, "steps": steps}

    with database_urls() as (url, _):
        found = run(work(url))
    show(found, as_json=json, text=_text(found))


def _text(found: dict[str, Any]) -> str:
    if found.get("link"):
        return f"Nobody has set this Dispatch up yet. Open this within 24 hours:\n{found['link']}"
    lines = [f"{'done ' if step['done'] else 'open '} {step['title']}: {step['says']}" for step in found["steps"]]
    return "\n".join([*lines, "Everything is set up." if found["complete"] else f"Go on at {found['page']}"])
