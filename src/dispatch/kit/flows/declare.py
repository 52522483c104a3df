"""How a flow is declared: names, order, deadlines, preconditions, delivery classes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from dispatch.kit.db import Read, Tx
from dispatch.kit.events import Recorded, Subject

if TYPE_CHECKING:
    from dispatch.kit.flows.runner import StepContext

#: `once`: found by its key before it is repeated. `keyed`: the receiver drops the second copy by its key.
#: `at most once`: never repeated after an unclear end; the journal says "perhaps not seen".
Delivery = Literal["once", "keyed", "at most once"]

#: Order in which waiting steps run when there are more than workers.
Lane = Literal["people", "answers", "status", "decoration"]
PRIORITY: dict[str, int] = {"people": 40, "answers": 30, "status": 20, "decoration": 10}


class Skip(Exception):
    """Raised by a step that has nothing to do; the reason is shown in the journal."""


@dataclass(frozen=True)
class Step:
    """One outside call with everything that decides whether and when it runs."""

    name: str
    run: Callable[[StepContext], Awaitable[Any]]
    title: str
    after: tuple[str, ...]
    after_failed: bool
    when: Callable[[Read, Subject], Awaitable[str | None]] | None
    deadline: timedelta
    delivery: Delivery
    lane: Lane


def step(
    name: str,
    run: Callable[[StepContext], Awaitable[Any]],
    *,
    title: str,
    after: str | tuple[str, ...] = (),
    after_failed: bool = False,
    when: Callable[[Read, Subject], Awaitable[str | None]] | None = None,
    deadline: timedelta = timedelta(hours=24),
    delivery: Delivery = "keyed",
    lane: Lane = "status",
) -> Step:
    """Declare a step.

    Args:
        name: the journal's key; data, so it never changes once released.
        run: does the work; raises `Unavailable` (tried again), `Refused` (not), `Skip` (nothing to do).
        title: what people read on the page, in the imperative.
        after: steps that must be done first.
        after_failed: run even when one of `after` ended without success; runs again when that one succeeds later.
        when: read at each attempt; a returned sentence says why the step is no longer needed.
        deadline: from the start of the flow; after it the step expires instead of running late.
        delivery: what a crash in the middle may lead to, see `Delivery`.
        lane: priority among waiting steps.
    """
    needs = (after,) if isinstance(after, str) else after
    return Step(name, run, title, needs, after_failed, when, deadline, delivery, lane)


class Flow:
    """A named, versioned list of steps. A run finishes under the list it started with."""

    def __init__(self, name: str, version: int, steps: tuple[Step, ...]) -> None:
        self.name = name
        self.version = version
        self.steps = steps
        self.by_name = {s.name: s for s in steps}
        seen: set[str] = set()
        for s in steps:
            missing = set(s.after) - seen
            if missing:
                raise RuntimeError(f"{name}: step {s.name!r} comes after unknown steps {sorted(missing)}")
            if s.name in seen:
                raise RuntimeError(f"{name}: two steps are called {s.name!r}")
            seen.add(s.name)

    async def start(self, t: Tx, recorded: Recorded) -> int:
        """Begin a run in the transaction of the fact that caused it; returns the run's id."""
        from dispatch.kit.flows import journal  # noqa: PLC0415 - the journal needs the declarations first

        return await journal.begin(t, self, recorded)


@dataclass(frozen=True)
class Deciding:
    """Hangs a flow on a fact whose transaction decides whether anything starts, so that the journal of all others stays short.

    Args:
        decide: in place of `flow.start`; answers the run's id, or 0 when nothing starts.
    """

    flow: Flow
    decide: Callable[[Tx, Recorded], Awaitable[int]]

    @property
    def name(self) -> str:
        return self.flow.name

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.flow.steps

    async def start(self, t: Tx, recorded: Recorded) -> int:
        """What was decided."""
        return await self.decide(t, recorded)


_flows: dict[tuple[str, int], Flow] = {}


def flow(name: str, *, version: int = 1) -> Callable[..., Flow]:
    """Declare a flow: `flow("incident.set_up", version=1)(step(...), ...)`."""

    def build(*steps: Step) -> Flow:
        made = Flow(name, version, steps)
        if (name, version) in _flows:
            raise RuntimeError(f"two flows are called {name!r} version {version}")
        _flows[(name, version)] = made
        return made

    return build


def flow_named(name: str, version: int) -> Flow | None:
    """The declaration a stored run started with; None when a later version removed it."""
    return _flows.get((name, version))


def all_flows() -> list[Flow]:
    """Every declared flow, by name and version."""
    return [_flows[key] for key in sorted(_flows)]
