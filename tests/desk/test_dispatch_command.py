"""/dispatch and its words."""

from __future__ import annotations

import pytest

from tests.playing import drawn, incident, refused, says, told_only, typed
from tests.stage import ADA, BO, CY, Stage, over_both

SEED = (
    "add-timeline-event", "assign-role", "engage-oncall", "list-incidents", "list-my-tasks", "list-participants",
    "list-tasks", "report-executive", "report-incident", "report-tactical", "update-incident", "notifications-group",
    "update-participant", "create-task", "take-command",
)  # fmt: skip


@over_both
async def test_help_says_what_this_person_may_do_here(stage: Stage) -> None:
    name, channel = await incident(stage)
    leads = await refused(stage, ADA, channel, "/dispatch", "help")
    assert all(f"`/dispatch {word}`" in leads for word in SEED)
    assert f"*What you can do in {name}*" in leads
    can, _, cannot = (await refused(stage, BO, channel, "/dispatch")).partition("*Not now*")
    assert "/dispatch list-tasks" in can
    assert "/dispatch assign-role" in cannot
    assert "for Commander, Scribe and admins" in cannot
    can, _, cannot = (await refused(stage, CY, stage.general, "/dispatch", "help")).partition("*Not now*")
    assert "/dispatch report-incident" in can
    assert "works in the channel of an incident" in cannot


async def test_every_word_is_the_command(stage: Stage) -> None:
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, "/dispatch", "create-task Drain the queue")
    assert "Drain the queue" in str(view["blocks"])
    view = await typed(stage, CY, stage.general, "/dispatch", "list-incidents default payments")
    assert "project payments" in view["text"]
    assert "To assign roles you need to be Commander" in await refused(stage, BO, channel, "/dispatch", "assign-role")


async def test_the_command_is_taken_by_a_word(stage: Stage) -> None:
    name, channel = await incident(stage, acknowledged=False, Priority="High")
    # Bo takes part, and on the highest priority any member may lead, with a reason.
    answer = await stage.slack.command(BO, channel, "/dispatch", "take-command")
    assert answer["view"]["title"]["text"] == "Take command"
    view = await drawn(stage, BO)
    assert (await stage.slack.submit(BO, view["id"], {"Reason": "Ada is on a plane"}))["outcome"] == "closed"
    await says(stage, channel, ADA, f"Bo Nilsson leads {name} now")
    assert "You lead already." in await refused(stage, BO, channel, "/dispatch", "take-command")


async def test_an_unknown_word_is_answered_with_what_is_near(stage: Stage) -> None:
    text = await refused(stage, BO, stage.general, "/dispatch", "task")
    assert 'does not know "task"' in text
    assert "create-task" in text


@pytest.mark.seed("setting Command Strings")
async def test_names_are_configuration(stage: Stage) -> None:
    """Another name counts at once, and help shows it."""
    _, channel = await incident(stage)
    await stage.configure("slack-conversation", {"slack_command_list_tasks": "/todo"}, project="default")
    assert "`/todo`" in await refused(stage, ADA, channel, "/dispatch", "help")
    assert told_only
