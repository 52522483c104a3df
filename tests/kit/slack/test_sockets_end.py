"""The one who looks after the sockets ends when it is told to, whatever it is doing then."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from dispatch.kit.slack.sockets import Sockets, _Running


class App:
    """A socket that takes its time to acknowledge what is under way."""

    def __init__(self) -> None:
        self.told, self.drained, self.left = asyncio.Event(), asyncio.Event(), 0
        self.socket = SimpleNamespace(stop=self.told.set)

    async def leave(self) -> None:
        self.left += 1


async def nothing_configured() -> list[Any]:
    return []


async def test_told_to_end_while_a_socket_is_ended_it_ends_and_the_socket_drains() -> None:
    app: Any = App()
    anything: Any = SimpleNamespace(installations=SimpleNamespace(everywhere=nothing_configured))
    sockets = Sockets(anything, anything, open_link=anything, session=anything, holder="test", every=0.01)
    draining = asyncio.create_task(app.drained.wait())
    sockets._running["an app that is not configured any more"] = _Running(app, draining)
    running = asyncio.create_task(sockets.run())
    await app.told.wait()
    running.cancel()
    await asyncio.sleep(0)
    app.drained.set()
    done, _ = await asyncio.wait({running}, timeout=30)
    if not done:
        draining.cancel()
        running.cancel()
    assert done
    assert running.cancelled()
    assert not draining.cancelled()
    assert app.left == 1
