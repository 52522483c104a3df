"""Talking to an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636).

Discovery and keys are kept per process; a key that is not known is looked for once more, since providers change theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import orjson
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from dispatch.kit import clock
from dispatch.people.oidc_metadata import Metadata, Trouble, described, error_name, not_secure

#: Signatures only a private key can make; `none` and shared secrets are not among them.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEEP = timedelta(hours=1)
#: Between two looks for a key that is not known.
KEYS_AGAIN = timedelta(seconds=30)
#: How far the provider's clock may be from ours, in seconds.
LEEWAY = 120
#: Bytes of an answer; those of real providers are a tenth of it.
LARGEST = 512_000
MOST_KEPT = 200
TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)


@dataclass(frozen=True)
class Client:
    """What we are at a provider."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    redirect_uri: str


@dataclass(frozen=True)
class Attempt:
    """What has to fit when the browser comes back; kept sealed in a cookie."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @staticmethod
    def fresh() -> Attempt:
        return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class OpenIdProviders:
    """One per process.

    Args:
        loopback: whether a provider on this machine, without https, is meant: in the demo and in tests.
    """

    def __init__(self, http: aiohttp.ClientSession, *, loopback: bool = False) -> None:
        self.http = http
        self.loopback = loopback
        self._metadata: dict[str, tuple[Metadata, datetime]] = {}
        self._keys: dict[str, tuple[KeySet, datetime]] = {}

    async def discover(self, issuer: str, *, again: bool = False) -> Metadata:
        """The provider's description, at most an hour old.

        Raises:
            Trouble: it does not answer, or describes somebody else, or is not secure.
        """
        if not self.loopback and (why := not_secure(issuer)):
            raise Trouble(why, code="discovery:not_secure")
        kept = self._metadata.get(issuer)
        if kept is not None and not again and clock.now() < kept[1] + KEEP:
            return kept[0]
        url = issuer.rstrip("/") + "/.well-known/openid-configuration"
        told, headers = await self._get(url, "discovery")
        metadata = described(issuer, told, headers.get("date"))
        _keep(self._metadata, issuer, (metadata, clock.now()))
        return metadata

    async def keys(self, metadata: Metadata, *, again: bool = False) -> KeySet:
        """The provider's signing keys.

        Raises:
            Trouble: it does not answer with keys.
        """
        kept = self._keys.get(metadata.jwks_uri)
        if kept is not None and clock.now() < kept[1] + (KEYS_AGAIN if again else KEEP):
            return kept[0]
        told, _ = await self._get(metadata.jwks_uri, "keys")
        usable = [key for key in told.get("keys") or [] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
        found = KeySet([])
        for key in usable:
            try:
                found.keys.extend(KeySet.import_key_set({"keys": [key]}).keys)
            except (JoseError, ValueError, KeyError, TypeError):
                continue  # of a kind we do not know; a token signed with it is refused later
        if not found.keys:
            raise Trouble("The provider shows no key we can check its answers with.", code="no_keys")
        _keep(self._keys, metadata.jwks_uri, (found, clock.now()))
        return found

    async def begin(self, client: Client, attempt: Attempt) -> str:
        """Where to send the browser.

        Raises:
            Trouble: the provider does not answer.
        """
        metadata = await self.discover(client.issuer)
        address: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            client.client_id,
            "code",
            redirect_uri=client.redirect_uri,
            scope=client.scopes,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address

    async def finish(
        self, client: Client, attempt: Attempt, query: Mapping[str, str], *, also: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The verified claims behind what the browser brought back.

        Args:
            also: claims to ask for at the userinfo endpoint when the ID token lacks one.

        Raises:
            Trouble: it is not the answer to our question, or the provider refuses; nobody is signed in.
        """
        # First: some leave the state out when they refuse, and nobody is signed in by this.
        if query.get("error"):
            raise Trouble(
                "The provider did not let you in. If you pressed Cancel, try again; otherwise ask an admin.",
                code=f"refused:{error_name(query['error'])}",
            )
        if not secrets.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
            raise Trouble("This answer belongs to another attempt. Please sign in again.", code="state")
        metadata = await self.discover(client.issuer)
        # RFC 9207: an answer of another provider must not be taken to this one.
        said = query.get("iss", "")
        if (said and said != metadata.issuer) or (metadata.names_itself and not said):
            raise Trouble("This answer comes from another provider. Please sign in again.", code="iss")
        if not query.get("code"):
            raise Trouble("The provider sent no code. Please sign in again.", code="no_code")
        tokens = await self._exchange(client, metadata, code=query["code"], verifier=attempt.verifier)
        claims = await self._verified(client, metadata, str(tokens.get("id_token") or ""), attempt.nonce)
        wanted = ["email", "email_verified", *filter(None, also)]
        if metadata.userinfo_endpoint and any(name not in claims for name in wanted) and tokens.get("access_token"):
            claims = await self._with_userinfo(metadata, claims, str(tokens["access_token"]))
        return claims

    async def probe_credentials(self, client: Client) -> str:
        """The provider's error for a code that never was: `invalid_grant` when it takes our id and secret."""
        metadata = await self.discover(client.issuer)
        try:
            await self._exchange(client, metadata, code="dispatch-doctor", verifier=Attempt.fresh().verifier)
        except Trouble as why:
            return why.code.removeprefix("token:")
        return "accepted"

    async def probe_redirect(self, client: Client) -> tuple[int, str]:
        """(status, where it leads) when a browser without a login is sent with our redirect address."""
        address = await self.begin(client, Attempt.fresh())
        try:
            async with self.http.get(f"{address}&prompt=none", timeout=TIMEOUT, allow_redirects=False) as answer:
                return answer.status, answer.headers.get("location", "")
        except (aiohttp.ClientError, TimeoutError) as why:
            raise Trouble("The provider's sign-in page does not answer.", code=type(why).__name__) from None

    async def _exchange(self, client: Client, metadata: Metadata, *, code: str, verifier: str) -> dict[str, Any]:
        basic = not metadata.auth_methods or "client_secret_basic" in metadata.auth_methods
        sign = ClientAuth(
            client.client_id, client.client_secret, "client_secret_basic" if basic else "client_secret_post"
        )
        body = prepare_token_request(
            "authorization_code", redirect_uri=client.redirect_uri, code=code, code_verifier=verifier
        )
        uri, headers, body = sign.prepare(
            "POST",
            metadata.token_endpoint,
            {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            body,
        )
        told, status = await self._send("POST", uri, headers=headers, data=body)
        error = told.get("error")
        if error or status >= 400:
            raise Trouble(
                "The provider did not confirm who you are. Please sign in again; if it stays so, ask an admin.",
                code=f"token:{error_name(error) or status}",
            )
        return told

    async def _verified(self, client: Client, metadata: Metadata, token: str, nonce: str) -> dict[str, Any]:
        algorithms = [each for each in ALGORITHMS if not metadata.algorithms or each in metadata.algorithms]
        try:
            try:
                read = jwt.decode(token, await self.keys(metadata), algorithms=algorithms)
            except (InvalidKeyIdError, BadSignatureError):
                # Some providers give their keys no id: then a new key shows as a wrong signature.
                read = jwt.decode(token, await self.keys(metadata, again=True), algorithms=algorithms)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": metadata.issuer},
                    "aud": {"essential": True, "value": client.client_id},
                    "sub": {"essential": True},
                },
                params={"nonce": nonce, "client_id": client.client_id},
            )
            claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as why:
            code = getattr(why, "error", "") or type(why).__name__
            raise Trouble(
                "The provider's answer could not be verified, so nobody was signed in. Please try again; if it stays so, "
                "ask an admin.",
                code=f"id_token:{code}{':' + why.claim if hasattr(why, 'claim') else ''}",
            ) from None
        return dict(claims)

    async def _with_userinfo(self, metadata: Metadata, claims: dict[str, Any], access: str) -> dict[str, Any]:
        told, status = await self._send(
            "GET",
            metadata.userinfo_endpoint,
            headers={"authorization": f"Bearer {access}", "accept": "application/json"},
        )
        # Core 5.3.2: what it says counts only for the person the ID token is about.
        if status >= 400 or told.get("sub") != claims["sub"]:
            raise Trouble("The provider did not say who you are. Please sign in again.", code=f"userinfo:{status}")
        found = {**told, **claims}
        if "email_verified" not in claims and "email" in told:
            # The confirmation counts for the address it stands beside.
            found |= {"email": told["email"], "email_verified": told.get("email_verified")}
        return found

    async def _get(self, url: str, what: str) -> tuple[dict[str, Any], Mapping[str, str]]:
        try:
            async with self.http.get(
                url, timeout=TIMEOUT, allow_redirects=False, headers={"accept": "application/json"}
            ) as answer:
                if answer.status != 200:
                    raise Trouble("The provider does not answer as it should.", code=f"{what}:{answer.status}")
                return await _object(answer, what), answer.headers
        except (aiohttp.ClientError, TimeoutError) as why:
            raise Trouble("The provider does not answer.", code=f"{what}:{type(why).__name__}") from None

    async def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], data: str | None = None
    ) -> tuple[dict[str, Any], int]:
        try:
            async with self.http.request(
                method, url, timeout=TIMEOUT, allow_redirects=False, headers=headers, data=data
            ) as answer:
                return await _object(answer, "answer"), answer.status
        except (aiohttp.ClientError, TimeoutError) as why:
            raise Trouble("The provider does not answer.", code=f"answer:{type(why).__name__}") from None


async def _object(answer: aiohttp.ClientResponse, what: str) -> dict[str, Any]:
    text = await answer.content.read(LARGEST + 1)
    while len(text) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(text))):
        text += more
    try:
        told = orjson.loads(text) if len(text) <= LARGEST else None
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise Trouble("The provider does not answer as it should.", code=f"{what}:not_an_object")
    return told


def _keep(kept: dict[str, Any], key: str, value: Any) -> None:
    while len(kept) >= MOST_KEPT and key not in kept:
        kept.pop(next(iter(kept)))
    kept[key] = value
