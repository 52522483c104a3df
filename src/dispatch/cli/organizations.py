"""`dispatch organizations | projects | users | tokens | explain`."""

from __future__ import annotations

import typer

from dispatch.cli.root import app, database_urls, group, run, show

organizations = group("organizations", "Tenants.")
projects = group("projects", "Parts of an organization.")
users = group("users", "People who sign in.")
tokens = group("tokens", "Keys for machines.")


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


@users.command("create")
def create_user(
    org: str = typer.Option(...),
    email: str = typer.Option(...),
    name: str = typer.Option(...),
    role: str = typer.Option("member", help="owner, manager, admin or member"),
    json: bool = False,
) -> None:
    """Create a member and print a link that signs them in once."""
    from dispatch.kit.db import Database
    from dispatch.people import actions
    from dispatch.people.find import organization
    from dispatch.settings import Settings

    async def work() -> str:
        db = Database(url)
        found = await organization(db, org)
        async with db.system() as t:
            account = await actions.account_for(t, email)
            token = await actions.one_time_link(t, account)
        async with db.tx(found.id) as t:
            person = await actions.person_for(t, email, name=name)
            await actions.add_member(t, account_id=account, person_id=person.id, role=role)
        await db.close()
        return f"{Settings().base_url.rstrip('/')}/sign-in?token={token}"

    with database_urls() as (url, _):
        link = run(work())
    show({"email": email, "link": link}, as_json=json, text=f"Created. Sign in once, within 24 hours: {link}")


@users.command("link")
def link(email: str, json: bool = False) -> None:
    """Print a link that signs an existing person in once."""
    from dispatch.kit.db import Database
    from dispatch.people import actions
    from dispatch.settings import Settings

    async def work() -> str:
        db = Database(url)
        async with db.system() as t:
            token = await actions.one_time_link(t, await actions.account_for(t, email))
        await db.close()
        return f"{Settings().base_url.rstrip('/')}/sign-in?token={token}"

    with database_urls() as (url, _):
        made = run(work())
    show({"email": email, "link": made}, as_json=json, text=made)


@users.command("list")
def list_users(org: str = typer.Option(...), json: bool = False) -> None:
    """Members of an organization."""
    from sqlalchemy import select

    from dispatch.kit.db import Database
    from dispatch.people.find import organization
    from dispatch.people.models import Membership, Person

    async def work() -> list[tuple[str, str, str]]:
        db = Database(url)
        found = await organization(db, org)
        async with db.read(found.id) as t:
            rows = await t.execute(
                select(Person.email, Person.name, Membership.role)
                .join(Membership, (Membership.org_id == Person.org_id) & (Membership.person_id == Person.id))
                .where(Person.org_id == t.org)
                .order_by(Person.name)
            )
            made = [(r[0], r[1], r[2]) for r in rows]
        await db.close()
        return made

    with database_urls() as (url, _):
        rows = run(work())
    show(
        {"items": [{"email": e, "name": n, "role": r} for e, n, r in rows]},
        as_json=json,
        text="\n".join(f"{r:8} {n} <{e}>" for e, n, r in rows) or "Nobody yet.",
    )


@tokens.command("create")
def create_token(org: str = typer.Option(...), role: str = typer.Option("member")) -> None:
    """Create an API token and print it; it is not shown again."""
    from dispatch.kit.db import Database
    from dispatch.people import actions
    from dispatch.people.find import organization

    async def work() -> str:
        db = Database(url)
        found = await organization(db, org)
        async with db.system() as t:
            token = await actions.create_api_token(t, found.id, role=role)
        await db.close()
        return token

    with database_urls() as (url, _):
        print(run(work()))


@app.command()
def explain(fact: str = typer.Argument("", help="Name of a fact; empty lists all")) -> None:
    """Who reacts to a fact, and what it says in the timeline."""
    import dispatch.app  # noqa: F401 - registers everything
    from dispatch.kit.errors import NotFound
    from dispatch.kit.events import fact_named, facts, reactions_to

    if not fact:
        for each in facts():
            print(f"{each.name:32} {each.says}")
        return
    found = fact_named(fact) or next((f for f in facts() if f.__name__ == fact), None)
    if found is None:
        raise NotFound(f'There is no fact "{fact}". `dispatch explain` lists all.')
    print(f"{found.name}: {found.says}")
    for reaction in reactions_to(found):
        print(f"  starts {reaction.name}")
        for step in getattr(reaction, "steps", ()):
            after = f" after {', '.join(step.after)}" if step.after else ""
            print(f"    {step.name:12} {step.title}{after} ({step.delivery})")
