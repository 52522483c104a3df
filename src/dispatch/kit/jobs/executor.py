"""One run of one job: calls its handler, tells an error from an interruption, keeps count of what runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain import models
from pgqueuer.domain.errors import RetryRequested

from dispatch.kit.jobs.connection import is_lost


@dataclass(frozen=True)
class Job:
    """What a handler is given.

    `attempts` counts how often the job went back to the queue (shutdown, lost connection). Takeover from a dead
    worker does *not* count, so a job that kills its worker comes back for ever: the journal above has to limit it.
    """

    id: int
    kind: str
    payload: bytes
    attempts: int


Handler = Callable[[Job], Awaitable[None]]
OnError = Callable[[Job, BaseException], Awaitable[None]]


@dataclass
class Running:
    """The jobs this worker is running, and those whose end is not yet recorded in the database."""

    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    stopping: bool = False

    def cut_off(self) -> None:
        """Cancel whatever runs; each job goes back to the queue."""
        for task in self.tasks.values():
            task.cancel("the job was cut off")


@dataclass
class HandlerExecutor(AbstractEntrypointExecutor):
    """Success ends the job, an error holds it, an interruption sends it back to the queue."""

    handler: Handler
    running: Running
    on_error: OnError | None

    async def execute(self, job: models.Job, context: models.Context) -> None:
        ours = Job(id=job.id, kind=job.entrypoint, payload=job.payload or b"", attempts=job.attempts)
        # A task of its own, so that cutting it off leaves pgqueuer's task alive to record what happened.
        task = asyncio.create_task(self._attempt(ours), name=f"job {ours.kind} {ours.id}")
        self.running.tasks[job.id] = task
        try:
            await task
        except asyncio.CancelledError as cut:
            # Left alone, pgqueuer would delete a cancelled job.
            raise RetryRequested(delay=self._pause(ours), reason="cut off") from cut
        except Exception as error:
            if is_lost(error):
                raise RetryRequested(delay=self._pause(ours), reason="lost the database") from error
            self.running.ended.add(job.id)
            raise
        else:
            self.running.ended.add(job.id)
        finally:
            if self.running.tasks.get(job.id) is task:
                del self.running.tasks[job.id]

    async def _attempt(self, job: Job) -> None:
        try:
            await self.handler(job)
        except Exception as error:
            if self.on_error is not None and not is_lost(error):
                # If this fails as well, its error is the one recorded, with the handler's as context.
                await self.on_error(job, error)
            raise

    def _pause(self, job: Job) -> timedelta:
        # At shutdown somebody else may start it now. Otherwise the same trouble would come back at once.
        if self.running.stopping:
            return timedelta(0)
        return timedelta(seconds=min(0.5 * 2.0 ** min(job.attempts, 10), 30.0))


def executors(
    handlers: Mapping[str, Handler], *, running: Running, on_error: OnError | None
) -> dict[str, HandlerExecutor]:
    return {kind: _executor(handler, running, on_error) for kind, handler in handlers.items()}


def _executor(handler: Handler, running: Running, on_error: OnError | None) -> HandlerExecutor:
    async def never(job: models.Job) -> None:
        raise AssertionError("pgqueuer wants a function of its own; HandlerExecutor.execute does not call it")

    # "hold": pgqueuer's default deletes a job that failed.
    parameters = EntrypointExecutorParameters(concurrency_limit=0, func=never, on_failure="hold")
    return HandlerExecutor(parameters, handler=handler, running=running, on_error=on_error)
