"""Runs one step of a flow: claim, precondition, the outside call, one finishing transaction."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson
import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dispatch.kit import clock
from dispatch.kit.db import Database, OrgId, Tx, took_too_long
from dispatch.kit.errors import DispatchError, Refused, Unavailable
from dispatch.kit.events import Subject, announce
from dispatch.kit.flows import journal
from dispatch.kit.flows.bulkhead import Bulkhead
from dispatch.kit.flows.declare import PRIORITY, Flow, Skip, Step, flow_named
from dispatch.kit.flows.journal import FlowRun, FlowStep
from dispatch.kit.flows.turns import Turns

if TYPE_CHECKING:
    from dispatch.kit.jobs import Job

log = structlog.get_logger()
T = TypeVar("T")

STEPS = Counter("dispatch_flow_steps_total", "Flow step attempts by outcome", ["flow", "step", "outcome"])
SECONDS = Histogram("dispatch_flow_step_seconds", "Time a flow step attempt took", ["flow", "step"])

#: Attempts that broke off: the worker died, or our own code failed. From so many on, a step runs alone in its worker: whoever ends it must not
#: take the others along, and is found.
SUSPICIOUS_CRASHES = 2
#: Then a person has to look. Five of them were alone: with workers killed by chance all the time, three in a row happen.
MOST_CRASHES = SUSPICIOUS_CRASHES + 5
#: Seconds between attempts: 1, 2, 4 ... up to this.
LONGEST_PAUSE = 60.0


class Suspicious(Exception):
    """The step was under way when workers died; it runs when no other step does."""


class Lost(Exception):
    """Another worker took this step over; whatever this one did is not recorded."""


@dataclass
class StepContext:
    """What a step gets to work with."""

    org: OrgId
    subject: Subject
    run_id: int
    started_at: datetime
    step_id: int
    name: str
    attempt: int
    actor: int | None
    data: Mapping[str, Any]
    results: Mapping[str, Any]
    db: Database
    _services: Mapping[type, object]
    _claim: int
    _runner: Runner
    _declared: Step
    #: A person pressed Retry for this very attempt.
    asked: bool = False
    finished: bool = False

    @property
    def key(self) -> str:
        """The same at every attempt, unique over everything: what receivers dedupe by.

        The moment is in it because numbers begin anew in another database, and receivers remember the old ones.
        """
        return f"{self.org}-{self.run_id}-{int(self.started_at.timestamp()):x}-{self.name}"

    @property
    def repeat(self) -> bool:
        """True when an earlier attempt may have done the work already: look before doing it again."""
        return self.attempt > 1

    def use(self, kind: type[T]) -> T:
        """The service the composition root wired for this type."""
        return cast("T", self._services[kind])

    @asynccontextmanager
    async def done(self, result: Any = None) -> AsyncIterator[Tx]:
        """The finishing transaction: what is written inside and "done" in the journal happen together.

        Raises:
            Lost: another worker took the step over; nothing is written.
        """
        self._runner.checkpoint(self, "during")
        async with self.db.tx(self.org) as t:
            run = await self._runner.lock_run(t, self.run_id)
            if not await journal.mark(
                t,
                self.step_id,
                claim=self._claim,
                state="done",
                result=result,
                reason="",
                hint="",
                next_at=None,
                done_at=clock.now(),
                crashes=0,
            ):
                raise Lost(self.key)
            yield t
            await self._runner.follow(t, run)
        self.finished = True
        self._runner.checkpoint(self, "after")


class Runner:
    """Handles the queue's `flow.step` jobs.

    Args:
        db: the database.
        services: what steps may `use`, by type.
        checkpoint: called with (context, "before" | "during" | "after"); the crash tests end the process there.
    """

    def __init__(
        self,
        db: Database,
        services: Mapping[type, object],
        *,
        checkpoint: Callable[[StepContext, str], None] = lambda _context, _phase: None,
    ) -> None:
        self.db = db
        self.services = services
        self.checkpoint = checkpoint
        self._turns = Turns()
        self._bulkhead = Bulkhead()

    async def handle(self, job: Job) -> None:
        """Run the step the job names, once. Every outcome is in the journal before this returns."""
        payload = orjson.loads(job.payload)
        pause = 0.1
        while True:
            try:
                await self._handle(OrgId(payload["org"]), payload["step"], job.id)
                return
            except (OperationalError, InterfaceError, PoolTimeout) as why:
                # The database is away. The job stays ours: claiming again with the same job is allowed.
                log.warning("database_unavailable", step=payload["step"], error=type(why).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _handle(self, org: OrgId, step_id: int, job_id: int) -> None:
        try:
            async with self._turns.among_others():
                await self._run(org, step_id, job_id)
        except Suspicious:
            async with self._turns.alone():
                await self._run(org, step_id, job_id, alone=True)

    async def _run(self, org: OrgId, step_id: int, job_id: int, *, alone: bool = False) -> None:
        claimed = await self._claim(org, step_id, job_id, alone=alone)
        if claimed is None:
            return
        if isinstance(claimed, Suspicious):
            raise claimed
        context, declared, flow = claimed
        with structlog.contextvars.bound_contextvars(
            org=org, subject=f"{context.subject.kind}:{context.subject.id}", step=f"{flow.name}.{declared.name}"
        ):
            kind = (org, flow.name, declared.name)
            if not self._bulkhead.has_room(kind):
                await self._let_go(context, declared, flow)
                return
            with self._bulkhead.running(kind) as run:
                run.asked = await self._attempt(context, declared, flow) not in ("skipped", "lost")

    async def _let_go(self, context: StepContext, declared: Step, flow: Flow) -> None:
        """As if it had not been tried: others of its kind hang, and one more would only take a place."""
        STEPS.labels(flow.name, declared.name, "let_go").inc()
        why = "Others wait for the same system, which does not answer."
        await self._later(context, declared, why, random.uniform(2.0, 5.0), tried=False)

    async def _attempt(self, context: StepContext, declared: Step, flow: Flow) -> str:
        """Run it and write down how it ended, in one word."""
        self.checkpoint(context, "before")
        outcome = "done"
        with SECONDS.labels(flow.name, declared.name).time():
            try:
                result = await declared.run(context)
                if not context.finished:
                    async with context.done(result):
                        pass
            except (OperationalError, InterfaceError, PoolTimeout) as why:
                if not took_too_long(why):
                    raise
                # The database is there, and stopped a statement of ours: trying for ever would show nobody.
                outcome = "error"
                await self._crashed(context, declared)
            except Lost:
                outcome = "lost"
                log.warning("step_lost")
            except Skip as why:
                outcome = "skipped"
                await self._end(context, "skipped", reason=str(why))
            except Unavailable as why:
                outcome = "unavailable"
                await self._later(context, declared, str(why), why.retry_after)
            except Refused as why:
                outcome = "refused"
                await self._end(context, "failed", reason=str(why), hint=why.hint)
            except DispatchError as why:
                outcome = "refused"
                await self._end(context, "failed", reason=str(why))
            except Exception:
                outcome = "error"
                await self._crashed(context, declared)
        STEPS.labels(flow.name, declared.name, outcome).inc()
        return outcome

    async def _crashed(self, context: StepContext, declared: Step) -> None:
        """A defect of ours, being handled. Visible on the page with a number that is also in the log."""
        reference = uuid.uuid4().hex[:8]
        log.exception("step_crashed", reference=reference)
        await self._later(
            context, declared, f"Something unexpected happened (reference {reference}).", None, crash=True
        )

    async def _claim(
        self, org: OrgId, step_id: int, job_id: int, *, alone: bool
    ) -> tuple[StepContext, Step, Flow] | Suspicious | None:
        now = clock.now()
        async with self.db.tx(org) as t:
            run_id = await t.scalar(select(FlowStep.run_id).where(FlowStep.org_id == org, FlowStep.id == step_id))
            if run_id is None:
                return None
            # The run first, then the step: the same order everywhere, or two steps could wait for each other.
            run = await self.lock_run(t, run_id)
            row = (
                await t.scalars(
                    select(FlowStep)
                    .where(
                        FlowStep.org_id == org,
                        FlowStep.id == step_id,
                        # A running step belongs to the job that runs it: the queue handing out the same job again
                        # means that its worker died. A second job for the same step has nothing to do.
                        or_(FlowStep.state == "pending", (FlowStep.state == "running") & (FlowStep.job_id == job_id)),
                    )
                    .with_for_update()
                )
            ).one_or_none()
            if row is None or not row.ready:
                return None
            flow = flow_named(run.flow, run.version)
            declared = flow.by_name.get(row.name) if flow else None
            subject = Subject(run.subject_kind, run.subject_id)
            if flow is None or declared is None:
                row.state, row.reason = "failed", f"{run.flow} version {run.version} is not part of this Dispatch"
                row.hint = "Run a version that knows it, or set this up by hand."
                return None
            if row.state == "running":
                row.crashes += 1
            ended = await self._no_longer(t, row, declared, subject)
            if ended:
                row.changed_at = row.done_at = now
                await t.flush()
                await self.follow(t, run)
                await announce(t, subject, "steps")
                return None
            if row.crashes >= SUSPICIOUS_CRASHES and not alone:
                # Committed as pending: should the worker die while this one waits its turn, it had no part in it.
                row.state, row.job_id, row.changed_at = "pending", job_id, now
                await t.flush()
                return Suspicious()
            asked = row.reason == journal.ASKED
            row.state, row.job_id, row.next_at = "running", job_id, None
            row.claim += 1
            row.attempts += 1
            row.changed_at = now
            await t.flush()
            results = {
                name: result
                for name, result in await t.execute(
                    select(FlowStep.name, FlowStep.result).where(
                        FlowStep.org_id == org, FlowStep.run_id == run.id, FlowStep.state == "done"
                    )
                )
            }
            await announce(t, subject, "steps")
            context = StepContext(
                org, subject, run.id, run.started_at, row.id, row.name, row.attempts, run.actor, run.data, results,
                self.db, self.services, row.claim, self, declared, asked=asked,
            )  # fmt: skip
            return context, declared, flow

    async def _no_longer(self, t: Tx, row: FlowStep, declared: Step, subject: Subject) -> bool:
        """Set the end state of a step that shall not run any more; False when it shall."""
        if row.deadline_at < clock.now():
            row.state = "expired"
            row.reason = f"Not done in time. {row.reason}".strip()
            return True
        if row.crashes >= MOST_CRASHES:
            row.state = "failed"
            row.reason = f"It broke off {row.crashes} times. {row.reason}".strip()
            row.hint = "See the worker's log, then try again."
            return True
        if row.state == "running" and declared.delivery == "at most once":
            row.state = "done"
            row.reason = "Perhaps not seen: the worker died while sending it, and it must not be sent twice."
            return True
        if declared.when is not None:
            why_not = await declared.when(t, subject)
            if why_not is not None:
                row.state, row.reason = "skipped", why_not
                return True
        return False

    async def _end(self, context: StepContext, state: str, *, reason: str, hint: str = "") -> None:
        async with self.db.tx(context.org) as t:
            run = await self.lock_run(t, context.run_id)
            if await journal.mark(
                t, context.step_id, claim=context._claim, state=state, reason=reason, hint=hint, done_at=clock.now()
            ):
                await self.follow(t, run)
                await announce(t, context.subject, "steps")

    async def _later(
        self, context: StepContext, declared: Step, reason: str, retry_after: float | None, *, crash: bool = False,
        tried: bool = True,
    ) -> None:  # fmt: skip
        pause = min(LONGEST_PAUSE, 2.0 ** min(context.attempt - 1, 10)) * random.uniform(0.8, 1.2)
        if retry_after is not None:
            pause = max(retry_after, 0.05)
        delay = timedelta(seconds=pause)
        async with self.db.tx(context.org) as t:
            values: dict[str, Any] = {"reason": reason, "next_at": clock.now() + delay}
            if crash:
                values["crashes"] = FlowStep.crashes + 1
            if not tried:
                values["attempts"] = FlowStep.attempts - 1
            if await journal.mark(t, context.step_id, claim=context._claim, state="pending", **values):
                await journal.enqueue_step(
                    t, context.step_id, claim=context._claim, priority=PRIORITY[declared.lane], delay=delay
                )
                await announce(t, context.subject, "steps")

    async def lock_run(self, t: Tx, run_id: int) -> FlowRun:
        """The run's row, locked: two steps that end together must not both overlook their common follower."""
        return (
            await t.scalars(select(FlowRun).where(FlowRun.org_id == t.org, FlowRun.id == run_id).with_for_update())
        ).one()

    async def follow(self, t: Tx, run: FlowRun) -> None:
        """Enqueue what the end of a step made possible."""
        flow = flow_named(run.flow, run.version)
        if flow is not None:
            await t.flush()
            await journal.release_followers(t, run, flow)
            await announce(t, Subject(run.subject_kind, run.subject_id), "steps")
