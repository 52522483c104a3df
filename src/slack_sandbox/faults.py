"""Injected trouble: which calls and deliveries go wrong, how often."""

import random
from dataclasses import dataclass

DELIVERIES = ("event", "command", "action")
KINDS = (
    "latency",
    "ratelimited",
    "error5xx",
    "timeout_after_work",
    "duplicate",
    "reorder",
    "drop_socket",
)


@dataclass
class Fault:
    """`target` is a method, `event`, `command`, `action` or `*` (every method); `kind` one of KINDS or `error:<name>`."""

    target: str
    kind: str
    seconds: float | None = None
    retry_after: int | None = None
    count: int | None = None
    probability: float | None = None
    team: str | None = None

    def concerns(self, target: str, team: str | None) -> bool:
        if self.team is not None and self.team != team:
            return False
        return self.target == target or (self.target == "*" and target not in DELIVERIES)


class Faults:
    def __init__(self) -> None:
        self.active: list[Fault] = []
        self.seed: int | None = None
        self._chance = random.Random(0)

    def replace(self, faults: list[Fault], seed: int | None) -> None:
        self.active = faults
        self.seed = seed
        self._chance = random.Random(seed)

    def take(self, target: str, team: str | None) -> list[Fault]:
        """The faults that strike this time; counted ones are used up."""
        struck = []
        for fault in self.active:
            if not fault.concerns(target, team) or fault.count == 0:
                continue
            if fault.probability is not None and self._chance.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
            struck.append(fault)
        return struck
