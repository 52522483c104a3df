"""Which plugin serves a project for which purpose; the only way slices reach other systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import orjson
from pydantic import BaseModel, ValidationError

from dispatch.kit.crypto import Vault
from dispatch.kit.db import Database, OrgId
from dispatch.kit.errors import Refused, SetupError
from dispatch.kit.forms import explain
from dispatch.people.models import Organization
from dispatch.ports.answers import Check
from dispatch.ports.conferences import Conferences
from dispatch.ports.contacts import Contacts
from dispatch.ports.conversations import Conversations
from dispatch.ports.documents import Documents
from dispatch.ports.email import Mailer
from dispatch.ports.paging import Page, PageReceipt, Paging
from dispatch.ports.tickets import Tickets
from dispatch.projects import queries
from dispatch.projects.models import SECRETS, PluginInstance

P = TypeVar("P")


class PluginLike(Protocol):
    """What of a plugin is used here; `dispatch.plugins.Plugin` has it."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def many(self) -> bool: ...
    @property
    def behaviour(self) -> frozenset[str]: ...
    @property
    def leads_to(self) -> frozenset[str]: ...
    @property
    def settings(self) -> type[BaseModel]: ...
    @property
    def provider(self) -> Callable[[Any, Any], object]: ...


@dataclass(frozen=True)
class Place:
    """Where a provider works: one project of one organization."""

    org: OrgId
    org_slug: str
    project_id: int


class Providers:
    """Builds providers from the stored configuration.

    Args:
        plugins: all discovered plugins by slug.
        outside: makes the bundle a plugin gets, for a place.
        builtin: what serves a kind when no plugin of it is enabled.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        *,
        plugins: Mapping[str, PluginLike],
        outside: Callable[[Place], Any],
        builtin: Mapping[str, Callable[[Place], object]],
    ) -> None:
        self.db = db
        self.vault = vault
        self.plugins = plugins
        self.outside = outside
        self.builtin = builtin
        self._made: dict[tuple[OrgId, int, int], object] = {}

    async def conversations(self, org: OrgId, project_id: int) -> Conversations | None:
        """The project's chat; None when none is enabled."""
        return cast("Conversations | None", await self._of_kind("conversation", org, project_id))

    async def contacts(self, org: OrgId, project_id: int) -> Contacts | None:
        """Who knows contact data; None when nobody is asked."""
        return cast("Contacts | None", await self._of_kind("contact", org, project_id))

    async def tickets(self, org: OrgId, project_id: int) -> Tickets | None:
        """The ticket system; the built-in one when no other is enabled."""
        return cast("Tickets | None", await self._of_kind("ticket", org, project_id))

    async def documents(self, org: OrgId, project_id: int) -> Documents | None:
        """The document system; the built-in one when no other is enabled."""
        return cast("Documents | None", await self._of_kind("document", org, project_id))

    async def conferences(self, org: OrgId, project_id: int) -> Conferences | None:
        """The conference system; None when none is enabled."""
        return cast("Conferences | None", await self._of_kind("conference", org, project_id))

    async def mailer(self, org: OrgId, project_id: int) -> Mailer | None:
        """What sends e-mail; None when none is enabled."""
        return cast("Mailer | None", await self._of_kind("email", org, project_id))

    async def pagers(self, org: OrgId, project_id: int) -> dict[int, Paging]:
        """Everything that wakes people beside chat and e-mail, by instance id: a page goes through all of them.

        One whose settings cannot be used refuses each page, so that the others are called.
        """
        place, enabled = await self._enabled("paging", org, project_id)
        return {i.id: self._pager(i, place) for i in enabled}

    def _pager(self, instance: PluginInstance, place: Place) -> Paging:
        try:
            return cast("Paging", self.from_instance(instance, place))
        except SetupError as why:
            return _UnusablePager(instance.slug, why)

    async def calls_beside_chat(self, org: OrgId, project_id: int) -> bool:
        """Whether e-mail or a pager is enabled; whether they can be used is for their own steps to find out."""
        async with self.db.read(org) as t:
            enabled = await queries.instances(t, project_id)
        return any(i.slug in self.plugins and self.plugins[i.slug].kind in ("email", "paging") for i in enabled)

    async def organization_mailer(self, org: OrgId) -> Mailer | None:
        """Who sends mail that belongs to no project: the first enabled instance. None when there is none."""
        async with self.db.read(org) as t:
            slug = (await t.get_one(Organization, org)).slug
            enabled = [
                i for i in await queries.instances(t) if i.slug in self.plugins and self.plugins[i.slug].kind == "email"
            ]
        if not enabled:
            return None
        return cast("Mailer", self.from_instance(enabled[0], Place(org, slug, enabled[0].project_id)))

    async def _enabled(self, kind: str, org: OrgId, project_id: int) -> tuple[Place, list[PluginInstance]]:
        async with self.db.read(org) as t:
            slug = (await t.get_one(Organization, org)).slug
            enabled = [
                i
                for i in await queries.instances(t, project_id)
                if i.slug in self.plugins and self.plugins[i.slug].kind == kind
            ]
        return Place(org, slug, project_id), enabled

    async def _of_kind(self, kind: str, org: OrgId, project_id: int) -> object | None:
        place, enabled = await self._enabled(kind, org, project_id)
        if not enabled:
            made = self.builtin.get(kind)
            return made(place) if made else None
        return self.from_instance(enabled[0], place)

    def from_instance(self, instance: PluginInstance, place: Place) -> object:
        """The provider of one configured instance; kept while its configuration stays the same.

        Raises:
            SetupError: its secrets do not open, or a later version takes its settings no more.
        """
        key = (instance.org_id, instance.id, instance.version)
        if key not in self._made:
            # Bounded: one entry per instance; an older version of the same instance goes.
            for old in [k for k in self._made if k[:2] == key[:2]]:
                del self._made[old]
            plugin = self.plugins[instance.slug]
            self._made[key] = plugin.provider(self.settings_of(instance), self.outside(place))
        return self._made[key]

    def forget_contact(self, org: OrgId, user: str, *, email: str = "") -> None:
        """A person of the chat system changed: every directory of the organization asks again in this process.

        Other processes notice when their answer expires, after ten minutes at the latest.
        """
        for (of, _, _), provider in self._made.items():
            forget = getattr(provider, "forget", None)
            if of == org and forget is not None:
                forget(user, email=email)

    def try_out(self, plugin: PluginLike, settings: Any, place: Place) -> Any:
        """A provider from settings that may not be stored yet; not kept."""
        return plugin.provider(settings, self.outside(place))

    def settings_of(self, instance: PluginInstance) -> Any:
        """The instance's settings, secrets opened.

        Raises:
            SetupError: the secrets do not open, or a later version takes the settings no more.
        """
        plugin = self.plugins[instance.slug]
        try:
            return plugin.settings.model_validate({**instance.settings, **self.open_secrets(instance)})
        except ValidationError as wrong:
            told = "; ".join(dict.fromkeys(explain(plugin.settings, wrong).values()))
            raise SetupError(f"The settings of {plugin.title} cannot be used: {told}") from None

    def open_secrets(self, instance: PluginInstance) -> dict[str, str]:
        """The secrets by key."""
        if not instance.secrets:
            return {}
        opened: dict[str, str] = orjson.loads(
            self.vault.open(
                instance.secrets, context=secret_context(instance.org_id, instance.project_id, instance.slug)
            )
        )
        return opened


class _UnusablePager:
    """Stands for a pager that could not be made."""

    def __init__(self, provider: str, why: SetupError) -> None:
        self.provider = provider
        self._why = why

    async def page(self, page: Page) -> PageReceipt:
        raise Refused(str(self._why), hint="An admin can set it right (Settings → Project → Plugins).")

    async def check(self) -> Sequence[Check]:
        return [Check("Settings", False, str(self._why))]


def secret_context(org: OrgId, project_id: int, slug: str) -> bytes:
    """Binds sealed secrets to their place: moved elsewhere they cannot be opened."""
    return SECRETS.context(org_id=org, project_id=project_id, slug=slug)
