"""`dispatch organizations | projects | explain`."""

from __future__ import annotations

from typing import Any

import typer

from dispatch.cli.root import app, database_urls, group, run, show

organizations = group("organizations", "Tenants.")
projects = group("projects", "Parts of an organization.")


@organizations.command("create")
def create_organization(slug: str, name: str = "", json: bool = False) -> None:
    """Create an organization."""
    from dispatch.kit.db import Database
    from dispatch.people import actions

    async def work() -> int:
        db = Database(url)
        async with db.system() as t:
            made = await actions.create_organization(t, slug, name=name)
        await db.close()
        return made.id

    with database_urls() as (url, _):
        made = run(work())
    show({"id": made, "slug": slug}, as_json=json, text=f'Created the organization "{slug}".')


@projects.command("create")
def create_project(org: str, slug: str, name: str = "", json: bool = False) -> None:
    """Create a project with the usual severities and priorities."""
    from dispatch.kit.db import Database
    from dispatch.people.actions import checked_slug
    from dispatch.people.find import organization
    from dispatch.projects import actions

    async def work() -> int:
        db = Database(url)
        found = await organization(db, org)
        async with db.tx(found.id) as t:
            made = await actions.create_project(t, checked_slug(slug), name=name)
        await db.close()
        return made.id

    with database_urls() as (url, _):
        made = run(work())
    show({"id": made, "slug": slug}, as_json=json, text=f'Created the project "{slug}".')


@projects.command("admins")
def project_admins(
    org: str, project: str,
    give: list[str] = typer.Option([], help="E-mail of a member who runs the project from now on"),
    take: list[str] = typer.Option([], help="E-mail of a member who does no longer"),
    json: bool = False,
) -> None:  # fmt: skip
    """Who runs a project; gives and takes the role."""
    from dispatch.kit.db import Database
    from dispatch.people import project_admins as people
    from dispatch.people.find import organization
    from dispatch.projects.rows_api import project_named

    async def work() -> list[dict[str, str]]:
        db = Database(url)
        found = await organization(db, org)
        async with db.tx(found.id) as t:
            there = await project_named(t, project)
            for email in give:
                await people.give(t, there, email, viewer=None, by=None)
            for email in take:
                await people.take(t, there, email, viewer=None, by=None)
            rows = await people.admins_of(t, there.id)
        await db.close()
        return [{"email": each.person.email, "name": each.person.name, "role": each.role} for each in rows]

    with database_urls() as (url, _):
        rows = run(work())
    text = "\n".join(f"{row['email']:40} {row['role']:8} {row['name']}" for row in rows)
    show(
        {"admins": rows},
        as_json=json,
        text=text or f'Nobody is project admin of "{project}". Admins of the organization run it.',
    )


@app.command()
def explain(fact: str = typer.Argument("", help="Name of a fact; empty lists all"), json: bool = False) -> None:
    """Who reacts to a fact, and what it says in the timeline."""
    import dispatch.app  # noqa: F401 - registers everything
    from dispatch.kit.errors import NotFound
    from dispatch.kit.events import fact_named, facts, reactions_to

    if not fact:
        every = [{"name": each.name, "says": each.says} for each in facts()]
        show({"facts": every}, as_json=json, text="\n".join(f"{each['name']:32} {each['says']}" for each in every))
        return
    found = fact_named(fact) or next((f for f in facts() if f.__name__ == fact), None)
    if found is None:
        raise NotFound(f'There is no fact "{fact}". `dispatch explain` lists all.')
    starts: list[dict[str, Any]] = []
    lines = [f"{found.name}: {found.says}"]
    for reaction in reactions_to(found):
        lines.append(f"  starts {reaction.name}")
        steps = []
        for step in getattr(reaction, "steps", ()):
            after = f" after {', '.join(step.after)}" if step.after else ""
            lines.append(f"    {step.name:12} {step.title}{after} ({step.delivery})")
            steps.append({"name": step.name, "title": step.title, "after": list(step.after), "delivery": step.delivery})
        starts.append({"name": reaction.name, "steps": steps})
    show({"name": found.name, "says": found.says, "starts": starts}, as_json=json, text="\n".join(lines))
