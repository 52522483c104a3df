"""Slack as the directory of people."""

from __future__ import annotations

from dispatch.plugins.slack_contact.provider import SlackContacts
from dispatch.plugins.slack_contact.settings import SlackContactSettings
from dispatch.ports.plugin import Plugin

plugin = Plugin(
    slug="slack-contact",
    title="Slack Plugin - Contact Information Resolver",
    kind="contact",
    description="Names, titles, teams and time zones from a Slack workspace's profiles.",
    settings=SlackContactSettings,
    provider=SlackContacts,
    behaviour=frozenset({"profile_department_field_id", "profile_team_field_id", "profile_weblink_field_id"}),
)
