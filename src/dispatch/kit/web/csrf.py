"""Protection against requests other sites make in the person's name."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from fastapi import Request

from dispatch.kit.errors import NotAllowed

FIELD = "csrf"
HEADER = "x-csrf-token"
_SIZE = hashlib.sha256().digest_size


def csrf_token(session_token: str) -> str:
    """Derived from the session's secret: nobody else can make it, and nothing has to be stored.

    Another text each time, since pages are compressed: with one that stays the same, a site that makes the browser
    ask for a page with guesses in its address could read it off the sizes of the answers (BREACH).
    """
    mask = secrets.token_bytes(_SIZE)
    return (mask + _xor(mask, _token(session_token))).hex()


def _token(session_token: str) -> bytes:
    return hmac.new(session_token.encode(), b"dispatch csrf", hashlib.sha256).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _matches(given: str, session_token: str) -> bool:
    if not session_token:
        # Without a secret anybody can make the token.
        return False
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        return False
    if len(raw) != 2 * _SIZE:
        return False
    return hmac.compare_digest(_xor(raw[:_SIZE], raw[_SIZE:]), _token(session_token))


async def check_csrf(request: Request, session_token: str) -> None:
    """Refuse a change that does not come from one of our pages.

    Raises:
        NotAllowed: the token is missing or of another session.
    """
    given = request.headers.get(HEADER, "")
    if not given:
        form = await request.form()
        given = str(form.get(FIELD, ""))
    if not _matches(given, session_token):
        raise NotAllowed("This page is too old to send from. Load it again, then repeat what you did.")
