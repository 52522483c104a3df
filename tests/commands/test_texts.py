"""Names and descriptions of commands are the seed's: those of the settings page, which an operator pastes into Slack."""

from __future__ import annotations

import pytest

from dispatch.app import load_slack_handlers
from dispatch.kit.slack.registry import commands
from dispatch.plugins.slack_conversation.settings import COMMAND_PREFIX, SlackConversationSettings


@pytest.mark.seed("slash commands")
def test_each_command_is_called_and_described_as_its_setting_says() -> None:
    load_slack_handlers()
    fields = SlackConversationSettings.model_fields
    for key, command in commands.items():
        setting = fields[f"{COMMAND_PREFIX}{key}"]
        assert command.default_name == setting.default
        assert command.description == setting.description
        extra = setting.json_schema_extra
        assert isinstance(extra, dict)
        assert command.usage_hint == extra["usage_hint"]
