"""Adapters to other systems, one folder each; all plugins are found through the entry points `dispatch.plugins`.

A plugin imports `ports` and `kit`, never a slice or the database, and raises only `Unavailable` and `Refused`.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from dispatch.kit.errors import SetupError
from dispatch.ports.plugin import Kind as Kind
from dispatch.ports.plugin import Outside as Outside
from dispatch.ports.plugin import Plugin as Plugin
from dispatch.ports.plugin import SlackClients as SlackClients

GROUP = "dispatch.plugins"


def discover() -> dict[str, Plugin]:
    """Every installed plugin by its slug.

    Raises:
        SetupError: two plugins share a slug, or an entry point is something else.
        ImportError and whatever else a plugin's module raises: the start stops, naming the entry point.
    """
    found: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            plugin = point.load()
        except BaseException as error:
            error.add_note(f"while loading the Dispatch plugin {point.name} ({point.value})")
            raise
        if not isinstance(plugin, Plugin):
            raise SetupError(f"The entry point {point.name} ({point.value}) of {GROUP} is not a Plugin.")
        if plugin.slug in found:
            raise SetupError(f"Two plugins are called {plugin.slug}; the second is {point.value}.")
        found[plugin.slug] = plugin
    return found
