"""Questions asked at the same moment share an answer; nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from dispatch.kit.together import Together


async def test_those_who_ask_while_one_is_answered_share_the_next() -> None:
    batches: list[list[int]] = []

    async def double(asked: Sequence[int]) -> list[int]:
        batches.append(list(asked))
        await asyncio.sleep(0.01)
        return [each * 2 for each in asked]

    together = Together(double)
    assert await asyncio.gather(*(together(n) for n in range(50))) == [n * 2 for n in range(50)]
    assert [len(batch) for batch in batches] == [50]
    first = asyncio.create_task(together(1))
    await asyncio.sleep(0.002)
    assert await asyncio.gather(*(together(n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert await first == 2
    assert [len(batch) for batch in batches] == [50, 1, 5]


async def test_nobody_is_forgotten_at_any_moment() -> None:
    async def echo(asked: Sequence[int]) -> list[int]:
        for _ in range(asked[0] % 4):
            await asyncio.sleep(0)
        return list(asked)

    together = Together(echo, most=3)

    async def many(start: int) -> None:
        for n in range(start, start + 300):
            assert await together(n) == n
            for _ in range(n % 5):
                await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await asyncio.gather(*(many(start) for start in (0, 1000, 2000)))


async def test_an_error_reaches_everybody_who_asked_and_nobody_else() -> None:
    async def work(asked: Sequence[int]) -> list[int]:
        if 13 in asked:
            raise ValueError("13")
        return list(asked)

    together = Together(work)
    outcomes = await asyncio.gather(together(13), together(14), return_exceptions=True)
    assert [str(each) for each in outcomes] == ["13", "13"]
    assert await together(15) == 15


async def test_one_who_gives_up_costs_the_others_nothing() -> None:
    async def slow(asked: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.05)
        return list(asked)

    together = Together(slow)
    impatient, patient = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await asyncio.sleep(0.01)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient == 2
