"""`dispatch plugins`: list, show, configure, test. The same rules as Settings → Project → Plugins."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dispatch.cli.root import database_urls, group, run, show

if TYPE_CHECKING:
    from dispatch.projects.models import Project
    from dispatch.projects.plugin_setup import PluginSetup

commands = group("plugins", "Plugins of a project.")

SET = typer.Option([], "--set", help="key=value, several times; an empty value takes an optional secret away")
FROM_JSON = typer.Option("", help="A file with an object of settings, or - for standard input")
INSTANCE = typer.Option(None, help="Which one, by the number that `plugins list` shows; where a project has several")


@asynccontextmanager
async def at(url: str, org: str, project: str) -> AsyncIterator[tuple[PluginSetup, Project]]:
    """The project, and what can be done with its plugins."""
    from dispatch.app import house
    from dispatch.people.find import organization
    from dispatch.projects import queries
    from dispatch.projects.plugin_setup import PluginSetup
    from dispatch.settings import Settings

    async with house(Settings(), database_url=url, pool=2) as h:
        found = await organization(h.db, org)
        async with h.db.read(found.id) as t:
            place = await queries.project(t, project)
        yield PluginSetup(h.db, h.providers), place


@commands.command("list")
def list_plugins(org: str, project: str, json: bool = False) -> None:
    """Installed plugins, and which are added and enabled here."""

    async def work(url: str) -> list[dict[str, Any]]:
        from dispatch.projects import queries

        async with at(url, org, project) as (setup, place):
            async with setup.db.read(place.org_id) as t:
                there = await queries.configured_plugins(t, place.id)
            rows = []
            for slug, plugin in setup.providers.plugins.items():
                about = {"slug": slug, "title": plugin.title, "kind": plugin.kind}
                mine = [each for each in there if each.slug == slug]
                rows += [
                    about | {"enabled": each.enabled, "instance": each.id, "label": each.label, "version": each.version}
                    for each in mine
                ]
                if not mine:
                    rows.append(about | {"enabled": False, "instance": None, "label": "", "version": 0})
            return rows

    with database_urls() as (url, _):
        rows = run(work(url))
    show({"items": rows}, as_json=json, text="\n".join(_line(row) for row in rows))


def _line(row: dict[str, Any]) -> str:
    state = "on " if row["enabled"] else "off" if row["instance"] else " - "
    label = f" ({row['label']})" if row["label"] else ""
    return f"{state} {row['instance'] or '':>4} {row['slug']:22} {row['title']}{label}"


@commands.command("show")
def show_plugin(org: str, project: str, plugin: str, instance: int | None = INSTANCE, json: bool = False) -> None:
    """The settings of a plugin with their titles; of secrets only whether they are set."""

    async def work(url: str) -> dict[str, Any]:
        from dispatch.kit.errors import NotFound
        from dispatch.kit.forms import inputs
        from dispatch.projects import queries
        from dispatch.projects.plugin_actions import open_secrets

        async with at(url, org, project) as (setup, place):
            found = setup.plugin(plugin)
            async with setup.db.read(place.org_id) as t:
                there = await queries.configured(t, place.id, plugin, instance)
            if there is None and instance is not None:
                raise NotFound("There is no such plugin in this project.")
            stored: dict[str, Any] = {}
            unset = "not set"
            if there is not None:
                opened, unreadable = open_secrets(there, setup.providers.vault)
                stored = dict(there.settings) | opened
                unset = "cannot be opened" if unreadable else unset
            settings = []
            for key, asked in inputs(found.settings).items():
                default = getattr(asked.default, "value", asked.default)
                secret = asked.kind == "secret"
                value = ("set" if stored.get(key) else unset) if secret else stored.get(key, default)
                settings.append(
                    {"key": key, "title": asked.label, "group": asked.group, "value": value, "secret": secret,
                     "required": asked.required, "help": asked.help}
                )  # fmt: skip
            return {
                "slug": plugin, "title": found.title, "added": there is not None,
                "enabled": there is not None and there.enabled, "instance": there.id if there else None,
                "label": there.label if there else "", "version": there.version if there else 0, "settings": settings,
            }  # fmt: skip

    with database_urls() as (url, _):
        shown = run(work(url))
    state = ("enabled" if shown["enabled"] else "disabled") if shown["added"] else "not added to this project"
    lines = [f"{shown['title']}: {state}"]
    lines += [f"{each['key']:42} {each['title']:34} {each['value']}" for each in shown["settings"]]
    show(shown, as_json=json, text="\n".join(lines))


@commands.command()
def configure(
    org: str,
    project: str,
    plugin: str,
    set_: list[str] = SET,
    from_json: str = FROM_JSON,
    enable: bool | None = typer.Option(None, "--enable/--disable"),
    instance: int | None = INSTANCE,
    new: bool = typer.Option(False, "--new", help="Add a further one, where a project may have several"),
    label: str | None = typer.Option(None, help="What to call it, where a project may have several"),
    json: bool = False,
) -> None:
    """Change exactly the given settings; secrets not given stay as they are. Adds the plugin when it is missing."""
    values = _values(set_, from_json)

    async def work(url: str) -> tuple[Any, list[dict[str, Any]]]:
        from dispatch.projects.plugin_setup import Change

        async with at(url, org, project) as (setup, place):
            change = Change(values=values, enabled=enable, instance_id=instance, new=new, label=label)
            with _keys_named():
                saved = await setup.save(place, setup.plugin(plugin), change)
            return saved, list(saved.checks)

    with database_urls() as (url, _):
        saved, checks = run(work(url))
    broken = [each for each in checks if not each["ok"]]
    lines = [f"Saved {plugin} (version {saved.version}, {'enabled' if saved.enabled else 'disabled'})."]
    lines += [f"{each['name']}: {each['message']} {each['hint']}".strip() for each in broken]
    show(
        {"plugin": plugin, "instance": saved.id, "version": saved.version, "enabled": saved.enabled, "checks": checks},
        as_json=json,
        text="\n".join(lines),
    )


@commands.command()
def test(
    org: str,
    project: str,
    plugin: str,
    set_: list[str] = SET,
    from_json: str = FROM_JSON,
    instance: int | None = INSTANCE,
    json: bool = False,
) -> None:
    """Ask the other system with the stored settings, and with those given here on top. Exit code 1 when something is broken."""
    values = _values(set_, from_json)

    async def work(url: str) -> list[Any]:
        from dispatch.projects.plugin_setup import Change

        async with at(url, org, project) as (setup, place):
            with _keys_named():
                return await setup.test(place, setup.plugin(plugin), Change(values=values, instance_id=instance))

    with database_urls() as (url, _):
        checks = run(work(url))
    tell(checks, as_json=json)


def tell(checks: list[Any], *, as_json: bool) -> None:
    """Print the checks; leave with exit code 1 when one says that something is broken."""
    from dispatch.projects.slack_doctor import summary

    ok = all(each.ok for each in checks)
    show({"ok": ok, "checks": [asdict(each) for each in checks]}, as_json=as_json, text=summary(checks))
    if not ok:
        raise typer.Exit(1)


class _keys_named:
    """On the command line settings are known by their keys: mistakes name these, not the titles."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, why: Any, trace: Any) -> None:
        from dispatch.kit.errors import Invalid
        from dispatch.kit.forms import FormErrors

        if isinstance(why, FormErrors):
            told = [f"{key}: {message}" if key else message for key, message in why.by_field.items()]
            raise Invalid("\n".join(told), field=why.field) from None


def _values(pairs: list[str], from_json: str) -> dict[str, Any]:
    """The settings given; wrong usage leaves with exit code 2."""
    values: dict[str, Any] = {}
    if from_json:
        try:
            text = sys.stdin.read() if from_json == "-" else Path(from_json).read_text()
            given = jsonlib.loads(text)
        except (OSError, ValueError) as why:
            raise typer.BadParameter(f"{from_json} cannot be read as JSON: {why}") from None
        if not isinstance(given, dict):
            raise typer.BadParameter(f"{from_json} has to hold one JSON object of settings")
        values |= given
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            # Not repeated: it may be a secret whose key was forgotten.
            raise typer.BadParameter("--set takes key=value")
        values[key] = value
    return values
