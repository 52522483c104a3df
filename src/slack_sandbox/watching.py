"""What a person saw since they did something: ephemeral messages, an opened or changed modal."""

import asyncio
import contextlib
from typing import Any

from . import modals, shapes
from .delivery import Ack
from .sandbox import Sandbox

Json = dict[str, Any]
PATIENCE = 0.25


def screen(box: Sandbox, person: str) -> Json | None:
    """The modal on top, with its plain text and the channel it was opened from."""
    view = modals.top(box, person)
    if view is None:
        return None
    return shapes.view(box, view) | {"text": modals.plain(view), "channel_id": view.channel_id}


class Watch:
    def __init__(self, box: Sandbox, person: str) -> None:
        self._box = box
        self._person = person
        self._whispers = len(box.whispered.get(person, []))
        self._views = box.view_changes.get(person, 0)

    @property
    def view_moved(self) -> bool:
        return self._box.view_changes.get(self._person, 0) > self._views

    @property
    def ephemeral(self) -> list[Json]:
        return [shapes.message(self._box, one) for one in self._box.whispered.get(self._person, [])[self._whispers :]]

    async def a_moment(self, seconds: float | None) -> None:
        """Waits until something can be seen, but not longer than `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (PATIENCE if seconds is None else seconds)
        while not self.view_moved and not self.ephemeral and (left := deadline - loop.time()) > 0:
            with contextlib.suppress(TimeoutError):  # nothing moved any more: the loop ends by itself
                await asyncio.wait_for(self._box.live.changed(), left)

    async def result(self, ack: Ack, *, wait: float | None, in_view: bool = False) -> Json:
        if ack.ok:
            await self.a_moment(wait)
        view = screen(self._box, self._person) if self.view_moved or in_view else None
        return {"ack": ack.shown(), "ephemeral": self.ephemeral, "view": view}
