"""The journal of flows: rows, what state they may move to, and the jobs that move them.

Product data, shown on the incident page with reason and retry button.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    and_,
    cast,
    column,
    exists,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit import clock, jobs
from dispatch.kit.db import Base, OrgId, Read, Tenant, Tx, connection_of
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Recorded, Subject, announce
from dispatch.kit.flows.declare import PRIORITY, Flow, flow_named

JOB_KIND = "flow.step"

#: The reason of a step somebody pressed Retry for.
ASKED = "asked for by a person"

#: Ended states. Everything else is still to do.
ENDED = ("done", "failed", "skipped", "expired")


class FlowRun(Tenant, Base):
    """One run of a flow for one subject."""

    __tablename__ = "flow_run"
    __table_args__ = (Index("ix_flow_run_subject", "org_id", "subject_kind", "subject_id"),)

    flow: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    event_id: Mapped[int]
    actor: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]


class FlowStep(Tenant, Base):
    """One step of a run: pending, running, done, failed, skipped or expired.

    `claim` is the fencing token: it rises with each attempt, and only its holder may finish the step.
    """

    __tablename__ = "flow_step"
    __table_args__ = (
        UniqueConstraint("org_id", "run_id", "name"),
        Index("ix_flow_step_open", "org_id", "state", postgresql_where="state in ('pending', 'running')"),
    )

    run_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, default="pending")
    ready: Mapped[bool]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    crashes: Mapped[int] = mapped_column(Integer, default=0)
    claim: Mapped[int] = mapped_column(Integer, default=0)
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    next_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    hint: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Any] = mapped_column(JSONB, nullable=True)
    changed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


async def begin(t: Tx, flow: Flow, recorded: Recorded) -> int:
    """Insert the run and its steps and enqueue the steps that need nothing."""
    now = clock.now()
    run_id = (
        await t.execute(
            insert(FlowRun)
            .values(
                org_id=t.org,
                flow=flow.name,
                version=flow.version,
                subject_kind=recorded.subject.kind,
                subject_id=recorded.subject.id,
                event_id=recorded.event_id,
                actor=recorded.actor,
                data=_plain(recorded.fact),
                started_at=now,
            )
            .returning(FlowRun.id)
        )
    ).scalar_one()
    rows = (
        await t.execute(
            insert(FlowStep).returning(FlowStep.id, FlowStep.name),
            [
                {
                    "org_id": t.org,
                    "run_id": run_id,
                    "name": s.name,
                    "position": i,
                    "state": "pending",
                    "ready": not s.after,
                    "attempts": 0,
                    "crashes": 0,
                    "claim": 0,
                    "deadline_at": now + s.deadline,
                    "reason": "",
                    "hint": "",
                    "changed_at": now,
                }
                for i, s in enumerate(flow.steps)
            ],
        )
    ).all()
    for row in rows:
        declared = flow.by_name[row.name]
        if not declared.after:
            await enqueue_step(t, row.id, claim=0, priority=PRIORITY[declared.lane])
    await announce(t, recorded.subject, "steps")
    return run_id


async def enqueue_step(t: Tx, step_id: int, *, claim: int, priority: int, delay: timedelta | None = None) -> int | None:
    """Put the step's job into the queue. The key carries the claim: a job of an earlier attempt never blocks the next.

    Returns: the job's id; None when there is one already.
    """
    return await jobs.enqueue(
        await connection_of(t),
        JOB_KIND,
        orjson.dumps({"org": t.org, "step": step_id}),
        priority=priority,
        delay=delay,
        dedupe_key=f"step:{t.org}:{step_id}:{claim}",
    )


async def release_followers(t: Tx, run: FlowRun, flow: Flow) -> None:
    """Enqueue every waiting step whose needs are now met. The caller holds the run's row lock."""
    rows = {
        s.name: s
        for s in (await t.scalars(select(FlowStep).where(FlowStep.org_id == t.org, FlowStep.run_id == run.id)))
    }
    for declared in flow.steps:
        row = rows.get(declared.name)
        if row is None or not declared.after:
            continue
        needs = [rows[n] for n in declared.after]
        if row.state == "pending" and not row.ready:
            # A need that was skipped because nothing of the kind is configured holds nobody up.
            met = all(n.state in ("done", "skipped") or (declared.after_failed and n.state in ENDED) for n in needs)
            if met:
                row.ready = True
                row.changed_at = clock.now()
                await t.flush()
                await enqueue_step(t, row.id, claim=row.claim, priority=PRIORITY[declared.lane])
        elif declared.after_failed and row.state in ENDED and all(n.state in ("done", "skipped") for n in needs):
            late = [n for n in needs if n.state == "done" and n.done_at and row.done_at and n.done_at > row.done_at]
            if late:
                await _reopen(
                    t, row, PRIORITY[declared.lane], f"again, now that {', '.join(n.name for n in late)} is there"
                )


async def retry(t: Tx, about: Subject, step_id: int) -> FlowStep:
    """Try an ended or waiting-to-retry step once more, now; extends an elapsed deadline by an hour.

    Raises:
        NotFound: no such step of this subject.
    """
    found = (
        await t.execute(
            select(FlowStep, FlowRun)
            .join(FlowRun, (FlowRun.org_id == FlowStep.org_id) & (FlowRun.id == FlowStep.run_id))
            .where(
                FlowStep.org_id == t.org,
                FlowStep.id == step_id,
                FlowRun.subject_kind == about.kind,
                FlowRun.subject_id == about.id,
            )
            .with_for_update(of=FlowStep)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such step.")
    row, run = found
    flow = flow_named(run.flow, run.version)
    if flow is None or row.name not in flow.by_name:
        raise NotFound("This step belongs to an earlier version and cannot be repeated.")
    if row.state in ENDED or (row.state == "pending" and row.next_at is not None):
        row.deadline_at = max(row.deadline_at, clock.now() + timedelta(hours=1))
        row.crashes = 0
        await _reopen(t, row, PRIORITY[flow.by_name[row.name].lane], ASKED)
        await announce(t, about, "steps")
    return row


async def _reopen(t: Tx, row: FlowStep, priority: int, why: str) -> None:
    row.state, row.ready, row.next_at, row.reason, row.hint = "pending", True, None, why, ""
    row.claim += 1
    row.changed_at = clock.now()
    await t.flush()
    await enqueue_step(t, row.id, claim=row.claim, priority=priority)


async def steps_of(t: Read, about: Subject) -> list[tuple[FlowRun, FlowStep]]:
    """All steps of a subject in the order they were declared, newest run first."""
    rows = await t.execute(
        select(FlowRun, FlowStep)
        .join(FlowStep, (FlowRun.org_id == FlowStep.org_id) & (FlowRun.id == FlowStep.run_id))
        .where(FlowRun.org_id == t.org, FlowRun.subject_kind == about.kind, FlowRun.subject_id == about.id)
        .order_by(FlowRun.id.desc(), FlowStep.position)
    )
    return [(run, step) for run, step in rows]


async def re_enqueue_orphans(t: Tx, org: OrgId, *, older_than: timedelta) -> int:
    """Put steps back into the queue whose job is gone (its last attempt ended in an unexpected way).

    The queue itself takes over jobs of dead workers; this is the net below it. The key makes it harmless
    when the job still exists. A running step is handed to its new job as one whose worker died.
    """
    border = clock.now() - older_than
    rows = (
        await t.scalars(
            select(FlowStep)
            .where(
                FlowStep.org_id == org,
                FlowStep.ready,
                FlowStep.changed_at < border,
                or_(
                    and_(FlowStep.state == "pending", or_(FlowStep.next_at.is_(None), FlowStep.next_at < border)),
                    # Whoever works on a step has its job: one that is queued or picked may still come to its end.
                    and_(FlowStep.state == "running", ~_job_is_there()),
                ),
            )
            .with_for_update(skip_locked=True)
            .limit(200)
        )
    ).all()
    rescued = 0
    for row in rows:
        job_id = await enqueue_step(t, row.id, claim=row.claim, priority=PRIORITY["status"])
        if job_id is not None:
            rescued += 1
            if row.state == "running":
                row.job_id = job_id
    return rescued


def _job_is_there() -> ColumnElement[bool]:
    queue = table("pgqueuer", column("id"), column("status"), schema="jobs")
    return exists().where(queue.c.id == FlowStep.job_id, cast(queue.c.status, Text).in_(("queued", "picked")))


async def mark(t: Tx, step_id: int, *, claim: int, state: str, **values: Any) -> bool:
    """Move a running step on if `claim` still holds it; False when somebody else took over."""
    result = await t.execute(
        update(FlowStep)
        .where(FlowStep.org_id == t.org, FlowStep.id == step_id, FlowStep.claim == claim, FlowStep.state == "running")
        .values(state=state, changed_at=clock.now(), **values)
        .returning(FlowStep.id)
    )
    return result.scalar_one_or_none() is not None


def _plain(fact: Any) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(fact))
    return plain
