"""Slack as the place where people work on incidents."""

from __future__ import annotations

from dispatch.plugins.slack_conversation.provider import SlackConversations
from dispatch.plugins.slack_conversation.settings import BEHAVIOUR, SlackConversationSettings
from dispatch.ports.plugin import Plugin

plugin = Plugin(
    slug="slack-conversation",
    title="Slack Plugin - Conversation Management",
    kind="conversation",
    description="Channels, messages, commands and forms in a Slack workspace.",
    settings=SlackConversationSettings,
    provider=SlackConversations,
    behaviour=BEHAVIOUR,
)
