"""How large a request may be; counted as it arrives, whatever its headers say."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes. A form's longest text is a small part of it; Slack's bodies stay below, too.
LARGEST = 1_000_000
SAYS = "The request is larger than 1 MB."


def limited_bodies(app: ASGIApp, *, largest: int = LARGEST) -> ASGIApp:
    """Middleware; answers 413. A body without a length (chunked) is cut off where it passes the limit."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > largest:
            await PlainTextResponse(SAYS, 413, {"connection": "close"})(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                raise HTTPException(413, SAYS)
            return message

        await app(scope, counted, send)

    return limited
