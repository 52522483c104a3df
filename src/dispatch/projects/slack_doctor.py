"""`dispatch slack doctor`: everything about a project's Slack that can be tested from here, each with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from dispatch.kit.slack import registry
from dispatch.kit.slack.manifest import bot_scopes
from dispatch.ports.answers import Check
from dispatch.projects import queries
from dispatch.projects.models import Project
from dispatch.projects.plugin_setup import Change, PluginSetup, place
from dispatch.projects.slack_instances import COMMAND, SLUG, contradictory_commands
from dispatch.projects.slack_manifest import is_local

_WAIT: Final = aiohttp.ClientTimeout(total=8)
_WHERE: Final = "Settings → Project → Plugins"
#: Slack's limit per app.
MOST_COMMANDS: Final = 50


async def examine(setup: PluginSetup, project: Project, *, slack_api_url: str) -> list[Check]:
    """The checks of *Test connection*, then mode, request addresses and command names."""
    plugin = setup.plugin(SLUG)
    async with setup.db.read(project.org_id) as t:
        instance = await queries.configured(t, project.id, SLUG)
        where = await place(t, project)
        contradictions = await contradictory_commands(t, instance, instance.settings) if instance is not None else {}
    if instance is None:
        return [Check("Plugin", False, f"{plugin.title} is not added to {project.name}.", f"{_WHERE} → NEW.")]
    found = []
    if not instance.enabled:
        found.append(
            Check("Plugin", False, "It is disabled: nothing from Slack is answered.", f"{_WHERE} → ⋮ → Enable.")
        )
    found += await setup.test(project, plugin, Change(instance_id=instance.id))
    settings: Any = setup.providers.settings_of(instance)
    outside = setup.providers.outside(where)
    events_mode = bool(settings.signing_secret.get_secret_value())
    if events_mode:
        found.append(Check("Signing Secret", True, "Given: Slack's requests can be verified."))
        root = f"{outside.base_url}/api/v1/{where.org_slug}/events/slack"
        found += await _addresses(outside.http, root, local_slack=is_local(slack_api_url))
    found.append(_commands(settings, contradictions))
    found.append(
        Check(
            "App manifest",
            True,
            f"Needs {len(bot_scopes())} bot scopes, {len(registry.events)} events, {len(registry.commands)} commands.",
            f"Compare with the app: dispatch slack manifest {where.org_slug} {project.slug}",
        )
    )
    return found


async def _addresses(http: aiohttp.ClientSession, root: str, *, local_slack: bool) -> list[Check]:
    """Slack's own address check for events; the others must refuse what is not signed."""
    parts = urlsplit(root)
    if not parts.hostname:
        return [Check("Request URLs", False, "DISPATCH_BASE_URL is not set.", "Set it to the address Slack shall use.")]
    if not local_slack and (parts.scheme != "https" or is_local(root)):
        return [
            Check(
                "Request URLs",
                False,
                f"Slack cannot reach {parts.scheme}://{parts.netloc}: it needs https and a public address.",
                "Set DISPATCH_BASE_URL to one, or use Socket Mode.",
            )
        ]
    found = [await _event_address(http, f"{root}/event")]
    for name in ("command", "action", "menu"):
        found.append(await _other_address(http, f"{root}/{name}", name))
    return found


async def _event_address(http: aiohttp.ClientSession, url: str) -> Check:
    name = "Request URL event"
    try:
        async with http.post(
            url, json={"type": "url_verification", "challenge": "doctor"}, timeout=_WAIT, allow_redirects=False
        ) as answer:
            body = await answer.text()
            if answer.status == 200 and "doctor" in body:
                return Check(name, True, f"{url} answers Slack's address check (asked from this machine).")
            return _wrong(name, url, f"answers HTTP {answer.status}")
    except (aiohttp.ClientError, OSError, TimeoutError) as why:
        return _wrong(name, url, f"does not answer ({type(why).__name__})")


async def _other_address(http: aiohttp.ClientSession, url: str, kind: str) -> Check:
    name = f"Request URL {kind}"
    try:
        async with http.post(url, data={"payload": "{}"}, timeout=_WAIT, allow_redirects=False) as answer:
            # Refusing what nobody signed is the right answer.
            if answer.status == 403:
                return Check(name, True, f"{url} is there and refuses unsigned requests.")
            return _wrong(name, url, f"answers HTTP {answer.status} to an unsigned request")
    except (aiohttp.ClientError, OSError, TimeoutError) as why:
        return _wrong(name, url, f"does not answer ({type(why).__name__})")


def _wrong(name: str, url: str, why: str) -> Check:
    return Check(
        name,
        False,
        f"{url} {why}.",
        "Is the server running, does DISPATCH_BASE_URL lead to it, does a proxy stand between?",
    )


def _commands(settings: Any, contradictions: dict[str, str]) -> Check:
    name = "Command Strings"
    if contradictions:
        return Check(name, False, " ".join(contradictions.values()), "Give one of them another name.")
    names = {
        key.removeprefix(COMMAND): value for key, value in settings.model_dump().items() if key.startswith(COMMAND)
    }
    if len(names) > MOST_COMMANDS:
        return Check(name, False, f"{len(names)} names; an app has at most {MOST_COMMANDS}.", "")
    answered = [f"{names[key]}" for key in registry.commands if key in names]
    return Check(
        name, True, f"Dispatch answers {', '.join(sorted(answered)) or 'none yet'}.",
        "The app in Slack has to have these commands under exactly these names.",
    )  # fmt: skip


def summary(checks: Sequence[Check]) -> str:
    """The checks as lines of text, broken ones first."""
    lines = []
    for each in sorted(checks, key=lambda check: check.ok):
        lines.append(f"{'ok     ' if each.ok else 'BROKEN '} {each.name}: {each.message}")
        if each.hint:
            lines.append(f"         → {each.hint}")
    return "\n".join(lines)
