"""Links that carry their own permission: what they are for and until when, signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from dispatch.kit import clock
from dispatch.kit.errors import DispatchError

_MAC = 32


class LinkInvalid(DispatchError):
    """Not one of our links, or cut in transit, or too old; the message says which."""

    status = 410
    title = "This link does not work any more"


class Signer:
    """Signs small values into tokens that fit in an address.

    Args:
        secret: DISPATCH_SECRET_KEY: one or several comma-separated keys; the first signs, all of them are accepted.
    """

    def __init__(self, secret: str) -> None:
        self._keys = [part.strip().encode() for part in secret.split(",") if part.strip()]

    def sign(self, purpose: str, values: Mapping[str, Any], *, life: timedelta) -> str:
        """A token for one purpose; of another purpose it is not accepted."""
        until = int((clock.now() + life).timestamp())
        body = orjson.dumps({**values, "until": until}, option=orjson.OPT_SORT_KEYS)
        return _text(_mac(self._keys[0], purpose, body) + body)

    def read(self, purpose: str, token: str) -> dict[str, Any]:
        """The values.

        Raises:
            LinkInvalid: it is not ours, not for this purpose, or too old.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        mac, body = raw[:_MAC], raw[_MAC:]
        if not any(hmac.compare_digest(mac, _mac(key, purpose, body)) for key in self._keys):
            raise LinkInvalid("This link is not complete. Copy the whole address, or open the incident page.")
        values: dict[str, Any] = orjson.loads(body)
        if values.pop("until") < clock.now().timestamp():
            raise LinkInvalid("This link is too old. Open the incident page instead.")
        return values


def _mac(key: bytes, purpose: str, body: bytes) -> bytes:
    own = hmac.new(key, b"dispatch link " + purpose.encode(), hashlib.sha256).digest()
    return hmac.new(own, body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
