"""The Slack app manifest, derived from what is registered: never written twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dispatch.kit.slack import registry
from dispatch.kit.slack.scopes import REQUIRED, REQUIRED_OF_USER, union

NAME = "Dispatch"


def manifest(
    base_url: str, organization: str, *, names: Mapping[str, str] | None = None, socket: bool = False
) -> dict[str, Any]:
    """A manifest for this organization's app.

    Args:
        base_url: where Slack reaches Dispatch.
        organization: the slug in the request addresses.
        names: command key -> name, where it differs from the default.
        socket: Socket Mode: no addresses are needed.
    """
    root = f"{base_url.rstrip('/')}/api/v1/{organization}/events/slack"
    named = names or {}

    def at(place: str) -> dict[str, str]:
        return {} if socket else {"url": f"{root}/{place}"}

    interactivity: dict[str, Any] = {"is_enabled": True}
    subscriptions: dict[str, Any] = {"bot_events": sorted(registry.events)}
    if not socket:
        interactivity |= {"request_url": f"{root}/action", "message_menu_options_url": f"{root}/menu"}
        subscriptions["request_url"] = f"{root}/event"
    return {
        "display_information": {"name": NAME, "description": "Incident management in Slack"},
        "features": {
            "bot_user": {"display_name": NAME, "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "unfurl_domains": [host] if (host := urlsplit(base_url).hostname) else [],
            "slash_commands": [
                {
                    "command": named.get(key, command.default_name),
                    "description": command.description,
                    "should_escape": False,
                }
                | at("command")
                | ({"usage_hint": command.usage_hint} if command.usage_hint else {})
                for key, command in sorted(registry.commands.items())
            ],
            "shortcuts": [
                {
                    "name": shortcut.name,
                    "type": shortcut.kind,
                    "callback_id": shortcut.callback_id,
                    "description": shortcut.description,
                }
                for _, shortcut in sorted(registry.shortcuts.items())
            ],
        },
        "oauth_config": {"scopes": {"bot": bot_scopes(), "user": user_scopes()}},
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def bot_scopes() -> list[str]:
    """What the calls we make and the events we get need."""
    return sorted(registry.scopes | {scope for needed in REQUIRED.values() for scope in needed})


#: What an installing person's own token may read; beyond it only what `REQUIRED_OF_USER` needs to reopen a channel.
USER_READS = ("channels:read", "groups:history", "groups:read")


def user_scopes() -> list[str]:
    """User token scopes; the token is optional, see the setting *User OAuth Token*."""
    return sorted({*USER_READS, *union(REQUIRED_OF_USER)})
