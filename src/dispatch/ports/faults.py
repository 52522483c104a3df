"""Trouble on demand for the fakes of the ports, so that tests of flows need no network."""

from __future__ import annotations

from collections import defaultdict, deque

from dispatch.kit.errors import ProviderError


class Faults:
    """Errors to raise at the next calls, by the name of the method.

    `before` fails without doing the work, `after` does the work and then fails, as a time-out does.
    """

    def __init__(self) -> None:
        self._before: defaultdict[str, deque[ProviderError]] = defaultdict(deque)
        self._after: defaultdict[str, deque[ProviderError]] = defaultdict(deque)

    def before(self, method: str, *errors: ProviderError) -> None:
        self._before[method].extend(errors)

    def after(self, method: str, *errors: ProviderError) -> None:
        self._after[method].extend(errors)

    def entering(self, method: str) -> None:
        """Called by the fake first thing."""
        if self._before[method]:
            raise self._before[method].popleft()

    def leaving(self, method: str) -> None:
        """Called by the fake when the work is done."""
        if self._after[method]:
            raise self._after[method].popleft()
