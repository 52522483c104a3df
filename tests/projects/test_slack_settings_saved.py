"""Saving the Slack plugin: ids filled from Slack, mismatches shown, the directory kept, changes in effect at once."""

from __future__ import annotations

import pytest

from dispatch.kit.slack.manifest import manifest
from dispatch.projects.models import PluginInstance
from tests.projects.settings_pages import Admin, admin, directory, facts, instance
from tests.stage import ADA, BO, Stage

IDS = {"app_user_slug": "", "app_id": "", "team_id": ""}


def ids(of: PluginInstance) -> tuple[str, str, str]:
    return of.settings["app_user_slug"], of.settings["app_id"], of.settings["team_id"]


def real(stage: Stage) -> tuple[str, str, str]:
    return stage.app["bot_user_id"], stage.app["app_id"], stage.app["team_id"]


async def slack_of(stage: Stage) -> tuple[Admin, PluginInstance]:
    return await admin(stage), await instance(stage, "slack-conversation")


@pytest.mark.seed("setting App User Id")
async def test_empty_ids_are_filled_from_slack(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    answer = await ada.send(slack.id, **IDS)
    assert "filled in from Slack" in answer.text
    assert ids(await instance(stage, "slack-conversation")) == real(stage)


async def test_an_id_that_is_not_the_tokens_is_saved_and_shown(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    answer = await ada.send(slack.id, app_user_slug="U0SOMEBODY")
    wrong = f"U0SOMEBODY is entered, but the bot token belongs to {stage.app['bot_user_id']}."
    assert answer.status_code == 200 and wrong in answer.text
    assert wrong in (await ada.open("")).text
    assert (await instance(stage, "slack-conversation")).settings["app_user_slug"] == "U0SOMEBODY"


async def test_with_slack_away_saving_works_says_so_and_the_worker_completes_it(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    await stage.slack.faults({"target": "*", "kind": "error5xx"})
    answer = await ada.send(slack.id, **IDS, timeline_event_reaction="memo")
    assert answer.status_code == 200 and "Slack could not be asked" in answer.text and "not verified" in answer.text
    saved = await instance(stage, "slack-conversation")
    assert saved.settings["timeline_event_reaction"] == "memo" and ids(saved) == ("", "", "")
    await stage.slack.faults()

    async def filled() -> bool:
        return ids(await instance(stage, "slack-conversation")) == real(stage)

    await stage.eventually(filled, timeout=60)
    row = await directory(stage, slack.id)
    assert row is not None and (row.bot_user_id, row.app_id, row.team_id) == real(stage)
    assert "Everything works" in (await ada.open(slack.id)).text
    last = (await facts(stage, "plugin.configured"))[-1]
    assert last["changed"] == "App User Id, App ID, Team ID"


async def test_a_token_slack_refuses_is_said_at_once(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    answer = await ada.send(slack.id, api_bot_token="xoxb-not-a-token")
    assert answer.status_code == 200 and "API Bot Token" in answer.text
    assert [c["ok"] for c in (await instance(stage, "slack-conversation")).checks] == [False]


async def test_the_directory_follows_enable_disable_and_delete(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    assert await directory(stage, slack.id) is not None
    await ada.press(f"{slack.id}/disable")
    assert await directory(stage, slack.id) is None
    await ada.press(f"{slack.id}/enable")
    row = await directory(stage, slack.id)
    assert row is not None and row.team_id == stage.app["team_id"]
    await ada.press(f"{slack.id}/delete")
    assert await directory(stage, slack.id) is None


async def test_no_call_is_made_to_switch_off_while_slack_is_away(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    await stage.slack.faults({"target": "*", "kind": "latency", "seconds": 60})
    assert (await ada.press(f"{slack.id}/disable")).status_code == 200
    assert not (await instance(stage, "slack-conversation")).enabled


@pytest.mark.seed("setting Private Channels")
async def test_private_channels_hold_for_the_next_incident(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    first = await stage.report()
    await stage.settle()
    await ada.send(slack.id, without=("private_channels",))
    second = await stage.report()
    await stage.settle()
    assert (await stage.channel_of(first))["is_private"] is True
    assert (await stage.channel_of(second))["is_private"] is False


@pytest.mark.seed("setting Command Strings", "slash commands")
async def test_a_renamed_command_is_answered_under_its_new_name_at_once(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    named = manifest(stage.base_url, "default", names={"report_incident": "/outage"})
    renamed = await stage.slack.app(stage.app["team_id"], named)
    channel = stage.general
    await stage.slack.invite(ADA, channel, renamed["bot_user_id"])
    await ada.send(
        slack.id, **IDS, api_bot_token=renamed["bot_token"], signing_secret=renamed["signing_secret"],
        slack_command_report_incident="/outage",
    )  # fmt: skip
    await stage.slack.command(BO, channel, "/outage")
    assert (await stage.form(BO))["title"]["text"] == "Report incident"
    await ada.send(slack.id, slack_command_report_incident="/emergency")
    answer = await stage.slack.command(BO, channel, "/outage")
    assert "not known" in answer["ephemeral"][0]["text"], answer


async def test_one_app_must_not_mean_two_things_by_one_name(stage: Stage) -> None:
    ada, slack = await slack_of(stage)
    answer = await ada.send(
        slack.id, slack_command_report_incident="/dispatch-create-task", slack_command_create_task="/dispatch-task"
    )
    assert answer.status_code == 422
    assert "is “create task” in the project Payments, which uses the same Slack app" in answer.text


async def test_ban_threads_and_reaction_reach_what_answers_slack_at_once(stage: Stage) -> None:
    """What the handlers of messages and reactions are given; what they do with it has scenarios of its own."""
    ada, slack = await slack_of(stage)

    async def given() -> tuple[object, object]:
        [found] = [i for i in await stage.house.installations.of("default") if i.instance_id == slack.id]
        return found.options["ban_threads"], found.options["timeline_event_reaction"]

    assert await given() == (True, "stopwatch")
    await ada.send(slack.id, without=("ban_threads",), timeline_event_reaction="memo")
    assert await given() == (False, "memo")
