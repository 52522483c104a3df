"""What went over the wire: every Web API call and every delivery to an app, newest last."""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

KEPT = 200_000


@dataclass
class ApiCall:
    n: int
    at: float
    team: str | None
    token_kind: str | None
    method: str
    args: dict[str, Any]
    result: dict[str, Any]
    ms: float
    # HTTP status; 0 when a fault left the call unanswered.
    status: int = 200
    app_id: str | None = None


@dataclass
class Sent:
    """One attempt to reach an app."""

    n: int
    at: float
    team: str
    app_id: str
    kind: str
    name: str
    event_id: str | None
    attempt: int
    status: int
    ms: int
    error: str | None


T = TypeVar("T", ApiCall, Sent)


class Log(Generic[T]):
    def __init__(self) -> None:
        self._rows: deque[T] = deque(maxlen=KEPT)
        self._next = 1

    def number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def add(self, row: T) -> None:
        self._rows.append(row)

    def since(self, n: int) -> list[dict[str, Any]]:
        """Rows numbered above `n`, in the order they ended."""
        rows: Iterable[T] = self._rows
        if self._rows and n >= self._rows[0].n + 1000:
            # Rows end slightly out of order; start a little early and filter.
            rows = islice(self._rows, max(0, n - self._rows[0].n - 1000), None)
        return [asdict(row) for row in rows if row.n > n]
