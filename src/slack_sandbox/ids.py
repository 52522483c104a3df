"""Identifiers and timestamps that never repeat."""

import hashlib
import secrets

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Ids:
    """Derived from seed and counter, so a run with the same seed gives the same ids, and a snapshot only keeps a number."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = secrets.randbits(48) if seed is None else seed
        self.count = 0
        self.last_ts = 0

    def digest(self, purpose: str) -> int:
        self.count += 1
        raw = hashlib.blake2b(f"{self.seed}/{self.count}/{purpose}".encode(), digest_size=20).digest()
        return int.from_bytes(raw)

    def new(self, prefix: str, length: int = 8) -> str:
        """Slack's look: a letter for the kind, then `0`, then upper-case letters and digits."""
        number = self.digest(prefix)
        letters = []
        for _ in range(length):
            number, index = divmod(number, 36)
            letters.append(_ALPHABET[index])
        return f"{prefix}0{''.join(letters)}"

    def secret(self, purpose: str) -> str:
        return f"{self.digest(purpose):040x}"

    def ts(self, now: float) -> str:
        """A message timestamp: microseconds, unique over the whole sandbox and rising even when two messages coincide."""
        self.last_ts = max(self.last_ts + 1, int(now * 1_000_000))
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"
