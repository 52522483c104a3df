"""The settings of the Slack contact plugin: the seed's titles in the seed's order."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from dispatch.plugins.slack_conversation.settings import Secret, Text, problem, token

_UNUSED: Final = " Not used by this plugin: it only asks, it receives nothing."


class SlackContactSettings(BaseModel):
    """Only the bot token is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    api_bot_token: Secret = Field(
        title="API Bot Token",
        description=(
            "The Slack app's bot token necessary to communicate with the Slack API. Slack refers to this as your "
            '"Bot User OAuth Access Token" and should be revealed to app collaborators when installing the app.'
        ),
    )
    socket_mode_app_token: Secret = Field(
        default=SecretStr(""),
        title="Socket Mode App Token",
        description="The Slack app's socket mode token." + _UNUSED,
    )
    signing_secret: Secret = Field(
        default=SecretStr(""),
        title="Signing Secret",
        description="The secret used to verify signatures included on each HTTP request that Slack sends." + _UNUSED,
    )
    profile_department_field_id: Text = Field(
        default="",
        title="Profile Department Field Id",
        description="The profile field ID where Department is mapped.",
    )
    profile_team_field_id: Text = Field(
        default="", title="Profile Team Field Id", description="The profile field ID where the Team is mapped."
    )
    profile_weblink_field_id: Text = Field(
        default="", title="Profile Weblink Field Id", description="The profile field ID where the weblink is mapped."
    )

    @field_validator("api_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise problem("The API Bot Token is required: without it Dispatch cannot ask Slack who somebody is.")
        return token(value, kind="bot token", name="Bot User OAuth Access Token", prefixes=("xoxb-", "xoxe.xoxb-"))

    @field_validator("profile_department_field_id", "profile_team_field_id", "profile_weblink_field_id")
    @classmethod
    def _field_id(cls, value: str) -> str:
        if value and not re.fullmatch(r"Xf[A-Za-z0-9]+", value):
            raise problem("The id of a profile field starts with Xf, such as Xf0123ABCDE; its label is not its id.")
        return value

    def field_ids(self) -> dict[str, str]:
        """The configured profile field ids by what they hold."""
        ids = {
            "department": self.profile_department_field_id,
            "team": self.profile_team_field_id,
            "weblink": self.profile_weblink_field_id,
        }
        return {what: id for what, id in ids.items() if id}
