"""Protection against requests other sites make in the person's name."""

from __future__ import annotations

import hashlib
import hmac

from fastapi import Request

from dispatch.kit.errors import NotAllowed

FIELD = "csrf"
HEADER = "x-csrf-token"


def csrf_token(session_token: str) -> str:
    """Derived from the session's secret: nobody else can make it, and nothing has to be stored."""
    return hmac.new(session_token.encode(), b"dispatch csrf", hashlib.sha256).hexdigest()


async def check_csrf(request: Request, session_token: str) -> None:
    """Refuse a change that does not come from one of our pages.

    Raises:
        NotAllowed: the token is missing or of another session.
    """
    given = request.headers.get(HEADER, "")
    if not given:
        form = await request.form()
        given = str(form.get(FIELD, ""))
    if not hmac.compare_digest(given.encode(), csrf_token(session_token).encode()):
        raise NotAllowed("This page is too old to send from. Load it again, then repeat what you did.")
