"""How many events an app gets and how many it may fail to take before Slack stops sending them."""

from collections import defaultdict
from dataclasses import dataclass, field

from .clock import Clock

# Documented: 30,000 events in an hour for one app in one workspace; one notice for each minute above.
HOURLY = 30_000
# Documented: subscriptions end when more than 95 % of an hour's attempts failed, unless there were fewer than 1,000.
FAILING_SHARE = 0.95
FAILING_FROM = 1_000
_HOUR = 60


@dataclass
class _Count:
    """Numbers by minute, an hour back."""

    minutes: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, minute: int) -> None:
        if minute not in self.minutes:
            for old in [one for one in self.minutes if one <= minute - _HOUR]:
                del self.minutes[old]
        self.minutes[minute] += 1

    def since(self, minute: int) -> int:
        return sum(number for one, number in self.minutes.items() if one > minute - _HOUR)


class Subscriptions:
    def __init__(self, clock: Clock) -> None:
        self.hourly = HOURLY
        self.failing_from = FAILING_FROM
        self._clock = clock
        self._sent: dict[str, _Count] = defaultdict(_Count)
        self._tried: dict[str, _Count] = defaultdict(_Count)
        self._failed: dict[str, _Count] = defaultdict(_Count)
        # app -> the minute for which it was told that events are dropped.
        self._told: dict[str, int] = {}

    @property
    def minute(self) -> int:
        return int(self._clock.now() // 60)

    def over(self, app: str) -> bool:
        """Whether this hour's events are used up; counts the event when they are not."""
        now = self.minute
        if self._sent[app].since(now) >= self.hourly:
            return True
        self._sent[app].add(now)
        return False

    def first_drop(self, app: str) -> bool:
        """Whether this is the first event dropped in this minute."""
        if self._told.get(app) == self.minute:
            return False
        self._told[app] = self.minute
        return True

    def failing(self, app: str, *, ok: bool) -> bool:
        """Counts an attempt; whether the app now fails so often that its subscription ends."""
        now = self.minute
        self._tried[app].add(now)
        if ok:
            return False
        self._failed[app].add(now)
        tried = self._tried[app].since(now)
        return tried >= self.failing_from and self._failed[app].since(now) > FAILING_SHARE * tried

    def forgive(self, app: str) -> None:
        """The subscription was switched on again: counting begins anew."""
        for counts in (self._tried, self._failed):
            counts.pop(app, None)

    def forget(self) -> None:
        for counts in (self._sent, self._tried, self._failed):
            counts.clear()
        self._told.clear()
