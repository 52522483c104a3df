"""A step whose job is gone is not forgotten, whatever became of the job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from dispatch.kit.db import OrgId
from dispatch.kit.flows.journal import re_enqueue_orphans
from dispatch.people.queries import organization
from tests.stage import Stage


async def change(stage: Stage, incident: str, step: str, values: str, **given: Any) -> OrgId:
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.tx(org.id) as t:
        await t.execute(
            text(
                f"update flow_step set {values} where name = :step and run_id in"
                " (select r.id from flow_run r join situation i on i.id = r.subject_id where i.name = :incident)"
            ),
            {"step": step, "incident": incident, **given},
        )
    return org.id


async def rescue(stage: Stage, org: OrgId) -> int:
    async with stage.house.db.tx(org) as t:
        return await re_enqueue_orphans(t, org, older_than=timedelta(minutes=1))


async def test_a_running_step_whose_job_is_gone_runs_again(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org = await change(
        stage, name, "ticket",
        "state = 'running', job_id = 987654321, done_at = null, claim = claim + 1, changed_at = now() - interval '2 min'",
    )  # fmt: skip
    # The worker looks as well, each ten seconds: who was first does not matter.
    await rescue(stage, org)

    async def done() -> bool:
        return next(s for s in await stage.steps(name) if s["name"] == "ticket")["state"] == "done"

    await stage.eventually(done)
    browser = await stage.sign_in("bo@example.com")
    # Found by its key: there is still one ticket.
    assert (await browser.get(f"/default/incidents/{name}/fragments/resources")).text.count(
        "<small>Ticket</small>"
    ) == 1
    await browser.aclose()


async def test_a_running_step_somebody_works_on_is_left_alone(stage: Stage) -> None:
    await stage.slack.faults({"target": "conversations.create", "kind": "latency", "seconds": 3, "count": 1})
    name = await stage.report()

    async def creating() -> bool:
        return next(s for s in await stage.steps(name) if s["name"] == "channel")["state"] == "running"

    await stage.eventually(creating)
    org = await change(stage, name, "channel", "changed_at = now() - interval '5 min'")
    assert await rescue(stage, org) == 0
    await stage.settle()
    await stage.channel_of(name)


async def test_a_waiting_step_whose_job_is_gone_runs(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    org = await change(
        stage, name, "ticket",
        "state = 'pending', done_at = null, claim = claim + 1, changed_at = now() - interval '2 min'",
    )  # fmt: skip
    # The worker looks as well, each ten seconds: who was first does not matter.
    await rescue(stage, org)

    async def done() -> bool:
        return next(s for s in await stage.steps(name) if s["name"] == "ticket")["state"] == "done"

    await stage.eventually(done)
