"""Slack's v0 signatures, over bytes: what came in is not decoded before it is trusted.

https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

from __future__ import annotations

import hashlib
import hmac
import time

#: Seconds a request may be old, or early by a wrong clock.
LONGEST_AGE = 300


def signature(secret: str, stamp: str, body: bytes) -> str:
    """The header `X-Slack-Signature` for this body and `X-Slack-Request-Timestamp`."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, *, secret: str, stamp: str, given: str, now: float | None = None) -> bool:
    """Whether the owner of the secret signed this body within the last five minutes. Constant time."""
    # A secret that is missing still costs the same time: an organization that does not exist looks like a wrong secret.
    expected = signature(secret or "none", stamp, body)
    fresh = stamp.isascii() and stamp.isdigit() and len(stamp) < 16
    in_time = fresh and abs((time.time() if now is None else now) - int(stamp)) <= LONGEST_AGE
    return hmac.compare_digest(expected.encode(), given.encode()) and in_time and bool(secret)
