"""`dispatch plugins` and `dispatch slack`: the same rules as on the page, from a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from dispatch.cli import plugins, slack
from dispatch.cli.root import app
from dispatch.kit.errors import DispatchError, Invalid, NotFound
from dispatch.plugins import discover
from tests.projects.settings_pages import directory, instance, instances
from tests.stage import Stage

_ = (plugins, slack)
Run = Callable[..., Awaitable[Result]]
PLACE = ("default", "default")


@pytest.fixture
def dispatch(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line beside the running stage."""
    settings = stage.house.settings
    for key, value in {
        "DATABASE_URL": stage.house.db.url, "SECRET_KEY": settings.secret_key, "BASE_URL": settings.base_url,
        "SLACK_API_URL": settings.slack_api_url, "ENV": "test",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DISPATCH_{key}", value)

    async def run(*words: str, given: str = "") -> Result:
        # In a thread: a command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), given)

    return run


def shown(result: Result) -> dict[str, Any]:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return printed(result)


def printed(result: Result) -> dict[str, Any]:
    """The JSON object; in front of it may stand what the stage, in the same process, logged meanwhile."""
    found: dict[str, Any] = json.loads(result.stdout[result.stdout.index("{") :])
    return found


def refusal(result: Result) -> DispatchError:
    assert isinstance(result.exception, DispatchError), result.output
    return result.exception


async def test_list_and_show_name_settings_as_the_page_does_and_no_secret(stage: Stage, dispatch: Run) -> None:
    rows = shown(await dispatch("plugins", "list", *PLACE, "--json"))["items"]
    assert {(r["slug"], r["enabled"]) for r in rows} == {
        ("slack-conversation", True), ("slack-contact", True), ("jitsi", True), ("smtp", False), ("webhook", False),
    }  # fmt: skip
    result = await dispatch("plugins", "show", *PLACE, "slack-conversation", "--json")
    settings = {each["key"]: each for each in shown(result)["settings"]}
    assert settings["api_bot_token"]["value"] == "set" and settings["user_oauth_token"]["value"] == "not set"
    assert settings["private_channels"] | {"help": ""} == {
        "key": "private_channels", "title": "Private Channels", "group": "", "value": True, "secret": False,
        "required": False, "help": "",
    }  # fmt: skip
    assert stage.app["bot_token"] not in result.stdout and stage.app["signing_secret"] not in result.stdout
    assert "API Bot Token" in (await dispatch("plugins", "show", *PLACE, "slack-conversation")).stdout


async def test_a_second_plugin_of_a_kind_is_refused_and_the_enabled_one_named(
    stage: Stage, dispatch: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = discover()
    found["other-video"] = replace(found["jitsi"], slug="other-video", title="Other video")
    monkeypatch.setattr("dispatch.house.discover", lambda: found)
    words = ("plugins", "configure", *PLACE, "other-video", "--set", "server_url=https://video.example.com")
    why = refusal(await dispatch(*words, "--enable"))
    assert "Jitsi Plugin - Conference Management is enabled in Infrastructure" in str(
        why
    ) and "then enable Other video" in str(why)
    assert (await dispatch(*words)).exit_code == 0
    assert "Jitsi Plugin - Conference Management is enabled" in str(
        refusal(await dispatch("plugins", "configure", *PLACE, "other-video", "--enable"))
    )
    await dispatch("plugins", "configure", *PLACE, "jitsi", "--disable")
    assert (await dispatch("plugins", "configure", *PLACE, "other-video", "--enable")).exit_code == 0


async def test_configure_changes_exactly_what_is_given_and_keeps_the_directory(stage: Stage, dispatch: Run) -> None:
    before = await instance(stage, "slack-conversation")
    secrets = stage.house.providers.open_secrets(before)
    result = await dispatch(
        "plugins", "configure", *PLACE, "slack-conversation", "--set", "ban_threads=false", "--json"
    )
    assert shown(result)["version"] == before.version + 1
    after = await instance(stage, "slack-conversation")
    assert after.settings == {**before.settings, "ban_threads": False}
    assert stage.house.providers.open_secrets(after) == secrets
    await dispatch("plugins", "configure", *PLACE, "slack-conversation", "--disable")
    assert await directory(stage, after.id) is None
    given = json.dumps({"app_user_slug": "", "team_id": "", "app_id": ""})
    await dispatch("plugins", "configure", *PLACE, "slack-conversation", "--enable", "--from-json", "-", given=given)
    row = await directory(stage, after.id)
    assert row is not None and (row.bot_user_id, row.app_id) == (stage.app["bot_user_id"], stage.app["app_id"])


async def test_mistakes_name_the_setting_and_nothing_is_saved(stage: Stage, dispatch: Run) -> None:
    before = await instance(stage, "slack-conversation")
    result = await dispatch(
        "plugins",
        "configure",
        *PLACE,
        "slack-conversation",
        "--set",
        "api_bot_token=nonsense",
        "--set",
        "slack_command_create_task=x",
    )
    assert str(refusal(result)).splitlines() == [
        "api_bot_token: A bot token starts with xoxb-. Slack calls it “Bot User OAuth Access Token”.",
        "slack_command_create_task: A command starts with a slash, such as /dispatch-list-tasks.",
    ]
    assert isinstance(refusal(await dispatch("plugins", "configure", *PLACE, "smtp", "--set", "color=red")), Invalid)
    assert isinstance(refusal(await dispatch("plugins", "show", *PLACE, "pigeon")), NotFound)
    assert (await instance(stage, "slack-conversation")).version == before.version


async def test_wrong_usage_is_exit_code_2_and_repeats_no_secret(stage: Stage, dispatch: Run) -> None:
    result = await dispatch("plugins", "configure", *PLACE, "smtp", "--set", "hunter2")
    assert result.exit_code == 2 and "hunter2" not in result.output
    for given in ("not json", "[1]"):
        assert (await dispatch("plugins", "configure", *PLACE, "smtp", "--from-json", "-", given=given)).exit_code == 2


async def test_several_webhooks_are_told_apart(stage: Stage, dispatch: Run) -> None:
    url = ("--set", "signing_secret=0123456789abcdef0123", "--set")
    await dispatch("plugins", "configure", *PLACE, "webhook", *url, "url=https://a.example.com/", "--label", "a")
    await dispatch(
        "plugins", "configure", *PLACE, "webhook", *url, "url=https://b.example.com/", "--label", "b", "--new"
    )
    first, second = await instances(stage, "webhook")
    assert "Say which one" in str(refusal(await dispatch("plugins", "configure", *PLACE, "webhook", "--enable")))
    await dispatch("plugins", "configure", *PLACE, "webhook", "--enable", "--instance", str(second.id))
    assert [each.enabled for each in await instances(stage, "webhook")] == [False, True]
    assert (first.label, second.label) == ("a", "b")


async def test_test_asks_the_other_system_and_fails_loudly(stage: Stage, dispatch: Run) -> None:
    result = await dispatch("plugins", "test", *PLACE, "slack-conversation", "--json")
    assert result.exit_code == 0 and shown(result)["ok"] is True
    result = await dispatch(
        "plugins", "test", *PLACE, "slack-conversation", "--set", "api_bot_token=xoxb-wrong", "--json"
    )
    assert result.exit_code == 1
    [check] = shown(result)["checks"]
    assert check["message"] == "Slack does not know this token."
    assert (
        stage.house.providers.open_secrets(await instance(stage, "slack-conversation"))["api_bot_token"]
        == stage.app["bot_token"]
    )


async def test_the_doctor_finds_everything_well(stage: Stage, dispatch: Run) -> None:
    result = await dispatch("slack", "doctor", *PLACE, "--json")
    assert result.exit_code == 0, result.output
    names = [each["name"] for each in shown(result)["checks"]]
    for name in ("API Bot Token", "Scopes", "App User Id", "Signing Secret", "Command Strings", "App manifest"):
        assert name in names
    assert [n for n in names if n.startswith("Request URL")] == [
        f"Request URL {k}" for k in ("event", "command", "action", "menu")
    ]


async def test_the_doctor_names_each_missing_scope_and_what_it_breaks(stage: Stage, dispatch: Run) -> None:
    from dispatch.kit.slack.manifest import manifest

    poor = manifest(stage.base_url, "default")
    poor["oauth_config"]["scopes"]["bot"] = [
        scope for scope in poor["oauth_config"]["scopes"]["bot"] if scope not in ("pins:write", "im:write")
    ]
    keys = await stage.slack.app(stage.app["team_id"], poor)
    await stage.configure(
        "slack-conversation", {"api_bot_token": keys["bot_token"], "app_id": keys["app_id"], "app_user_slug": "U0WRONG"}
    )
    result = await dispatch("slack", "doctor", *PLACE)
    assert result.exit_code == 1
    assert "BROKEN  Scope pins:write: Missing: the summary is not pinned." in result.stdout
    assert "BROKEN  Scope im:write: Missing: nobody can be paged or welcomed by direct message." in result.stdout
    assert f"U0WRONG is configured, but the bot token belongs to {keys['bot_user_id']}" in result.stdout


async def test_the_doctor_says_when_nobody_answers_at_the_address(
    stage: Stage, dispatch: Run, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPATCH_BASE_URL", f"http://127.0.0.1:{free_port}")
    result = await dispatch("slack", "doctor", *PLACE)
    assert result.exit_code == 1 and "does not answer (ClientConnectorError)" in result.stdout
    await stage.configure("slack-conversation", {})
    result = await dispatch("slack", "doctor", "default", "payments", "--json")
    assert result.exit_code == 1


async def test_the_manifest_has_the_names_and_the_mode_that_are_configured(stage: Stage, dispatch: Run) -> None:
    await dispatch(
        "plugins", "configure", *PLACE, "slack-conversation", "--set", "slack_command_report_incident=/outage"
    )
    made = printed(await dispatch("slack", "manifest", *PLACE))
    assert "/outage" in [each["command"] for each in made["features"]["slash_commands"]]
    assert made["settings"]["socket_mode_enabled"] is False
    await dispatch(
        "plugins",
        "configure",
        *PLACE,
        "slack-conversation",
        "--set",
        "signing_secret=",
        "--set",
        "socket_mode_app_token=xapp-1",
    )
    made = printed(await dispatch("slack", "manifest", *PLACE))
    assert made["settings"]["socket_mode_enabled"] is True


async def test_a_manifest_whose_addresses_lead_nowhere_is_not_printed_without_a_word(
    dispatch: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPATCH_BASE_URL")
    result = await dispatch("slack", "manifest", *PLACE, "--events")
    assert "DISPATCH_BASE_URL is not set" in result.stderr
    assert "DISPATCH_BASE_URL" not in result.stdout
