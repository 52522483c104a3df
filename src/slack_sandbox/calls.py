"""What went over the wire: every Web API call and every delivery to an app, newest last."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson

KEPT = 200_000
# Bytes of arguments and results that are kept: long lists read over and over would fill the memory otherwise.
KEPT_BYTES = 128 * 1024 * 1024


def kept(json: bytes) -> bytes:
    """A copy that is no longer than its content: orjson hands out 4 kB whatever it wrote."""
    return bytes(memoryview(json))


@dataclass(slots=True)
class ApiCall:
    n: int
    at: float
    team: str | None
    token_kind: str | None
    method: str
    # As `kept` gives it.
    args: bytes
    result: bytes
    ms: float
    # HTTP status; 0 when a fault left the call unanswered.
    status: int = 200
    app_id: str | None = None

    @property
    def size(self) -> int:
        return len(self.args) + len(self.result)

    def shown(self) -> dict[str, Any]:
        return _row(self) | {"args": orjson.loads(self.args), "result": orjson.loads(self.result)}


@dataclass(slots=True)
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

    size = 0

    def shown(self) -> dict[str, Any]:
        return _row(self)


class Ledger:
    """Every Web API call in a file, a line of JSON each as soon as it ended: whole where `Log` forgets.

    Without results, which may be long, and without tokens. `ok` and `error` are the answer's own.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, file: Path) -> None:
        # Not buffered: what was answered is written, even when the sandbox is killed.
        self._file = file.open("ab", buffering=0)

    def add(self, call: ApiCall, *, ok: bool, error: str | None) -> None:
        shown = {"n": call.n, "at": call.at, "team": call.team, "app_id": call.app_id, "method": call.method}
        said = {"args": orjson.Fragment(call.args), "status": call.status, "ok": ok, "error": error}
        self._file.write(orjson.dumps(shown | said) + b"\n")

    def close(self) -> None:
        self._file.close()


def _row(row: Any) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


T = TypeVar("T", ApiCall, Sent)


class Log(Generic[T]):
    """The newest rows: no more than `rows` of them, and no more than `size` bytes."""

    def __init__(self, *, rows: int = KEPT, size: int = KEPT_BYTES) -> None:
        self._rows: deque[T] = deque()
        self._next = 1
        self._most, self._most_bytes, self._bytes = rows, size, 0

    def number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def add(self, row: T) -> None:
        self._rows.append(row)
        self._bytes += row.size
        while len(self._rows) > self._most or (self._bytes > self._most_bytes and len(self._rows) > 1):
            self._bytes -= self._rows.popleft().size

    def since(self, n: int, limit: int | None = None) -> list[dict[str, Any]]:
        """Rows numbered above `n`, in the order they ended; the first `limit` of them."""
        rows: Iterable[T] = self._rows
        if self._rows and n >= self._rows[0].n + 1000:
            # Rows end slightly out of order; start a little early and filter.
            rows = islice(self._rows, max(0, n - self._rows[0].n - 1000), None)
        return [row.shown() for row in islice((row for row in rows if row.n > n), limit)]
