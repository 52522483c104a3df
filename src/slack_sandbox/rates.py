"""Slack's rate limits: per method, workspace and app, and one message a second per channel."""

import math
from dataclasses import dataclass

from . import facts
from .clock import Clock

# Calls per minute of the four documented tiers; "bursts tolerated" is taken as: a minute's worth at once.
_TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
# Documented as "special" or "hundreds per minute"; numbers from java-slack-sdk's metadata.
_SPECIAL = {"auth.test": 600, "chat.getPermalink": 600, "chat.postMessage": 300, "assistant.threads.setStatus": 60}
_CHANNEL_BURST = 3

_HISTORY = ("conversations.history", "conversations.replies")


@dataclass
class _Bucket:
    level: float
    at: float


class Rates:
    def __init__(self, clock: Clock, *, enabled: bool) -> None:
        self.enabled = enabled
        # Commercial apps outside the Marketplace may read history once a minute, 15 messages at a time.
        self.commercial = False
        self._clock = clock
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def wait(self, method: str, *, team: str, app: str, channel: str | None) -> int:
        """Whole seconds to wait before this call would be admitted; 0 admits and counts it."""
        if not self.enabled:
            return 0
        per_minute = 1 if self.commercial and method in _HISTORY else _SPECIAL.get(method)
        if per_minute is None:
            known = facts.methods().get(method)
            per_minute = _TIERS[known.tier] if known and known.tier else _TIERS[3]
        limits: list[tuple[tuple[str, ...], float, float]] = [((app, team, method), float(per_minute), per_minute / 60)]
        if method == "chat.postMessage" and channel:
            limits.append(((app, team, method, channel), float(_CHANNEL_BURST), 1.0))
        buckets = [(self._bucket(key, size, pace), pace) for key, size, pace in limits]
        short = max((1 - bucket.level) / pace for bucket, pace in buckets)
        if short > 0:
            return max(1, math.ceil(short))
        for bucket, _ in buckets:
            bucket.level -= 1
        return 0

    def _bucket(self, key: tuple[str, ...], size: float, pace: float) -> _Bucket:
        now = self._clock.now()
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        bucket.level = min(size, bucket.level + (now - bucket.at) * pace)
        bucket.at = now
        return bucket
