"""The load: a closed loop of clients, each asking again as soon as it was answered."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.wire import Connection

CLIENTS = 16


@dataclass(frozen=True)
class Figure:
    """What one run gave. Times in milliseconds."""

    per_second: float
    p50: float
    p95: float
    p99: float
    worst: float
    count: int
    wrong: int
    load_before: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:.0f}/s, p50 {self.p50:.1f}, p95 {self.p95:.1f}, p99 {self.p99:.1f}, worst {self.worst:.0f} ms"
            + (f", {self.wrong} WRONG of {self.count}" if self.wrong else "")
        )


async def closed_loop(
    port: int | list[int],
    make: Callable[[int], bytes],
    *,
    seconds: float,
    clients: int = CLIENTS,
    right: Callable[[int, bytes], bool] = lambda status, _body: status == 200,
    warm_up: float = 1.0,
) -> Figure:
    """Run it.

    Args:
        port: one, or several that the clients are spread over.
        make: the request with this running number.
        right: whether an answer is what was wanted; others are counted as wrong.
        warm_up: seconds before counting starts.
    """
    ports = port if isinstance(port, list) else [port]
    load_before = os.getloadavg()[0]
    times: list[float] = []
    wrong = 0
    number = 0
    begin = time.perf_counter() + warm_up
    end = begin + seconds

    async def client(which: int) -> None:
        nonlocal number, wrong
        connection = await Connection.to(ports[which % len(ports)])
        while (sent := time.perf_counter()) < end:
            number += 1
            status, body = await connection.ask(make(number))
            now = time.perf_counter()
            if sent >= begin:
                times.append(now - sent)
                wrong += not right(status, body)
        connection.close()

    await asyncio.gather(*(client(n) for n in range(clients)))
    return figure(times, wrong=wrong, seconds=seconds, load_before=load_before)


def figure(times: list[float], *, wrong: int, seconds: float, load_before: float) -> Figure:
    """From single times in seconds."""
    ordered = sorted(times) or [0.0]

    def at(part: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000

    return Figure(
        len(times) / seconds, at(0.5), at(0.95), at(0.99), ordered[-1] * 1000, len(times), wrong, round(load_before, 2)
    )


def median(figures: list[Figure]) -> Figure:
    """The middle one by throughput."""
    return sorted(figures, key=lambda f: f.per_second)[len(figures) // 2]
