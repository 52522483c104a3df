"""What `dispatch auth doctor` and *Check now* look at: each line says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from dispatch.kit.errors import DispatchError
from dispatch.people.models import IdentityProvider
from dispatch.people.oidc import ALGORITHMS, LEEWAY, Client, OpenIdProviders
from dispatch.people.oidc_metadata import Metadata, Trouble
from dispatch.ports.answers import Check

#: Seconds of difference that deserve a word before they break anything.
NOTABLE = 30


async def check(
    found: IdentityProvider, client: Client | DispatchError, providers: OpenIdProviders
) -> AsyncIterator[Check]:
    """Look at a configured provider from here; stops at the first thing that makes the rest pointless.

    Args:
        client: what we are there, or why the stored secret does not open.
    """
    yield Check(
        "Enabled", found.enabled, "People can sign in with it." if found.enabled else "It is switched off.",
        "" if found.enabled else "Switch it on when the lines below are green.",
    )  # fmt: skip
    if isinstance(client, DispatchError):
        yield Check("Client secret", False, str(client), "Enter the client secret again.")
        return
    yield _redirect_address(client)
    try:
        metadata = await providers.discover(found.issuer, again=True)
    except Trouble as why:
        yield Check(
            "Discovery", False, f"{why} ({why.code})",
            f"Open {found.issuer.rstrip('/')}/.well-known/openid-configuration in a browser. If it works there, this "
            "machine may need a proxy (HTTPS_PROXY); if not, the issuer is mistyped.",
        )  # fmt: skip
        return
    yield Check("Discovery", True, f"The provider calls itself {metadata.issuer}.")
    yield _clock(metadata)
    yield _algorithms(metadata)
    if metadata.challenge_methods and "S256" not in metadata.challenge_methods:
        yield Check("PKCE", False, "The provider does not name S256.", "Allow PKCE with S256 for this client there.")
    else:
        yield Check(
            "PKCE", True, "S256." if metadata.challenge_methods else "S256; the provider does not say what it takes."
        )
    try:
        keys = await providers.keys(metadata, again=True)
        yield Check("Keys", True, f"{len(list(keys))} to check signatures with.")
    except Trouble as why:
        yield Check("Keys", False, f"{why} ({why.code})", f"{metadata.jwks_uri} has to answer with signing keys.")
    yield await _credentials(client, providers)
    yield await _registered(client, providers)
    if found.required_claim:
        yield Check("Who", True, f"Only people whose {found.required_claim} is {' or '.join(found.required_values)}.")
    if not found.domains and found.create_members:
        yield Check("Domains", True, "Any address; new people join.")
    elif not found.domains:
        yield Check("Domains", True, "Members with any address may sign in; new people may not.")
    else:
        joins = "New people join" if found.create_members else "Only members may sign in"
        yield Check("Domains", True, f"{', '.join(found.domains)}. {joins}.")


def _redirect_address(client: Client) -> Check:
    parts = urlsplit(client.redirect_uri)
    if parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1"):
        return Check("Redirect address", True, client.redirect_uri, "Register exactly this address at the provider.")
    return Check(
        "Redirect address", False, client.redirect_uri,
        "Providers take https only. Set DISPATCH_BASE_URL to the https address people use.",
    )  # fmt: skip


def _clock(metadata: Metadata) -> Check:
    if metadata.ahead is None:
        return Check("Clock", True, "The provider does not tell its time.")
    off = abs(metadata.ahead)
    side = "behind" if metadata.ahead > 0 else "ahead of"
    said = f"This machine is {off:.0f} s {side} the provider." if off >= NOTABLE else "The same here and there."
    advice = "Let this machine take its time from the network (NTP)." if off >= NOTABLE else ""
    return Check("Clock", off <= LEEWAY, said, advice)


def _algorithms(metadata: Metadata) -> Check:
    common = [each for each in metadata.algorithms if each in ALGORITHMS]
    if common or not metadata.algorithms:
        return Check("Signatures", True, ", ".join(common) or "The provider does not say; RS256 is usual.")
    return Check(
        "Signatures", False, f"The provider signs with {', '.join(metadata.algorithms)} only.",
        "Let it sign ID tokens with RS256 or ES256.",
    )  # fmt: skip


async def _credentials(client: Client, providers: OpenIdProviders) -> Check:
    try:
        said = await providers.probe_credentials(client)
    except Trouble as why:
        return Check("Client", False, f"{why} ({why.code})", "See the lines above.")
    # The code was made up, so being told that it is wrong means that we were recognized.
    if said in ("invalid_grant", "invalid_code", "bad_redirect_uri"):
        return Check("Client", True, "The provider knows the client id and takes the secret.")
    if said in ("invalid_client", "unauthorized_client", "invalid_client_id", "bad_client_secret", "401"):
        return Check(
            "Client", False, f"The provider refuses the client id or secret ({said}).",
            "Copy both again from the provider's page; the secret may have been replaced or have run out.",
        )  # fmt: skip
    return Check("Client", True, f"The provider answered {said or 'nothing'} to a made-up code; that tells nothing.")


async def _registered(client: Client, providers: OpenIdProviders) -> Check:
    try:
        status, leads_to = await providers.probe_redirect(client)
    except Trouble as why:
        return Check("Sign-in page", False, f"{why} ({why.code})", "People's browsers have to reach it, too.")
    if leads_to.startswith(client.redirect_uri):
        return Check("Sign-in page", True, "The provider sends people back to the redirect address.")
    if 400 <= status < 500:
        return Check(
            "Sign-in page", False, f"The provider answers {status} to our redirect address.",
            f"Register {client.redirect_uri} at the provider, letter by letter.",
        )  # fmt: skip
    return Check("Sign-in page", True, "It answers. Whether the redirect address is registered shows when you sign in.")
