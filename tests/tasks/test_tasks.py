"""Tasks in Slack: made, given to people, resolved, listed, called to mind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from dispatch.kit import clock
from dispatch.people.models import Person
from dispatch.situations.models import Situation
from dispatch.tasks.models import Task
from slack_sandbox.client import Refused as SandboxRefused
from tests.playing import (
    DEE,
    drawn,
    incident,
    org_id,
    refused,
    rows,
    says,
    shown,
    timeline,
    told_directly,
    told_only,
    typed,
)
from tests.stage import ADA, BO, CY, Stage, over_both

CREATE, LIST, MINE = "/dispatch-create-task", "/dispatch-list-tasks", "/dispatch-list-my-tasks"


async def make(stage: Stage, channel: str, what: str, by: str = ADA, **values: Any) -> None:
    view = await typed(stage, by, channel, CREATE)
    answer = await stage.slack.submit(by, view["id"], {"Task Description": what, **values})
    assert answer["outcome"] == "closed", answer


@over_both
@pytest.mark.seed("/dispatch-create-task")
async def test_a_task_is_made_and_the_assignee_reads_it(stage: Stage) -> None:
    name, channel = await incident(stage)
    await make(stage, channel, "Roll back the release", Assignees=[DEE])
    told = await told_directly(stage, DEE, "Ada Lovelace gave you task 1")
    assert "Roll back the release" in str(told["blocks"])
    post = await says(stage, channel, BO, f"Task 1 of {name}: Roll back")
    assert f"<@{DEE}>" in str(post["blocks"])
    await stage.settle()
    assert DEE in (await stage.channel_of(name))["members"]
    assert "Ada Lovelace created task 1 for Dee Alvarez: Roll back the release" in await timeline(stage, name)


async def test_what_was_typed_begins_the_description(stage: Stage) -> None:
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, CREATE, "Call the bank & ask <why>")
    assert "Call the bank & ask <why>" in str(view["blocks"])


async def test_a_message_becomes_a_task(stage: Stage) -> None:
    name, channel = await incident(stage)
    said = await stage.slack.say(BO, channel, "Somebody should drain the queue")
    await stage.slack.shortcut(ADA, "create_task", {"channel": channel, "ts": said["ts"]})
    view = await drawn(stage, ADA)
    answer = await stage.slack.submit(ADA, view["id"], {})
    assert answer["outcome"] == "closed", answer
    await says(stage, channel, BO, f"Task 1 of {name}: Somebody should drain the queue")
    [task] = await rows(stage, "select source, url from task")
    assert task["source"] == "shortcut"
    assert said["ts"].replace(".", "") in task["url"]


async def test_the_same_form_sent_twice_is_one_task(stage: Stage) -> None:
    """Slack may send a submission again when our answer was lost."""
    _, channel = await incident(stage)
    await make(stage, channel, "Once")
    [task] = await rows(stage, "select source_key, situation_id from task")
    org = await org_id(stage)
    from dispatch.tasks.actions import create_task

    async with stage.house.db.tx(org) as t:
        situation = (await t.scalars(select(Situation).where(Situation.id == task["situation_id"]))).one()
        ada = (await t.scalars(select(Person).where(Person.email == "ada@example.com"))).one()
        again = await create_task(t, situation, "Once", by=ada, source="command", source_key=task["source_key"])
    assert again.number == 1
    assert len(await rows(stage, "select id from task")) == 1


async def test_who_does_not_steer_is_told_what_is_missing(stage: Stage) -> None:
    """W-55: asked at the click and again at the submission."""
    _, channel = await incident(stage)
    text = await refused(stage, BO, channel, CREATE)
    assert text.startswith(
        "To create a task you need to be Commander, Scribe or an admin of the project or the organization. Ask Ada Lovelace"
    )
    assert not await rows(stage, "select id from task")


async def test_a_right_lost_while_writing_is_noticed(stage: Stage) -> None:
    """W-55: the reporter may steer until the commander answers; then the open form is refused, and nothing is lost."""
    _, channel = await incident(stage, acknowledged=False)
    view = await typed(stage, BO, channel, CREATE)
    [page, *_] = await stage.direct_messages(ADA, "You are needed")
    await stage.slack.act_in_message(ADA, page["channel"], page["ts"], "acknowledge_command")
    answer = await stage.slack.submit(BO, view["id"], {"Task Description": "Too late"})
    assert answer["outcome"] == "errors"
    assert "To create a task you need to be Commander" in str(answer["errors"])
    assert not await rows(stage, "select id from task")


async def test_the_wrong_place_says_where(stage: Stage) -> None:
    """W-59: the reason is precise."""
    for command in (CREATE, LIST):
        assert "in the channel of an incident" in await refused(stage, ADA, stage.general, command)


async def test_a_due_date_in_the_past_is_refused_at_its_field(stage: Stage) -> None:
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, CREATE)
    answer = await stage.slack.submit(ADA, view["id"], {"Task Description": "Earlier", "Due": 1_000_000_000})
    assert answer["outcome"] == "errors"
    assert answer["errors"] == {"due_at": "This moment is in the past."}


async def test_a_bot_cannot_have_a_task(stage: Stage) -> None:
    """W-58: who cannot be resolved never becomes a made-up person."""
    _, channel = await incident(stage)
    view = await typed(stage, ADA, channel, CREATE)
    answer = await stage.slack.submit(
        ADA, view["id"], {"Task Description": "For nobody", "Assignees": [stage.app["bot_user_id"]]}
    )
    assert answer["outcome"] == "errors"
    assert "assignees" in answer["errors"]


async def test_resolving_and_reopening_shows_in_the_channel_and_the_timeline(stage: Stage) -> None:
    """W-87: state, history and time are kept, and the channel follows."""
    name, channel = await incident(stage)
    await make(stage, channel, "Restart the pods", Assignees=[DEE])
    await stage.settle()
    post = await says(stage, channel, DEE, f"Task 1 of {name}")
    await stage.slack.act_in_message(DEE, channel, post["ts"], "task_resolve")
    await told_only(stage, DEE, channel, "Task 1 is resolved now.")
    post = await says(stage, channel, BO, f"Task 1 of {name} · resolved")
    assert "Dee Alvarez resolved task 1: Restart the pods" in await timeline(stage, name)

    await stage.slack.act_in_message(ADA, channel, post["ts"], "task_reopen")
    await says(stage, channel, BO, f"Task 1 of {name}: Restart")
    [task] = await rows(stage, "select state, resolved_at, history from task")
    assert (task["state"], task["resolved_at"]) == ("open", None)
    assert [entry["state"] for entry in task["history"]] == ["open", "resolved", "open"]


async def test_a_stranger_to_the_task_cannot_resolve_it(stage: Stage) -> None:
    """W-55."""
    name, channel = await incident(stage)
    await make(stage, channel, "Not for everybody", Assignees=[DEE])
    await stage.settle()
    post = await says(stage, channel, BO, f"Task 1 of {name}")
    await stage.slack.act_in_message(BO, channel, post["ts"], "task_resolve")
    await told_only(stage, BO, channel, "To change task 1 you need to be one of its assignees, its creator")
    assert [row["state"] for row in await rows(stage, "select state from task")] == ["open"]


@pytest.mark.seed("/dispatch-list-my-tasks", "/dispatch-list-tasks")
async def test_the_list_keeps_to_its_filter_after_a_click(stage: Stage) -> None:
    """The known system shows everybody's tasks after a click in "my tasks" (section 13)."""
    name, channel = await incident(stage)
    await make(stage, channel, "Of Ada")
    await stage.slack.invite(ADA, channel, DEE)
    await make(stage, channel, "Of Dee", by=DEE)
    view = await typed(stage, DEE, stage.general, MINE)
    assert "Of Dee" in view["text"]
    assert f"{name} · 2" in view["text"]
    assert "Of Ada" not in view["text"]
    await stage.slack.act_in_view(DEE, view["id"], "task_resolve")
    view = await shown(stage, DEE, "Resolved (1)")
    assert "Of Ada" not in view["text"]
    assert "No open tasks." in view["text"]
    view = await typed(stage, BO, channel, LIST)
    assert "Of Ada" in view["text"]
    assert "Of Dee" in view["text"]


async def test_tasks_of_restricted_incidents_are_for_participants(stage: Stage) -> None:
    name, channel = await incident(stage, Visibility="restricted")
    await make(stage, channel, "Secret work", by=ADA)
    org = await org_id(stage)
    async with stage.house.db.tx(org) as t:
        cy = (await t.scalars(select(Person).where(Person.email == "cy@example.com"))).one()
        t.add(
            Task(
                org_id=org, situation_id=(await t.execute(select(Situation.id).where(Situation.name == name))).scalar_one(),
                number=2, description="Cy made this once", creator_id=cy.id, source="api", url="", history=[], post={},
                created_at=clock.now(), changed_at=clock.now(),
            )
        )  # fmt: skip
    view = await typed(stage, CY, stage.general, MINE)
    assert "Secret work" not in view["text"]
    assert "Cy made this once" not in view["text"]
    assert "No open tasks." in view["text"]
    assert "Secret work" in (await typed(stage, BO, channel, LIST))["text"]
    # Nor is it called to the mind of who made it once and sees it no more.
    async with stage.house.db.tx(await org_id(stage)) as t:
        await t.execute(
            update(Task)
            .where(Task.description == "Cy made this once")
            .values(due_at=clock.now() + timedelta(minutes=9), remind_at=clock.now())
        )

    async def came_to_its_end() -> list[str]:
        return [
            str(s["reason"])
            for s in await stage.steps()
            if s["name"] == "remind" and s["state"] in ("done", "skipped", "failed")
        ]

    assert await stage.eventually(came_to_its_end) == ["Who made the task does not see it any more."]
    assert not await stage.direct_messages(CY, "Task")


async def test_a_due_task_is_called_to_mind_and_can_be_put_off(stage: Stage) -> None:
    name, channel = await incident(stage)
    await make(
        stage, channel, "Answer the customer", Assignees=[BO], Due=int((clock.now() + timedelta(hours=2)).timestamp())
    )
    await stage.settle()
    await stage.advance(minutes=110)
    await told_directly(stage, BO, f"Task 1 of {name} is due in 10 minutes")
    await stage.advance(minutes=11)
    due = await told_directly(stage, BO, f"Task 1 of {name} is due now")
    await stage.slack.act_in_message(BO, due["channel"], due["ts"], "task_remind_again")
    await told_only(stage, BO, due["channel"], "again in 30 minutes")
    await stage.advance(minutes=31)
    again = await told_directly(stage, BO, f"Task 1 of {name} has been due for")
    await stage.slack.act_in_message(BO, again["channel"], again["ts"], "task_resolve")
    await says(stage, channel, ADA, f"Task 1 of {name} · resolved")
    assert (await rows(stage, "select remind_at from task"))[0]["remind_at"] is None


async def test_a_closed_form_is_let_go(stage: Stage) -> None:
    """W-16: who closes the modal while it is filled gets no error, and nothing crashes."""
    _, channel = await incident(stage)
    answer = await stage.slack.command(BO, channel, LIST)
    await stage.slack.close_view(BO, answer["view"]["id"])
    await asyncio.sleep(0)
    try:
        await stage.slack.view(BO)
    except SandboxRefused as why:
        assert why.status == 404
