"""Work that many callers need at the same moment, done for all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Together(Generic[Asked, Answered]):
    """Calls that come in while one runs are answered together by the next: no timer, no wait when it is quiet.

    What a caller gets was always begun after the call, so it is never older than the question.

    Args:
        work: answers several questions, in their order; its exception reaches everybody who asked.
        most: questions at a time.
        lanes: how many may run at the same time.
    """

    def __init__(
        self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]], *, most: int = 100, lanes: int = 1
    ) -> None:
        self._work = work
        self._most = most
        self._lanes = lanes
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, asked: Asked) -> Answered:
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._running < self._lanes:
            # Counted here and where it ends, not by the task's own state: between a task's last look and its end nobody
            # may believe that it still works.
            self._running += 1
            task = asyncio.create_task(self._run(), name="together")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _run(self) -> None:
        try:
            await self._until_nobody_waits()
        finally:
            self._running -= 1

    async def _until_nobody_waits(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                answers = await self._work([asked for asked, _ in batch])
            except BaseException as why:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(why if isinstance(why, Exception) else ConnectionError("cut off"))
                        answer.exception()  # whoever asked may be gone; that is no news
                if not isinstance(why, Exception):
                    raise
                continue
            for (_, answer), value in zip(batch, answers, strict=True):
                if not answer.done():
                    answer.set_result(value)
