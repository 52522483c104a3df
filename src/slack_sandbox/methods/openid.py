"""openid.connect.*: Sign in with Slack."""

from typing import Any

from .. import openid
from ..call import Call
from ..errors import SlackError
from . import method
from .oauth import credentials

Json = dict[str, Any]


@method("openid.connect.token")
def token(call: Call) -> Json:
    client_id, secret = credentials(call)
    if (call.maybe("grant_type") or "authorization_code") != "authorization_code":
        raise SlackError("unsupported_grant_type")
    if not call.maybe("code"):
        raise SlackError("invalid_code")
    return openid.exchange(
        call.box,
        client_id,
        secret,
        code=call.text("code"),
        redirect_uri=call.text("redirect_uri"),
        verifier=call.text("code_verifier"),
    )


@method("openid.connect.userInfo")
def user_info(call: Call) -> Json:
    return openid.claims(call.box, call.me, call.token.scopes)
