"""Signing in through the organization's OpenID provider: out to it, and back with its answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dispatch.kit import clock
from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.errors import DispatchError, NotFound
from dispatch.people import queries
from dispatch.people.identity_providers import client_secret, identity_provider, let_in
from dispatch.people.models import IdentityProvider, Organization
from dispatch.people.oidc import Attempt, Client, OpenIdProviders
from dispatch.people.oidc_metadata import Trouble
from dispatch.people.throttle import TooMany
from dispatch.people.web import local
from dispatch.people.web.sign_in import Door, address_of

log = structlog.get_logger()

COOKIE = "dispatch_provider"
#: How long a person may take at the provider.
LIFE = timedelta(minutes=10)


def redirect_uri(base_url: str, slug: str) -> str:
    """The address to register at the provider: one per organization, so that answers cannot be mixed up."""
    return f"{base_url}/sign-in/{slug}/callback"


def client_of(found: IdentityProvider, slug: str, *, vault: Vault, base_url: str) -> Client:
    """What we are at the provider."""
    return Client(
        issuer=found.issuer,
        client_id=found.client_id,
        client_secret=client_secret(found, vault),
        scopes=found.scopes,
        redirect_uri=redirect_uri(base_url, slug),
    )


def router(door: Door, vault: Vault, providers: OpenIdProviders) -> APIRouter:
    """`/sign-in/{org}/provider` and `/sign-in/{org}/callback`."""
    routes = APIRouter(include_in_schema=False)

    async def found_provider(slug: str) -> tuple[Organization, IdentityProvider]:
        async with door.db.system() as t:
            org = await queries.organization(t, slug)
        if org is not None:
            async with door.db.read(org.id) as t:
                found = await identity_provider(t)
            if found is not None and found.enabled:
                return org, found
        raise NotFound("There is no such page.")

    async def refused(request: Request, slug: str, why: DispatchError, next: str) -> Response:
        code = why.code if isinstance(why, Trouble) else type(why).__name__
        log.warning("sign-in through a provider refused", org=slug, code=code)
        answer = await door.page(request, next=next, org=slug, error=str(why), status=why.status)
        answer.delete_cookie(COOKIE, path="/sign-in", httponly=True, samesite="lax", secure=door.secure)
        return answer

    @routes.get("/sign-in/{slug}/provider")
    async def go(request: Request, slug: str, next: str = "/") -> Response:
        org, found = await found_provider(slug)
        attempt = Attempt.fresh()
        next = local(next) if local(next) != "/" else f"/{slug}"
        try:
            await door.throttle.take(door.throttle.of_address(address_of(request), what="provider"))
            client = client_of(found, slug, vault=vault, base_url=door.base_url)
            address = await providers.begin(client, attempt)
        except (Trouble, CannotDecrypt, TooMany) as why:
            return await refused(request, slug, why, next)
        kept = {**asdict(attempt), "next": next, "until": (clock.now() + LIFE).timestamp()}
        answer = RedirectResponse(address, 303)
        answer.set_cookie(
            COOKIE, vault.seal(orjson.dumps(kept), context=_context(org)).hex(), path="/sign-in", httponly=True,
            # Lax: the provider sends the person back with a link, and that has to bring the cookie along.
            samesite="lax", secure=door.secure, max_age=int(LIFE.total_seconds()),
        )  # fmt: skip
        return answer

    @routes.get("/sign-in/{slug}/callback")
    async def back(request: Request, slug: str) -> Response:
        org, found = await found_provider(slug)
        next = f"/{slug}"
        try:
            attempt, next = _kept(request.cookies.get(COOKIE, ""), org, vault)
            client = client_of(found, slug, vault=vault, base_url=door.base_url)
            claims = await providers.finish(
                client, attempt, dict(request.query_params), also=(found.groups_claim, found.required_claim)
            )
            async with door.db.tx(org.id) as t:
                account = await let_in(t, found, claims)
        except DispatchError as why:
            return await refused(request, slug, why, next)
        await door.throttle.give_back(door.throttle.of_address(address_of(request), what="provider"))
        answer = await door.signed_in(request, account, orgs=[int(org.id)], method="provider", next=next)
        answer.delete_cookie(COOKIE, path="/sign-in", httponly=True, samesite="lax", secure=door.secure)
        return answer

    return routes


def _context(org: Organization) -> bytes:
    return f"sign-in attempt:{org.id}".encode()


def _kept(cookie: str, org: Organization, vault: Vault) -> tuple[Attempt, str]:
    """What was put into the cookie on the way out.

    Raises:
        Trouble: there is none, or it is too old or of another organization.
    """
    again = Trouble("It took too long, or began in another browser. Please sign in again.", code="attempt")
    try:
        kept = orjson.loads(vault.open(bytes.fromhex(cookie), context=_context(org)))
    except (ValueError, CannotDecrypt):
        raise again from None
    if kept["until"] < clock.now().timestamp():
        raise again
    return Attempt(kept["state"], kept["nonce"], kept["verifier"]), local(kept["next"])
