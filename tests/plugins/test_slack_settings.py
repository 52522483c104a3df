"""The Slack plugins' settings: the seed's titles in the seed's order, and mistakes named where they are made."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError
from tests.seed_titles import CONVERSATION, MORE

from dispatch.plugins.slack_contact.settings import SlackContactSettings
from dispatch.plugins.slack_conversation.settings import MORE_GROUP, SlackConversationSettings

GOOD = {"api_bot_token": "xoxb-1", "signing_secret": "s" * 32}


def problems(model: type[BaseModel], **given: Any) -> dict[str, str]:
    """Field -> message of everything that is wrong."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(given)
    return {str(each["loc"][0]): each["msg"] for each in error.value.errors()}


@pytest.mark.seed("settings in the web UI")
def test_the_seeds_titles_come_first_in_the_seeds_order_then_more() -> None:
    fields = SlackConversationSettings.model_fields
    assert [field.title for field in fields.values()] == [*CONVERSATION, *MORE]
    extra = {name: field.json_schema_extra for name, field in fields.items()}
    grouped = [
        fields[name].title for name, more in extra.items() if isinstance(more, dict) and more["group"] == MORE_GROUP
    ]
    assert grouped == list(MORE)
    assert [field.title for field in SlackContactSettings.model_fields.values()] == [
        "API Bot Token",
        "Socket Mode App Token",
        "Signing Secret",
        "Profile Department Field Id",
        "Profile Team Field Id",
        "Profile Weblink Field Id",
    ]


def test_the_defaults_are_the_seeds() -> None:
    made = SlackConversationSettings.model_validate(GOOD)
    assert made.private_channels and made.ban_threads and made.timeline_event_reaction == "stopwatch"
    assert made.commands()["update_notifications_group"] == "/dispatch-notifications-group"
    assert len(made.commands()) == len(set(made.commands().values())) == 23


def test_null_and_spaces_are_nothing() -> None:
    made = SlackConversationSettings.model_validate(
        {**GOOD, "api_bot_token": " xoxb-1 \n", "socket_mode_app_token": None, "app_user_slug": " U01AB "}
    )
    assert made.api_bot_token == SecretStr("xoxb-1") and made.app_user_slug == "U01AB"
    assert (
        SlackContactSettings.model_validate(
            {"api_bot_token": "xoxb-1", "signing_secret": None, "profile_team_field_id": None}
        ).field_ids()
        == {}
    )


def test_events_mode_needs_the_signing_secret_and_socket_mode_the_app_token() -> None:
    assert list(problems(SlackConversationSettings, api_bot_token="xoxb-1")) == ["signing_secret"]
    SlackConversationSettings.model_validate({"api_bot_token": "xoxb-1", "socket_mode_app_token": "xapp-1"})
    SlackContactSettings.model_validate({"api_bot_token": "xoxb-1"})


def test_tokens_in_the_wrong_place_are_noticed() -> None:
    found = problems(
        SlackConversationSettings,
        api_bot_token="xoxp-1",
        socket_mode_app_token="xoxb-1",
        user_oauth_token="xoxb-1",
    )
    assert "starts with xoxb-" in found["api_bot_token"]
    assert "starts with xapp-" in found["socket_mode_app_token"]
    assert "starts with xoxp-" in found["user_oauth_token"]
    assert "required" in problems(SlackConversationSettings, signing_secret="x")["api_bot_token"].lower()
    assert "required" in problems(SlackContactSettings, api_bot_token="")["api_bot_token"]


def test_a_masked_secret_is_never_taken_for_the_secret() -> None:
    found = problems(
        SlackConversationSettings, api_bot_token="**********", signing_secret="********", user_oauth_token="••••"
    )
    assert len(found) == 3 and all("masked" in message for message in found.values())


def test_no_message_repeats_a_secret() -> None:
    with pytest.raises(ValidationError) as error:
        SlackConversationSettings.model_validate({"api_bot_token": "very-secret", "signing_secret": "x"})
    assert "very-secret" not in str(error.value)
    assert "very-secret" not in repr(
        SlackConversationSettings.model_validate({**GOOD, "signing_secret": "very-secret"})
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("dispatch-x", "starts with a slash"),
        ("", "starts with a slash"),
        ("/" + "x" * 32, "at most 32"),
        ("/two words", "one lower-case word"),
        ("/Upper", "one lower-case word"),
        ("/dispatch-assign-role", "is used for “/dispatch-assign-role” already"),
    ],
)
def test_command_names_obey_slacks_rules(command: str, says: str) -> None:
    assert (
        says
        in problems(SlackConversationSettings, **GOOD, slack_command_create_case=command)["slack_command_create_case"]
    )


def test_a_command_of_32_characters_fits() -> None:
    made = SlackConversationSettings.model_validate({**GOOD, "slack_command_summary": "/" + "x" * 31})
    assert len(made.commands()["summary"]) == 32


@pytest.mark.parametrize("reaction", [":stopwatch:", "Stop Watch", ""])
def test_a_reaction_is_a_name_without_colons(reaction: str) -> None:
    assert (
        "such as stopwatch"
        in problems(SlackConversationSettings, **GOOD, timeline_event_reaction=reaction)["timeline_event_reaction"]
    )


def test_ids_look_like_ids_and_unknown_settings_are_refused() -> None:
    found = problems(SlackConversationSettings, **GOOD, app_user_slug="@dispatch", app_id="T1", team_id="acme", typo=1)
    assert set(found) == {"app_user_slug", "app_id", "team_id", "typo"}
    assert (
        "Xf"
        in problems(SlackContactSettings, api_bot_token="xoxb-1", profile_team_field_id="Team")["profile_team_field_id"]
    )
