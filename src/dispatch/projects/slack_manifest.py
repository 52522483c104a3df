"""The manifest of a project's Slack app, for the command line and the set-up guide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

from dispatch.projects.models import PluginInstance
from dispatch.projects.slack_instances import COMMAND

#: Where Slack makes an app from a manifest in the address.
CREATE: Final = "https://api.slack.com/apps?new_app=1&manifest_json="


def command_names(instance: PluginInstance | None) -> dict[str, str]:
    """The configured commands by key; empty when nothing is configured, so that the defaults hold."""
    if instance is None:
        return {}
    given = {key: value for key, value in instance.settings.items() if key.startswith(COMMAND)}
    return {key.removeprefix(COMMAND): str(value) for key, value in given.items()}


def create_link(manifest: Mapping[str, Any]) -> str:
    """Opens Slack's "Create an app" with the manifest filled in."""
    return CREATE + quote(json.dumps(manifest, separators=(",", ":"), ensure_ascii=False), safe="")


def reachable_by_slack(base_url: str, slack_api_url: str) -> bool:
    """Whether Slack can send requests to this address at all: https and not this machine; a local Slack takes any."""
    if is_local(slack_api_url):
        return True
    return urlsplit(base_url).scheme == "https" and not is_local(base_url)


def is_local(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
