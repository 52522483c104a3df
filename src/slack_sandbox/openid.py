"""Sign in with Slack: an OpenID provider whose people are those of the workspaces.

Addresses and claims as https://slack.com/.well-known/openid-configuration lists them; the issuer is the sandbox itself.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from . import oauth
from .errors import SlackError
from .sandbox import Sandbox
from .state import App, Token, User

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

Json = dict[str, Any]
SCOPES = ("openid", "email", "profile")
#: Slack's own claims; their names stay the same wherever the provider runs.
OURS = "https://slack.com/"
TOKEN_SECONDS = 300


@dataclass
class Identity:
    """What a code stands for until it is redeemed, once."""

    client_id: str
    person: str
    scopes: list[str]
    redirect_uri: str
    nonce: str
    challenge: str
    expires: float


async def configuration(request: Request) -> Response:
    base = _box(request).base_url
    return JSONResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/openid/connect/authorize",
            "token_endpoint": f"{base}/api/openid.connect.token",
            "userinfo_endpoint": f"{base}/api/openid.connect.userInfo",
            "jwks_uri": f"{base}/openid/connect/keys",
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "auth_time", "iss"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )


async def keys(_: Request) -> Response:
    return JSONResponse({"keys": [_key().as_dict(private=False)]})


async def authorize(request: Request) -> Response:
    """GET asks who signs in; POST is that person pressing Allow or Cancel."""
    box, query = _box(request), request.query_params
    app = oauth.app_of(box, query.get("client_id", ""))
    if app is None:
        return PlainTextResponse("Invalid client_id parameter", 400)
    redirect = query.get("redirect_uri", "")
    if not oauth.registered(app, redirect):
        return PlainTextResponse("redirect_uri did not match any configured URIs", 400)
    state = {"state": query["state"]} if "state" in query else {}
    scopes = query.get("scope", "").replace(",", " ").split()
    if query.get("response_type") != "code":
        return oauth.back(redirect, {"error": "unsupported_response_type", **state})
    if "openid" not in scopes or set(scopes) - set(SCOPES):
        return oauth.back(redirect, {"error": "invalid_scope", **state})
    if request.method == "GET":
        page = oauth.page(box, app, [], scopes, team=query.get("team", ""))
        return HTMLResponse(page, headers={"Content-Security-Policy": oauth.CONSENT_POLICY})
    form = await request.form()
    person = box.state.users.get(str(form.get("user", "")))
    if form.get("answer") != "allow" or person is None or person.is_bot or person.deleted:
        return oauth.back(redirect, {"error": "access_denied", **state})
    challenge = query.get("code_challenge", "") if query.get("code_challenge_method") == "S256" else ""
    code = f"{box.ids.digest('openid') % 10**12}.{box.ids.secret('openid')}"
    box.identities[code] = Identity(
        app.client_id,
        person.id,
        scopes,
        redirect,
        query.get("nonce", ""),
        challenge,
        box.clock.now() + oauth.CODE_SECONDS,
    )
    return oauth.back(redirect, {"code": code, **state})


def exchange(box: Sandbox, client_id: str, client_secret: str, *, code: str, redirect_uri: str, verifier: str) -> Json:
    """A code for an access token and an ID token; a code counts once, also when something else is wrong."""
    app = oauth.app_of(box, client_id)
    if app is None:
        raise SlackError("invalid_client_id")
    if app.client_secret != client_secret:
        raise SlackError("bad_client_secret")
    found = box.identities.pop(code, None)
    if found is None or found.client_id != client_id or found.expires < box.clock.now():
        raise SlackError("invalid_code")
    if redirect_uri != found.redirect_uri:
        raise SlackError("bad_redirect_uri")
    if found.challenge and _challenge(verifier) != found.challenge:
        raise SlackError("invalid_grant")
    person = box.user(found.person)
    if person.deleted:
        raise SlackError("invalid_code")
    value = f"xoxp-{box.ids.digest('openid token') % 10**12}-{box.ids.secret('openid token')[:24]}"
    box.state.tokens[value] = Token(value, "user", app.id, person.team_id, person.id, found.scopes)
    return {"access_token": value, "token_type": "Bearer", "id_token": _id_token(box, app, person, found, value)}


def claims(box: Sandbox, person: User, scopes: list[str]) -> Json:
    """Who somebody is, as far as the scopes go."""
    space = box.workspace(person.team_id)
    told: Json = {
        "sub": person.id,
        f"{OURS}user_id": person.id,
        f"{OURS}team_id": space.id,
    }
    if "email" in scopes:
        told |= {"email": person.email, "email_verified": bool(person.email), "date_email_verified": person.updated}
    if "profile" in scopes:
        first, _, last = person.real_name.partition(" ")
        told |= {
            "name": person.real_name,
            "given_name": first,
            "family_name": last,
            "locale": "en-US",
            "picture": f"{box.base_url}/avatars/{person.id}-512.svg",
            f"{OURS}team_name": space.name,
            f"{OURS}team_domain": space.domain,
        }
    return told


def _id_token(box: Sandbox, app: App, person: User, found: Identity, access: str) -> str:
    now = int(box.clock.now())
    half = hashlib.sha256(access.encode()).digest()[:16]
    told = {
        "iss": box.base_url, "aud": app.client_id, "iat": now, "exp": now + TOKEN_SECONDS, "auth_time": now,
        "nonce": found.nonce, "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        **claims(box, person, found.scopes),
    }  # fmt: skip
    from joserfc import jwt  # noqa: PLC0415 - its cryptography would take a tenth of the program's start

    key = _key()
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, told, key)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@cache
def _key() -> "RSAKey":
    """One per process: making it takes a tenth of a second."""
    from joserfc.jwk import RSAKey  # noqa: PLC0415 - as above

    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


def _box(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.sandbox
    return box
