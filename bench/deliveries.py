"""What an acknowledged event costs: signed events for one of our channels, 16 clients, durable before the answer.

Prints acknowledgements per second and, since other work on the machine moves that figure, the CPU time of the web process
per thousand; beside them the same for `/healthz/live`, which does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.process.stack import Stack, running_stack
from tests.process.test_inbox_crash import prepared
from tests.slack_side import SlackSide

TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


async def load(stack: Stack, name: str, one: Callable[[int], Awaitable[int]], *, seconds: float, clients: int) -> None:
    """Closed loop: each client sends the next request when it has the answer."""
    assert stack.web is not None
    until = time.monotonic() + seconds
    took: list[float] = []
    number = 0

    async def client() -> None:
        nonlocal number
        while time.monotonic() < until:
            number += 1
            began = time.perf_counter()
            assert await one(number) == 200
            took.append(time.perf_counter() - began)

    before, began = cpu(stack.web.pid), time.monotonic()
    await asyncio.gather(*(client() for _ in range(clients)))
    lasted, used = time.monotonic() - began, cpu(stack.web.pid) - before
    took.sort()
    print(
        f"{name:16} {len(took) / lasted:7.0f}/s  p50 {statistics.median(took) * 1000:6.1f} ms  "
        f"p99 {took[int(len(took) * 0.99)] * 1000:6.1f} ms  web CPU {used / len(took) * 1_000_000:6.0f} us each"
    )


async def measure(stack: Stack, slack: SlackSide, seconds: float, clients: int) -> None:
    async def live(_n: int) -> int:
        return (await slack.web.get("/healthz/live")).status_code

    async def ours(n: int) -> int:
        happened = {"type": "member_joined_channel", "user": f"U0P{n % 100:03d}", "channel": "C0PAST1", "channel_type": "G"}
        return (await slack.event(happened)).status_code

    async def foreign(_n: int) -> int:
        happened = {"type": "member_joined_channel", "user": "U0P001", "channel": "C0FOREIGN", "channel_type": "G"}
        return (await slack.event(happened)).status_code

    async def unknown(_n: int) -> int:
        return (await slack.command("/unknown")).status_code

    for name, one in (("nothing", live), ("event", ours), ("foreign event", foreign), ("command", unknown)):
        await load(stack, name, one, seconds=seconds, clients=clients)
    await slack.web.aclose()


def main() -> None:
    """Start everything, measure, stop."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--seconds", type=float, default=10)
    wanted.add_argument("--clients", type=int, default=16)
    given = wanted.parse_args()
    with running_stack() as stack:
        asyncio.run(measure(stack, prepared(stack), given.seconds, given.clients))
        print(f"{stack.rows('select count(*) from slack_inbox')[0][0]} events stored")


if __name__ == "__main__":
    main()
