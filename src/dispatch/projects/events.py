"""What happens to a project's configuration. About the project; secrets are named, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@dataclass(frozen=True, kw_only=True)
class _AboutPlugin(Fact):
    """`plugin` is what people call the instance; `instance` and `slug` are 0 and empty in rows of earlier versions,
    which have the slug in `plugin`."""

    icon = "plug"

    plugin: str
    slug: str = ""
    instance: int = 0


@fact
@dataclass(frozen=True, kw_only=True)
class PluginAdded(_AboutPlugin):
    name = "plugin.added"
    says = "{by} added {plugin}"

    changes: list[dict[str, Any]] = field(default_factory=list)


@fact
@dataclass(frozen=True, kw_only=True)
class PluginConfigured(_AboutPlugin):
    """`changed` are the titles of the settings; `changes` has key, title, before and after of each, secrets masked."""

    name = "plugin.configured"
    says = "{by} changed {plugin}: {changed}"
    icon = "settings"

    changed: str
    changes: list[dict[str, Any]] = field(default_factory=list)


@fact
@dataclass(frozen=True, kw_only=True)
class PluginEnabled(_AboutPlugin):
    name = "plugin.enabled"
    says = "{by} enabled {plugin}"
    icon = "plug-connected"


@fact
@dataclass(frozen=True, kw_only=True)
class PluginDisabled(_AboutPlugin):
    name = "plugin.disabled"
    says = "{by} disabled {plugin}"
    icon = "plug-off"


@fact
@dataclass(frozen=True, kw_only=True)
class PluginStopped(_AboutPlugin):
    """The other system took our access away; nobody here changed anything."""

    name = "plugin.stopped"
    says = "{plugin} stopped working: {why}"
    icon = "plug-off"

    why: str
    hint: str = ""
    #: The projects the admins are mailed about; empty where another fact of the same app does.
    mail_for: list[str] = field(default_factory=list)


@fact
@dataclass(frozen=True, kw_only=True)
class PluginDeleted(_AboutPlugin):
    name = "plugin.deleted"
    says = "{by} deleted {plugin}"
    icon = "trash"


@fact
@dataclass(frozen=True, kw_only=True)
class DeliveriesRetried(Fact):
    """About the organization. `kinds` are names of Slack events, never what was in them."""

    name = "deliveries.retried"
    says = "{by} had deliveries from Slack handled again: {kinds}"
    icon = "refresh"

    kinds: str


@fact
@dataclass(frozen=True, kw_only=True)
class DeliveryDiscarded(Fact):
    """About the organization."""

    name = "delivery.discarded"
    says = "{by} discarded a delivery from Slack: {kind}"
    icon = "trash"

    kind: str
