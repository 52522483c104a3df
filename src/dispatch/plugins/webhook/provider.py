"""`Paging` by one signed POST."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import aiohttp

from dispatch.kit.errors import ProviderError, Refused, Unavailable
from dispatch.plugins.webhook.settings import WebhookSettings
from dispatch.ports.answers import Check
from dispatch.ports.paging import Page, PageReceipt
from dispatch.ports.plugin import Outside

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_LATER: Final = frozenset({408, 425, 429})


class Webhook:
    """Keyed: the receiver drops doubles by the `Idempotency-Key` header."""

    provider = "webhook"

    def __init__(self, settings: WebhookSettings, outside: Outside) -> None:
        self._url = settings.url
        self._secret = settings.signing_secret.get_secret_value()
        self._http = outside.http

    async def page(self, page: Page) -> PageReceipt:
        await self._post("page", page.key, asdict(page))
        return PageReceipt(self.provider, page.key)

    async def check(self) -> Sequence[Check]:
        """Posts a request of type `test`, which pages nobody."""
        try:
            await self._post("test", "test", {})
        except ProviderError as why:
            hint = why.hint if isinstance(why, Refused) else "Try again in a minute."
            return [Check("URL", False, str(why), hint)]
        return [Check("URL", True, "Took a test request.")]

    async def _post(self, kind: str, key: str, content: dict[str, Any]) -> None:
        body = json.dumps({"type": kind, "key": key, kind: content}, separators=(",", ":")).encode()
        # Wall time, not `kit.clock`: the receiver compares it with its own.
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Dispatch-Webhook/1",
            "Idempotency-Key": key,
            "Dispatch-Timestamp": stamp,
            "Dispatch-Signature": signature(self._secret, stamp, body),
        }
        try:
            # A redirect could lead a signed page to somebody else.
            async with self._http.post(
                self._url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                status, retry_after = answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as failed:
            raise Unavailable(f"The webhook did not answer ({type(failed).__name__}).") from failed
        if status >= 500 or status in _LATER:
            wait = float(retry_after) if retry_after and retry_after.isdigit() else None
            raise Unavailable(f"The webhook answered HTTP {status}.", retry_after=wait)
        if not 200 <= status < 300:
            raise Refused(
                f"The webhook refused the request (HTTP {status}).",
                hint="Check URL and Signing Secret (Settings → Project → Plugins → Webhook). Redirects are not followed.",
                code=f"http_{status}",
            )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver computes to compare, in constant time."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"
