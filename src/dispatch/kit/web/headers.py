"""The response headers that limit what a page of ours may load and who may frame it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # The name of an incident must not travel to the sites its pages link to.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    # Pages show what not everybody may see: no copy of them stays in a browser or a proxy.
    "cache-control": "no-store",
}
#: A year; only where people come by https, for it cannot be taken back.
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def security_headers(app: ASGIApp) -> ASGIApp:
    """Middleware; a response that sets one of these headers itself keeps its own.

    `app.state.https` says whether people reach the application by https.
    """

    async def secured(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if getattr(getattr(scope.get("app"), "state", None), "https", False):
                    headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
            await send(message)

        await app(scope, receive, send_secured if scope["type"] == "http" else send)

    return secured
