"""Steps run side by side; a suspect runs when nobody else does."""

from __future__ import annotations

import asyncio

from dispatch.kit.flows.turns import Turns


async def test_a_suspect_waits_for_those_who_run_and_keeps_others_out() -> None:
    turns, said = Turns(patience=30), list[str]()
    first_may_end, suspect_may_end = asyncio.Event(), asyncio.Event()

    async def normal(name: str, until: asyncio.Event) -> None:
        async with turns.among_others():
            said.append(f"{name} starts")
            await until.wait()
            said.append(f"{name} ends")

    async def suspect() -> None:
        async with turns.alone():
            said.append("suspect starts")
            await suspect_may_end.wait()
            said.append("suspect ends")

    tasks = [asyncio.create_task(normal("first", first_may_end))]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(suspect()))
    for _ in range(5):
        await asyncio.sleep(0)
    tasks.append(asyncio.create_task(normal("second", first_may_end)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert said == ["first starts"]
    first_may_end.set()
    while len(said) < 3:
        await asyncio.sleep(0)
    suspect_may_end.set()
    await asyncio.gather(*tasks)
    assert said == ["first starts", "first ends", "suspect starts", "suspect ends", "second starts", "second ends"]


async def test_two_suspects_run_one_after_the_other() -> None:
    turns, running, most = Turns(patience=30), 0, 0

    async def suspect() -> None:
        nonlocal running, most
        async with turns.alone():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(suspect() for _ in range(5)))
    assert most == 1


async def test_a_neighbour_that_hangs_holds_nobody_up_for_ever() -> None:
    turns, hang = Turns(patience=0.05), asyncio.Event()

    async def hangs() -> None:
        async with turns.among_others():
            await hang.wait()

    hanging = asyncio.create_task(hangs())
    await asyncio.sleep(0)
    async with turns.alone(), turns.among_others():
        pass
    hang.set()
    await hanging
