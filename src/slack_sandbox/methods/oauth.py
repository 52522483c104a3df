"""oauth.v2.*: codes and refresh tokens for tokens."""

import base64
import binascii
from typing import Any

from .. import oauth
from ..call import Call
from ..errors import SlackError
from . import method

Json = dict[str, Any]


@method("oauth.v2.access")
def access(call: Call) -> Json:
    client_id, secret = credentials(call)
    if call.maybe("grant_type") == "refresh_token" or call.maybe("refresh_token"):
        return oauth.refresh(call.box, client_id, secret, call.needed("refresh_token"))
    if not call.maybe("code"):
        raise SlackError("invalid_code")
    return oauth.exchange(call.box, client_id, secret, call.text("code"), call.maybe("redirect_uri"))


def credentials(call: Call) -> tuple[str, str]:
    """The client's id and secret, from the arguments or from the Authorization header."""
    client_id, secret = call.text("client_id"), call.text("client_secret")
    return _basic(call.basic) if not client_id and call.basic else (client_id, secret)


def _basic(value: str) -> tuple[str, str]:
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_client_id") from None
    return client_id, secret
