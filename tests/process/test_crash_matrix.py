"""Kills workers at every point of every step, the web process and PostgreSQL: nothing is lost, nothing is doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from bench.count_from_sandbox import Expected, count, table, wrong

from dispatch.kit.flows.declare import flow_named
from tests.process.stack import ADA, BO, Stack, running_stack

pytestmark = [pytest.mark.process, pytest.mark.timeout(500)]

#: Every step that calls somebody here; with Slack at hand the other two have nothing to do.
IDLE = ("so_far", "mail_link")
STEPS = (
    "page", "page_email", "page_webhook", "channel", "people", "topic", "welcome", "welcome_dm", "ticket", "document", "bridge",
    "summary", "announce",
)  # fmt: skip
PHASES = ("before", "during", "after")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One for all tests of this file; each declares incidents of its own."""
    with running_stack() as made:
        yield made


@pytest.fixture(autouse=True)
def no_workers_left(stack: Stack) -> Iterator[None]:
    """Each test starts its own workers."""
    yield
    stack.stop_workers()


def everything_once(stack: Stack, names: list[str]) -> None:
    """Every delivery of these incidents exactly once, counted in the sandbox; no step failed."""
    assert stack.unhappy() == []
    tallies = count(stack.slack_url, stack.bot, [Expected(name, BO, ADA) for name in names], stack.calls)
    assert wrong(tallies) == {}, f"\n{table(tallies)}"
    mails = Counter(str(m["Subject"]).split()[3] for m in stack.mailbox.to("ada@example.com", "You are needed"))
    pages = Counter(page["name"] for page in stack.pager.pages.values() if page["call"] == 1)
    assert {name: (mails[name], pages[name]) for name in names} == dict.fromkeys(names, (1, 1))


def test_the_matrix_has_every_step() -> None:
    declared = flow_named("incident.set_up", 1)
    assert declared is not None
    assert tuple(name for name in declared.by_name if name not in IDLE) == STEPS


@pytest.mark.parametrize("phase", PHASES)
def test_worker_dies_at_every_step(stack: Stack, phase: str) -> None:
    points = [(step, phase) for step in STEPS]
    names = [stack.declare(f"Dies {phase} {step}", key=f"{step}-{phase}") for step, phase in points]
    ids = dict(stack.rows("select name, id from situation where name = any(%s)", names))
    for name, (step, phase) in zip(names, points, strict=True):
        (stack.crashes / f"{stack.org}-{ids[name]}.{step}.{phase}").touch()

    stack.start_workers(2)
    took = stack.settle(300)

    died = stack.worker_ends()
    print(f"{len(points)} crash points, {len(died)} deaths, {took:.1f} s")
    left = [point.name for point in stack.crashes.iterdir()]
    # A step that was recorded just as its neighbour ended the process never comes back to its own "after".
    assert left == [] or phase == "after"
    assert died.count(137) == len(points) - len(left)
    for point in stack.crashes.iterdir():
        point.unlink()
    everything_once(stack, names)


def test_web_dies_right_after_it_answered(stack: Stack) -> None:
    names = []
    for n in range(3):
        names.append(stack.declare(f"Web dies {n}", key=f"web-{n}"))
        stack.kill_web()
        stack.start_web()
        assert stack.declare(f"Web dies {n}", key=f"web-{n}") == names[-1]
    assert len(set(names)) == 3

    stack.start_workers(1)
    stack.settle(120)

    everything_once(stack, names)


def test_postgres_dies_while_incidents_are_set_up(stack: Stack) -> None:
    stack.start_workers(1)
    names = []
    for n in range(3):
        names += [stack.declare(f"Database dies {n} {m}", key=f"postgres-{n}-{m}") for m in range(3)]
        until = time.monotonic() + 10
        while not stack.rows("select from flow_step where state = 'running'") and time.monotonic() < until:
            time.sleep(0.01)
        assert stack.unended()
        stack.kill_postgres()

    stack.settle(200)

    everything_once(stack, names)
