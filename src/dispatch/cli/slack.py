"""`dispatch slack`: the manifest of the Slack app, and the doctor. `dispatch sandbox`: a local Slack."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Any

import typer

from dispatch.cli.plugins import at, tell
from dispatch.cli.root import app, database_urls, group, run

commands = group("slack", "Setting up the Slack app.")
PROJECT = typer.Argument("default")


@commands.command()
def manifest(
    org: str,
    project: str = PROJECT,
    socket: bool | None = typer.Option(None, "--socket/--events", help="Default: as the plugin is configured"),
) -> None:
    """Print the app manifest with the command names of the project: paste it at api.slack.com/apps -> Create New App."""
    from dispatch.kit.slack.manifest import manifest as make
    from dispatch.settings import Settings

    async def work(url: str) -> tuple[dict[str, str], bool]:
        from dispatch.projects import queries
        from dispatch.projects.slack_instances import SLUG
        from dispatch.projects.slack_manifest import command_names

        async with at(url, org, project) as (setup, place):
            async with setup.db.read(place.org_id) as t:
                instance = await queries.configured(t, place.id, SLUG)
            if instance is None:
                return {}, False
            settings: Any = setup.providers.settings_of(instance)
            return command_names(instance), not settings.signing_secret.get_secret_value()

    with database_urls() as (url, _):
        names, without_secret = run(work(url))
    base = Settings().base_url
    if not base:
        base = "https://dispatch.example.com"
        # Beside the manifest, which a program may read: without a word, an app would send everything to nobody.
        print(f"DISPATCH_BASE_URL is not set: the addresses in this manifest are those of {base}.", file=sys.stderr)
    mode = without_secret if socket is None else socket
    print(jsonlib.dumps(make(base, org, names=names, socket=mode), indent=2))


@commands.command()
def doctor(org: str, project: str = PROJECT, json: bool = False) -> None:
    """Test token, scopes, ids, mode, request addresses and command names. Exit code 1 when something is broken."""

    async def work(url: str) -> list[Any]:
        from dispatch.projects.slack_doctor import examine
        from dispatch.settings import Settings

        async with at(url, org, project) as (setup, place):
            return await examine(setup, place, slack_api_url=Settings().slack_api_url)

    with database_urls() as (url, _):
        checks = run(work(url))
    tell(checks, as_json=json)


sandbox = group("sandbox", "A local Slack to try things.")


@sandbox.command("start", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def start_sandbox(context: typer.Context) -> None:
    """Start the sandbox, as `slack-sandbox start` does; takes the same options."""
    import os
    import sys

    os.execv(sys.executable, [sys.executable, "-m", "slack_sandbox.cli", "start", *context.args])


__all__ = ["app", "commands"]
