"""`dispatch auth`: an organization's OpenID provider: configure, show, check."""

from __future__ import annotations

import sys
from typing import Any, Literal

import typer

from dispatch.cli.root import database_urls, group, run, show

auth = group("auth", "Signing in with an organization's own login (OpenID Connect).")
Role = Literal["manager", "admin", "member"]


@auth.command("configure")
def configure(
    org: str = typer.Argument(..., help="Slug of the organization"),
    issuer: str = typer.Option(
        None, help="The provider's address as it calls itself, such as https://login.example.com"
    ),
    client_id: str = typer.Option(None),
    client_secret_stdin: bool = typer.Option(
        False, "--client-secret-stdin", help="Read the client secret from standard input"
    ),
    title: str = typer.Option(None, help='On the button: "Sign in with ..."'),
    scopes: str = typer.Option(None, help="Default: openid email profile"),
    domain: list[str] = typer.Option(None, help="Domain of addresses that may sign in; several times"),
    any_domain: bool = typer.Option(False, "--any-domain", help="Members with any address"),
    create_members: bool = typer.Option(
        None, "--create-members/--no-create-members", help="Let new people of the domains in"
    ),
    default_role: Role = typer.Option(None, help="Role of new members"),
    required_claim: str = typer.Option(
        None, help="A claim that decides who may sign in, such as https://slack.com/team_id"
    ),
    required_value: list[str] = typer.Option(
        None, help="A value it may have; several times; replaces those there were"
    ),
    groups_claim: str = typer.Option(None, help="Claim with the groups; empty: roles are given in Dispatch"),
    group_role: list[str] = typer.Option(None, help="group=role, several times; replaces those there were"),
    enable: bool = typer.Option(None, "--enable/--disable"),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Change exactly what is given; the secret stays unless a new one is given."""
    from dispatch.kit.crypto import Vault
    from dispatch.kit.db import Database
    from dispatch.people import identity_providers
    from dispatch.people.find import organization
    from dispatch.people.web.provider import redirect_uri
    from dispatch.settings import Settings

    given: dict[str, Any] = {
        "issuer": issuer, "client_id": client_id, "title": title, "scopes": scopes, "domains": domain or None,
        "create_members": create_members, "default_role": default_role, "groups_claim": groups_claim, "enabled": enable,
        "required_claim": required_claim, "required_values": required_value or ([] if required_claim == "" else None),
    }  # fmt: skip
    values = {key: value for key, value in given.items() if value is not None}
    if any_domain:
        values["domains"] = []
    if group_role:
        pairs = [pair.rpartition("=") for pair in group_role]
        if not all(name and sign for name, sign, _ in pairs):
            raise typer.BadParameter("give each as group=role", param_hint="--group-role")
        values["role_of_group"] = {name: role for name, _, role in pairs}
    if client_secret_stdin:
        values["client_secret"] = sys.stdin.readline().rstrip("\r\n")
    settings = Settings()
    address = redirect_uri(settings.address, org)

    async def work() -> int:
        db = Database(url)
        found = await organization(db, org)
        async with db.tx(found.id) as t:
            made = await identity_providers.configure(
                t, values, vault=Vault.from_text(settings.secret_key), loopback=not settings.production
            )
            version = made.version
        await db.close()
        return version

    with database_urls() as (url, _):
        version = run(work())
    show(
        {"organization": org, "version": version, "redirect_uri": address},
        as_json=json,
        text=f"Saved. Register this redirect address at the provider: {address}\nThen: dispatch auth doctor {org}",
    )


@auth.command("show")
def show_provider(
    org: str = typer.Argument(..., help="Slug of the organization"), json: bool = typer.Option(False, "--json")
) -> None:
    """What is configured; the secret is not shown."""
    from dispatch.kit.db import Database
    from dispatch.kit.errors import NotFound
    from dispatch.people.find import organization
    from dispatch.people.identity_providers import identity_provider, shown

    async def work() -> dict[str, Any]:
        db = Database(url)
        found = await organization(db, org)
        async with db.read(found.id) as t:
            provider = await identity_provider(t)
        await db.close()
        if provider is None:
            raise NotFound(f'"{org}" has no provider yet: dispatch auth configure {org} --help')
        return {**shown(provider), "client_secret": "set"}

    with database_urls() as (url, _):
        values = run(work())
    show(values, as_json=json, text="\n".join(f"{key:16} {value}" for key, value in values.items()))


@auth.command("doctor")
def doctor(
    org: str = typer.Argument(..., help="Slug of the organization"), json: bool = typer.Option(False, "--json")
) -> None:
    """Check the provider from this machine and say what to do; exit code 1 when something is wrong."""
    from dataclasses import asdict

    with database_urls() as (url, _):
        lines = run(_examine(url, org))
    fine = all(line.ok for line in lines)
    text = "\n".join(
        f"{'ok  ' if line.ok else 'FAIL'} {line.name}: {line.message}" + (f"\n     -> {line.hint}" if line.hint else "")
        for line in lines
    )
    show({"ok": fine, "checks": [asdict(line) for line in lines]}, as_json=json, text=text)
    raise SystemExit(0 if fine else 1)


async def _examine(url: str, org: str) -> list[Any]:
    import aiohttp

    from dispatch.kit.crypto import Vault
    from dispatch.kit.db import Database
    from dispatch.kit.errors import NotFound, SetupError
    from dispatch.people.find import organization
    from dispatch.people.identity_providers import identity_provider
    from dispatch.people.oidc import OpenIdProviders
    from dispatch.people.provider_checks import check
    from dispatch.people.web.provider import client_of
    from dispatch.settings import Settings

    settings = Settings()
    db = Database(url)
    found = await organization(db, org)
    async with db.read(found.id) as t:
        provider = await identity_provider(t)
    await db.close()
    if provider is None:
        raise NotFound(f'"{org}" has no provider yet: dispatch auth configure {org} --help')
    client: Any
    try:
        vault = Vault.from_text(settings.secret_key)
        client = client_of(provider, org, vault=vault, base_url=settings.address)
    except SetupError as why:
        client = why
    async with aiohttp.ClientSession(trust_env=True) as http:
        return [line async for line in check(provider, client, OpenIdProviders(http, loopback=not settings.production))]
