"""A signed HTTP request per page, for whatever calls, texts or wakes people elsewhere."""

from __future__ import annotations

from dispatch.plugins.webhook.provider import Webhook
from dispatch.plugins.webhook.settings import WebhookSettings
from dispatch.ports.plugin import Plugin

plugin = Plugin(
    slug="webhook",
    title="Webhook Plugin - Paging",
    kind="paging",
    description="Posts every page, signed, to an address of yours.",
    settings=WebhookSettings,
    provider=Webhook,
    many=True,
)
