"""`dispatch slack`: the manifest of the Slack app."""

from __future__ import annotations

import json as jsonlib

import typer

from dispatch.cli.root import app, group

commands = group("slack", "Setting up the Slack app.")


@commands.command()
def manifest(org: str, project: str = "default", socket: bool = typer.Option(False, help="For Socket Mode")) -> None:
    """Print the app manifest: paste it at api.slack.com/apps -> Create New App -> From a manifest."""
    from dispatch.app import load_slack_handlers
    from dispatch.kit.slack.manifest import manifest as make
    from dispatch.settings import Settings

    load_slack_handlers()
    _ = project
    print(jsonlib.dumps(make(Settings().base_url or "https://dispatch.example.com", org, socket=socket), indent=2))


sandbox = group("sandbox", "A local Slack to try things.")


@sandbox.command("start", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def start_sandbox(context: typer.Context) -> None:
    """Start the sandbox, as `slack-sandbox start` does; takes the same options."""
    import os
    import sys

    os.execv(sys.executable, [sys.executable, "-m", "slack_sandbox.cli", "start", *context.args])


__all__ = ["app", "commands"]
