"""What was asked lately: answers expire, also the answer that nobody is there; the oldest go when it is full."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from dispatch.ports.contacts import Contact

FOUND: Final = timedelta(minutes=10)
#: Short: a new colleague is paged a minute after their account was made.
NOT_FOUND: Final = timedelta(seconds=60)
LARGEST: Final = 10_000


class Cache:
    """Contacts by e-mail or chat id."""

    def __init__(self, clock: Callable[[], datetime], *, largest: int = LARGEST) -> None:
        self._clock = clock
        self._largest = largest
        self._mark = 0
        self._rows: OrderedDict[str, tuple[datetime, Contact | None]] = OrderedDict()

    def get(self, name: str) -> tuple[bool, Contact | None]:
        """Whether the answer is known, and the answer."""
        row = self._rows.get(name)
        if row is None or row[0] <= self._clock():
            return False, None
        return True, row[1]

    @property
    def mark(self) -> int:
        """Changes when something is forgotten: an answer asked for before must not be kept after."""
        return self._mark

    def put(self, name: str, contact: Contact | None, *, mark: int | None = None) -> None:
        if mark is not None and mark != self._mark:
            return
        self._rows[name] = (self._clock() + (FOUND if contact else NOT_FOUND), contact)
        self._rows.move_to_end(name)
        while len(self._rows) > self._largest:
            self._rows.popitem(last=False)

    def forget(self, *names: str) -> None:
        """Drop these names, and every other name of the people behind them."""
        self._mark += 1
        people = {row[1].chat_user_id for name in names if (row := self._rows.get(name)) and row[1]} | set(names)
        for name, (_, contact) in list(self._rows.items()):
            if name in names or (contact is not None and contact.chat_user_id in people):
                del self._rows[name]

    def __len__(self) -> int:
        return len(self._rows)
