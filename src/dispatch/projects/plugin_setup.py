"""Saving, testing and switching plugins for web and command line: first the other system is asked, then is written.

No transaction is open while the other system is asked, and when it cannot be asked saving works all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import NotFound, ProviderError, Refused
from dispatch.people.models import Organization
from dispatch.ports.answers import Check
from dispatch.ports.conversations import Identity
from dispatch.projects import queries
from dispatch.projects.models import PluginInstance, Project
from dispatch.projects.plugin_actions import checked, configure_plugin, delete_plugin, note_checks, open_secrets
from dispatch.projects.providers import Place, PluginLike, Providers
from dispatch.projects.slack_instances import IDS, SLUG

#: Seconds the other system has, when saving and when testing.
ASK_LIMIT: Final = 8.0
TEST_LIMIT: Final = 40.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """What somebody wants to change; see `configure_plugin`. `by` is None on the command line."""

    values: Mapping[str, Any] = field(default_factory=dict)
    instance_id: int | None = None
    new: bool = False
    label: str | None = None
    enabled: bool | None = None
    expected_version: int | None = None
    by: int | None = None


class PluginSetup:
    """What web and command line do with the plugins of a project."""

    def __init__(self, db: Database, providers: Providers) -> None:
        self.db = db
        self.providers = providers

    def plugin(self, slug: str) -> PluginLike:
        """By slug.

        Raises:
            NotFound: not installed; names those that are.
        """
        found = self.providers.plugins.get(slug)
        if found is None:
            raise NotFound(f'There is no plugin "{slug}". There are: {", ".join(self.providers.plugins)}.')
        return found

    async def save(self, project: Project, plugin: PluginLike, change: Change) -> PluginInstance:
        """Write the change; ids of a Slack app that are left empty are filled from Slack's answer.

        Raises:
            FormErrors, Invalid, Conflict, Stale: as `configure_plugin`.
        """
        values, said = dict(change.values), list[Check]()
        disables = change.enabled is False and not values
        if plugin.slug == SLUG and not disables:
            settings = await self.settings(project, plugin, change)
            who, said = await self._who(project, plugin, settings)
            if who is not None:
                values |= missing_ids(settings.model_dump(include=set(IDS)), who)
        async with self.db.tx(project.org_id) as t:
            instance = await configure_plugin(
                t, project, plugin, values, vault=self.providers.vault, enabled=change.enabled, by=change.by,
                instance_id=change.instance_id, new=change.new, label=change.label,
                expected_version=change.expected_version, among=self.providers.plugins.values(),
            )  # fmt: skip
            if said:
                await note_checks(t, instance.id, [asdict(each) for each in said])
        return instance

    async def delete(self, project: Project, plugin: PluginLike, instance_id: int, *, by: int | None) -> None:
        async with self.db.tx(project.org_id) as t:
            await delete_plugin(t, project, plugin, instance_id, by=by)

    async def test(self, project: Project, plugin: PluginLike, change: Change) -> list[Check]:
        """*Test connection* with the stored settings and the given values. The outcome is kept when nothing else was given.

        Raises:
            FormErrors, Invalid: the settings would not be valid.
        """
        settings = await self.settings(project, plugin, change)
        provider = self.providers.try_out(plugin, settings, await self._place(project))
        try:
            async with asyncio.timeout(TEST_LIMIT):
                found = list(await provider.check())
        except TimeoutError:
            found = [Check("Time", False, f"No answer within {TEST_LIMIT:g} seconds.", "Try again in a minute.")]
        except ProviderError as why:
            found = [_failed("Connection", why)]
        instance = await self._stored(project, plugin, change)
        if (
            instance is not None
            and not open_secrets(instance, self.providers.vault)[1]
            and (settings == self.providers.settings_of(instance))
        ):
            async with self.db.tx(project.org_id) as t:
                await note_checks(t, instance.id, [asdict(each) for each in found])
        return found

    async def settings(self, project: Project, plugin: PluginLike, change: Change) -> Any:
        """The settings there would be.

        Raises:
            FormErrors, Invalid: they would not be valid.
        """
        instance = await self._stored(project, plugin, change)
        present: dict[str, Any] = {}
        if instance is not None:
            present = dict(instance.settings) | open_secrets(instance, self.providers.vault)[0]
        return checked(plugin, present, change.values, by=change.by)

    async def _stored(self, project: Project, plugin: PluginLike, change: Change) -> PluginInstance | None:
        if change.new:
            return None
        async with self.db.read(project.org_id) as t:
            return await queries.configured(t, project.id, plugin.slug, change.instance_id)

    async def _place(self, project: Project) -> Place:
        async with self.db.read(project.org_id) as t:
            return await place(t, project)

    async def _who(self, project: Project, plugin: PluginLike, settings: Any) -> tuple[Identity | None, list[Check]]:
        """Who the bot token is, and what that says about the ids given."""
        # Without the ids the provider asks for them instead of believing them.
        blank = settings.model_copy(update=dict.fromkeys(IDS, ""))
        chat = self.providers.try_out(plugin, blank, await self._place(project))
        try:
            async with asyncio.timeout(ASK_LIMIT):
                who: Identity = await chat.identity()
        except TimeoutError:
            return None, [_unasked(f"No answer within {ASK_LIMIT:g} seconds.")]
        except Refused as why:
            return None, [_failed("API Bot Token", why)]
        except ProviderError as why:
            return None, [_unasked(str(why))]
        return who, [
            Check("API Bot Token", True, f"Works in the workspace {who.team} ({who.team_id})."),
            *compared(settings, who),
        ]


def compared(settings: Any, who: Identity) -> list[Check]:
    """The ids given against those Slack names."""
    real = {"app_user_slug": who.bot_user_id, "app_id": who.app_id, "team_id": who.team_id}
    found: list[Check] = []
    for key, value in real.items():
        name, given = type(settings).model_fields[key].title or key, getattr(settings, key)
        if not value:
            hint = "" if given else f"Give the bot the scope users:read, or type the {name} in."
            found.append(Check(name, True, "Slack did not say.", hint))
        elif given and given != value:
            found.append(
                Check(
                    name,
                    False,
                    f"{given} is entered, but the bot token belongs to {value}.",
                    f"Enter {value}, or empty it.",
                )
            )
        else:
            found.append(Check(name, True, value if given else f"{value} (filled in from Slack)."))
    return found


def missing_ids(settings: Mapping[str, Any], who: Identity) -> dict[str, str]:
    """What Slack knows of the ids that are not set."""
    real = {"app_user_slug": who.bot_user_id, "app_id": who.app_id, "team_id": who.team_id}
    return {key: value for key, value in real.items() if value and not settings.get(key)}


async def fill_missing_ids(db: Database, providers: Providers, instance: PluginInstance, who: Identity) -> None:
    """Complete an instance that was saved while Slack did not answer; called by the worker's care loop."""
    if not missing_ids(instance.settings, who):
        return
    async with db.tx(instance.org_id) as t:
        project = await queries.project_by_id(t, instance.project_id)
        saved = await configure_plugin(
            t, project, providers.plugins[instance.slug], missing_ids(instance.settings, who), vault=providers.vault,
            instance_id=instance.id, expected_version=instance.version,
        )  # fmt: skip
        said = [
            Check("API Bot Token", True, f"Works in the workspace {who.team} ({who.team_id})."),
            *compared(providers.settings_of(saved), who),
        ]
        await note_checks(t, saved.id, [asdict(each) for each in said])


async def place(t: Read, project: Project) -> Place:
    """Where a project's providers work."""
    return Place(t.org, (await t.get_one(Organization, t.org)).slug, project.id)


def broken(checks: Sequence[Check]) -> list[Check]:
    """Those that say that something does not work."""
    return [each for each in checks if not each.ok]


def _failed(name: str, why: ProviderError) -> Check:
    return Check(name, False, str(why), why.hint if isinstance(why, Refused) else "Try again in a minute.")


def _unasked(why: str) -> Check:
    return Check(
        "API Bot Token",
        False,
        f"Saved, but Slack could not be asked: {why}",
        "Token, App User Id, App ID and Team ID are not verified. Empty ones are filled in once Slack answers.",
    )
