"""`dispatch users | tokens`: who signs in, and what programs sign in with."""

from __future__ import annotations

import sys
from typing import Any, Literal

import typer

from dispatch.cli.root import database_urls, group, run, show

users = group("users", "People who sign in.")
tokens = group("tokens", "API tokens of programs.")
Role = Literal["owner", "manager", "admin", "member"]


@users.command("create")
def create_user(
    org: str = typer.Option(..., help="Slug of the organization"),
    email: str = typer.Option(...),
    name: str = typer.Option(...),
    role: Role = typer.Option("member"),
    password_stdin: bool = typer.Option(
        False, "--password-stdin", help="Set the password that comes in on standard input"
    ),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Make somebody a member and print a link that signs them in once; with a password, no link.

    For a member it changes the role. The link and the password open every organization the person belongs to.
    """
    from dispatch.kit.db import Database
    from dispatch.people import membership, passwords
    from dispatch.people.find import organization
    from dispatch.people.sessions import one_time_link
    from dispatch.settings import Settings

    # Before anything is written: a link without a host would be of no use, and a new one voids it.
    address = "" if password_stdin else Settings().address
    given = passwords.checked(_one_line(), email=email) if password_stdin else ""

    async def work() -> str:
        db = Database(url)
        found = await organization(db, org)
        hashed = await passwords.hashed(given) if given else ""
        async with db.tx(found.id) as t:
            made = await membership.admit(t, email=email, name=name, role=role)
            if hashed:
                await passwords.set_password(t, made.account_id, hashed, org=None)
            token = "" if hashed else await one_time_link(t, made.account_id)
        await db.close()
        return token

    with database_urls() as (url, _):
        token = run(work())
    link = _link(address, token) if token else None
    text = f"Created. Sign in once, within 24 hours: {link}" if link else "Created. They sign in with the password."
    show({"email": email.strip().lower(), "role": role, "link": link}, as_json=json, text=text)


@users.command("link")
def link(
    email: str,
    org: str = typer.Option("", help="Open only this organization; all of the person's when left out"),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Print a link that signs an existing person in once, within 24 hours."""
    from dispatch.kit.db import Database
    from dispatch.kit.errors import NotFound
    from dispatch.people import queries
    from dispatch.people.find import organization
    from dispatch.people.sessions import one_time_link
    from dispatch.settings import Settings

    address = Settings().address

    async def work() -> str:
        db = Database(url)
        only = (await organization(db, org)).id if org else None
        async with db.system() as t:
            account = await queries.account_of_email(t, email)
            theirs = [o.id for o in await queries.organizations_of(t, account)] if account is not None else []
            if account is None or (only is not None and only not in theirs):
                raise NotFound(f"Nobody here signs in as {email}. `dispatch users list --org ...` shows who does.")
            token = await one_time_link(t, account, org=only)
        await db.close()
        return token

    with database_urls() as (url, _):
        made = _link(address, run(work()))
    show({"email": email.strip().lower(), "link": made}, as_json=json, text=made)


@users.command("list")
def list_users(
    org: str = typer.Option(..., help="Slug of the organization"), json: bool = typer.Option(False, "--json")
) -> None:
    """Members of an organization."""
    from dispatch.kit.db import Database
    from dispatch.people import membership
    from dispatch.people.find import organization

    async def work() -> list[dict[str, Any]]:
        db = Database(url)
        found = await organization(db, org)
        rows: list[membership.Member] = []
        async with db.read(found.id) as t:
            page = 1
            while batch := (await membership.members(t, page=page, size=500)).items:
                rows += batch
                page += 1
        await db.close()
        return [{"email": m.person.email, "name": m.person.name, "role": m.role} for m in rows]

    with database_urls() as (url, _):
        found = run(work())
    lines = [f"{row['role']:8} {row['name']} <{row['email']}>" for row in found]
    show({"items": found}, as_json=json, text="\n".join(lines) or "Nobody yet.")


@tokens.command("create")
def create_token(
    name: str = typer.Argument("", help="The program it is for; made up when left out"),
    org: str = typer.Option(..., help="Slug of the organization"),
    role: Role = typer.Option("member"),
    days: int = typer.Option(0, min=0, max=3650, help="Days it works; 0: until it is revoked"),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Create an API token and print it, and nothing else; it is not shown again."""
    from datetime import timedelta
    from secrets import token_hex

    from dispatch.kit import clock
    from dispatch.kit.db import Database
    from dispatch.people import machines
    from dispatch.people.find import organization

    called = name or f"Command line {clock.now():%Y-%m-%d} {token_hex(2)}"

    async def work() -> tuple[int, str]:
        db = Database(url)
        found = await organization(db, org)
        expires = clock.now() + timedelta(days=days) if days else None
        async with db.tx(found.id) as t:
            made = await machines.create_token(t, name=called, role=role, expires_at=expires)
        await db.close()
        return made

    with database_urls() as (url, _):
        machine, token = run(work())
    show({"id": machine, "name": called, "role": role, "token": token}, as_json=json, text=token)


@tokens.command("list")
def list_tokens(
    org: str = typer.Option(..., help="Slug of the organization"), json: bool = typer.Option(False, "--json")
) -> None:
    """Tokens of an organization: who they are for, and when they were last used."""
    from dispatch.kit.db import Database
    from dispatch.people import machines
    from dispatch.people.find import organization

    async def work() -> list[dict[str, Any]]:
        db = Database(url)
        found = await organization(db, org)
        async with db.read(found.id) as t:
            rows = await machines.machines(t)
        await db.close()
        return [
            {
                "id": row.machine.id, "name": row.machine.name, "role": row.role, "state": row.state,
                "last_used_at": row.machine.last_used_at, "expires_at": row.machine.expires_at,
            }
            for row in rows
        ]  # fmt: skip

    with database_urls() as (url, _):
        found = run(work())
    lines = [f"{row['id']:6} {row['state']:8} {row['role']:8} {row['name']}" for row in found]
    show({"items": found}, as_json=json, text="\n".join(lines) or "No tokens yet.")


@tokens.command("revoke")
def revoke_token(
    token_id: int = typer.Argument(..., metavar="ID", help="As `dispatch tokens list` shows it"),
    org: str = typer.Option(..., help="Slug of the organization"),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Void a token at once."""
    from dispatch.kit.db import Database
    from dispatch.people import machines
    from dispatch.people.find import organization

    async def work() -> str:
        db = Database(url)
        found = await organization(db, org)
        async with db.tx(found.id) as t:
            name = await machines.void_token(t, token_id)
        await db.close()
        return name

    with database_urls() as (url, _):
        name = run(work())
    show({"id": token_id, "name": name, "state": "revoked"}, as_json=json, text=f"Revoked {name}.")


def _link(address: str, token: str) -> str:
    return f"{address}/sign-in?token={token}"


def _one_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")
