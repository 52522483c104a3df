"""E-mail through any SMTP server."""

from __future__ import annotations

from dispatch.plugins.smtp.provider import Smtp
from dispatch.plugins.smtp.settings import SmtpSettings
from dispatch.ports.plugin import Plugin

plugin = Plugin(
    slug="smtp",
    title="SMTP Plugin - E-mail",
    kind="email",
    description="Sends e-mail through your mail server.",
    settings=SmtpSettings,
    provider=Smtp,
    behaviour=frozenset({"sender_name"}),
    leads_to=frozenset({"host", "port", "security"}),
)
