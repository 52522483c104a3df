"""Signing in through a real OpenID provider on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import text, update

from dispatch.kit import clock
from dispatch.kit.crypto import Vault, generate_key
from dispatch.kit.db import OrgId
from dispatch.kit.errors import Invalid
from dispatch.people.identity_providers import Configuration, configure, identity_provider
from dispatch.people.models import PROVIDER_SECRET, IdentityProvider
from dispatch.people.oidc import Attempt, Client, OpenIdProviders
from dispatch.people.oidc_metadata import Trouble
from dispatch.people.provider_checks import check
from dispatch.people.queries import organization
from dispatch.people.web.provider import client_of
from tests.people.browsing import browser, person_id, second_organization, send
from tests.people.loopback_provider import LoopbackProvider, altered, loopback_provider, unsigned
from tests.stage import Stage

BO = "bo@example.com"


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as made:
        yield made


@pytest.fixture(autouse=True)
def _back_to_now() -> object:
    yield
    clock.move(clock.timedelta())


async def set_up(stage: Stage, provider: LoopbackProvider, org: str = "default", **more: Any) -> IdentityProvider:
    """As `dispatch auth configure` does."""
    async with stage.house.db.system() as t:
        found = await organization(t, org)
    assert found is not None
    values = {"title": "Loopback", "issuer": provider.issuer, "client_id": "dispatch", "client_secret": "very-secret"}
    async with stage.house.db.tx(found.id) as t:
        return await configure(t, values | more, vault=stage.house.vault, loopback=True)


async def out(client: httpx.AsyncClient, org: str = "default", next: str = "") -> httpx.Response:
    """Press the button on our page; the answer leads to the provider."""
    return await client.get(f"/sign-in/{org}/provider", params={"next": next} if next else {}, follow_redirects=False)


async def consent(address: str, subject: str) -> str:
    """Sign in there; returns where the provider sends the browser."""
    async with httpx.AsyncClient() as there:
        answer = await there.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def through(client: httpx.AsyncClient, subject: str, org: str = "default", next: str = "") -> httpx.Response:
    """The whole way out and back."""
    address = (await out(client, org, next)).headers["location"]
    return await client.get(await consent(address, subject))


async def test_a_member_signs_in_and_comes_to_where_they_wanted(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo")
    await set_up(stage, provider)
    async with browser(stage) as bo:
        page = await bo.get("/default/report")
        assert "Sign in with Loopback" in page.text
        answer = await through(bo, "bo", next="/default/report")
        assert answer.url.path == "/default/report" and "Bo Nilsson" in answer.text
    asked = provider.asked[0]
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["nonce"]
    assert asked["redirect_uri"] == [f"{stage.base_url}/sign-in/default/callback"]


async def test_the_secret_is_stored_sealed_and_never_shown(stage: Stage, provider: LoopbackProvider) -> None:
    found = await set_up(stage, provider)
    assert b"very-secret" not in found.client_secret
    ada = await stage.sign_in("ada@example.com")
    for page in ("/default/settings/sign-in", "/default/settings/audit"):
        shown = (await ada.get(page)).text
        assert "very-secret" not in shown and "client secret" in shown.lower()


async def test_another_setting_leaves_the_secret_as_it_was(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo")
    await set_up(stage, provider)
    ada = await stage.sign_in("ada@example.com")
    page = "/default/settings/sign-in"
    kept = {"issuer": provider.issuer, "client_id": "dispatch", "client_secret": "", "scopes": "openid email profile"}
    saved = await send(ada, page, page, **kept, title="Renamed", domains="", default_role="member", enabled="true")
    assert saved.url.params["saved"] == "1" and "Renamed" in saved.text
    async with browser(stage) as bo:
        assert (await through(bo, "bo")).url.path == "/default"
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        found = await identity_provider(t)
    assert found is not None
    assert client_of(found, "default", vault=stage.house.vault, base_url="x").client_secret == "very-secret"


async def test_a_secret_whose_key_is_gone_can_be_given_anew(stage: Stage, provider: LoopbackProvider) -> None:
    found = await set_up(stage, provider)
    org = found.org_id
    sealed = Vault.from_text(generate_key()).seal(b"lost", context=PROVIDER_SECRET.context(org_id=org))
    async with stage.house.db.tx(org) as t:
        await t.execute(update(IdentityProvider).values(client_secret=sealed))
    async with stage.house.db.tx(org) as t:
        off = await configure(t, {"enabled": False}, vault=stage.house.vault, loopback=True)
        # What may open again, once the key is back, stays.
        assert not off.enabled and off.client_secret == sealed
    async with stage.house.db.tx(org) as t:
        on = await configure(t, {"enabled": True, "client_secret": "a new one"}, vault=stage.house.vault, loopback=True)
        assert client_of(on, "default", vault=stage.house.vault, base_url="x").client_secret == "a new one"


async def test_a_new_person_joins_only_where_that_is_switched_on(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("nia")
    await set_up(stage, provider)
    async with browser(stage) as nia:
        refused = await through(nia, "nia")
        assert refused.status_code == 403 and "nia@example.com is not a member here" in refused.text
        await set_up(stage, provider, create_members=True, domains=["example.com"], default_role="admin")
        page = await through(nia, "nia")
        assert page.url.path == "/default" and "Nia" in page.text
        assert (await nia.get("/default/settings")).status_code == 200
    ada = await stage.sign_in("ada@example.com")
    assert "Nia joined through Loopback as admin" in (await ada.get("/default/settings/audit")).text


async def test_two_first_sign_ins_at_once_make_one_member(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("nia")
    await set_up(stage, provider, create_members=True, domains=["example.com"])
    async with browser(stage) as one, browser(stage) as two:
        pages = await asyncio.gather(through(one, "nia"), through(two, "nia"))
    assert [page.url.path for page in pages] == ["/default"] * 2


@pytest.mark.parametrize("verified", [False, None, "false", 1])
async def test_an_address_the_provider_did_not_verify_counts_for_nothing(
    stage: Stage, provider: LoopbackProvider, verified: object
) -> None:
    provider.person("mallory", email="ada@example.com", email_verified=verified)
    await set_up(stage, provider)
    async with browser(stage) as mallory:
        refused = await through(mallory, "mallory")
        assert refused.status_code == 403 and "does not confirm that your e-mail address is yours" in refused.text
        assert "dispatch_session" not in mallory.cookies


async def test_only_listed_domains_may_sign_in(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo")
    provider.person("eve", email="eve@example.com.evil.example")
    await set_up(stage, provider, create_members=True, domains=["example.com"])
    async with browser(stage) as eve:
        refused = await through(eve, "eve")
        assert refused.status_code == 403 and "Only addresses of example.com may sign in here" in refused.text


async def test_groups_give_roles_at_each_sign_in(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo", groups=["everybody", "sre"])
    await set_up(stage, provider, groups_claim="groups", role_of_group={"sre": "admin", "leads": "manager"})
    async with browser(stage) as bo:
        await through(bo, "bo")
        assert (await bo.get("/default/settings")).status_code == 200
        provider.person("bo", groups=["everybody"])
        await through(bo, "bo")
        assert (await bo.get("/default/settings")).status_code == 403


async def test_groups_never_take_the_last_owner(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("ada", groups=[])
    await set_up(stage, provider, groups_claim="groups", role_of_group={"leads": "owner"})
    async with browser(stage) as ada:
        await through(ada, "ada")
        assert "owner in Example Company" in (await ada.get("/default/incidents")).text


async def test_once_linked_the_subject_counts_and_not_the_address(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo")
    await set_up(stage, provider)
    async with browser(stage) as bo, browser(stage) as heir:
        await through(bo, "bo")
        provider.person("bo", email="bo.new@example.com")
        assert "Bo Nilsson" in (await through(bo, "bo")).text
        # The address was given to somebody else there: they do not become Bo.
        provider.person("heir", email=BO)
        refused = await through(heir, "heir")
        assert refused.status_code == 403 and "belongs to another login of Loopback" in refused.text


async def test_a_deactivated_member_does_not_come_back_by_themselves(stage: Stage, provider: LoopbackProvider) -> None:
    provider.person("bo")
    await set_up(stage, provider, create_members=True, domains=["example.com"])
    async with browser(stage) as bo:
        await through(bo, "bo")
        ada = await stage.sign_in("ada@example.com")
        page = f"/default/settings/members/{await person_id(stage, BO)}"
        await send(ada, page, f"{page}/deactivate")
        assert (await bo.get("/default/incidents")).status_code in (401, 404)
        refused = await through(bo, "bo")
        assert refused.status_code == 403 and "was deactivated here" in refused.text


async def test_the_provider_of_one_organization_opens_no_other(stage: Stage, provider: LoopbackProvider) -> None:
    """Whoever runs a provider can call anybody anything: that must not reach beyond the organization that chose it."""
    await second_organization(stage, "zoe@example.com", role="owner")
    provider.person("mallory", email="ada@example.com")
    await set_up(stage, provider, org="second", create_members=True, domains=["example.com"])
    async with browser(stage) as mallory:
        assert (await through(mallory, "mallory", org="second")).url.path == "/second"
        for path in ("/default/incidents", "/default/settings", "/default/profile"):
            assert (await mallory.get(path)).url.path == "/sign-in"
        assert "Example Company" not in (await mallory.get("/second/incidents")).text
        # A password chosen now opens no more than the session did.
        await send(mallory, "/second/profile", "/second/profile/password", password="a sentence of mine")
    async with browser(stage) as mallory:
        signed_in = await send(
            mallory,
            "/sign-in",
            "/sign-in/password",
            email="ada@example.com",
            password="a sentence of mine",
            next="/default/incidents",
        )
        assert signed_in.url.path == "/sign-in"
        assert (await mallory.get("/second/incidents")).status_code == 200


async def test_an_answer_is_good_for_its_own_browser_attempt_and_organization(
    stage: Stage, provider: LoopbackProvider
) -> None:
    provider.person("bo")
    await second_organization(stage, BO)
    await set_up(stage, provider)
    await set_up(stage, provider, org="second")
    async with browser(stage) as bo, browser(stage) as victim:
        back = await consent((await out(bo)).headers["location"], "bo")
        # Another browser, with and without an attempt of its own.
        assert "began in another browser" in (await victim.get(back)).text
        await out(victim)
        assert "belongs to another attempt" in (await victim.get(back)).text
        # Taken to another organization's address.
        moved = back.replace("/sign-in/default/", "/sign-in/second/")
        assert (await bo.get(moved)).status_code == 502
        assert "dispatch_session" not in bo.cookies and "dispatch_session" not in victim.cookies
        # Too late.
        late = await consent((await out(bo)).headers["location"], "bo")
        await stage.later(minutes=11)
        assert "It took too long" in (await bo.get(late)).text
        await stage.later(minutes=0)
        # Used twice.
        good = await consent((await out(bo)).headers["location"], "bo")
        assert (await bo.get(good)).url.path == "/default"
        assert (await bo.get(good)).status_code == 502


FORGED = RSAKey.generate_key(2048, {"kid": "forged"})


def forged(token: str) -> str:
    """Signed, but not by the provider."""
    return jwt.encode({"alg": "RS256", "kid": "forged"}, {"sub": "bo", "email": BO, "email_verified": True}, FORGED)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("unsigned", unsigned),
        ("forged", forged),
        ("altered", lambda token: altered(token, email="ada@example.com")),
        ("missing", lambda token: ""),
        ("nonsense", lambda token: "a.b.c"),
    ],
)
async def test_a_token_that_cannot_be_verified_signs_nobody_in(
    stage: Stage, provider: LoopbackProvider, name: str, change: Any
) -> None:
    provider.person("bo")
    await set_up(stage, provider)
    provider.change_tokens = lambda told: told | {"id_token": change(told["id_token"])}
    async with browser(stage) as bo:
        refused = await through(bo, "bo")
        assert refused.status_code == 502 and "could not be verified" in refused.text
        assert "dispatch_session" not in bo.cookies


async def test_a_token_for_another_attempt_client_or_time_signs_nobody_in(
    stage: Stage, provider: LoopbackProvider
) -> None:
    provider.person("bo")
    found = await set_up(stage, provider)
    providers = OpenIdProviders(stage.house.http, loopback=True)
    client = client_of(found, "default", vault=stage.house.vault, base_url=stage.base_url)
    metadata = await providers.discover(provider.issuer)
    kept: list[str] = []
    provider.change_tokens = lambda told: kept.append(told["id_token"]) or told  # type: ignore[func-returns-value]
    async with browser(stage) as bo:
        await through(bo, "bo")
    nonce = provider.asked[0]["nonce"][0]
    assert (await providers._verified(client, metadata, kept[0], nonce))["sub"] == "bo"
    for wrong_client, wrong_nonce, later in (
        (client, "another", 0),
        (Client(client.issuer, "somebody-else", "x", client.scopes, client.redirect_uri), nonce, 0),
        (client, nonce, 2),
    ):
        await stage.later(hours=later)
        with pytest.raises(Exception, match="could not be verified"):
            await providers._verified(wrong_client, metadata, kept[0], wrong_nonce)


async def test_the_provider_says_no_or_nothing_and_the_person_is_told(stage: Stage, provider: LoopbackProvider) -> None:
    await set_up(stage, provider)
    async with browser(stage) as bo:
        state = parse_qs(urlsplit((await out(bo)).headers["location"]).query)["state"][0]
        told = await bo.get("/sign-in/default/callback", params={"error": "access_denied", "state": state})
        assert told.status_code == 502 and "did not let you in" in told.text
        await stage.later(hours=2)
        provider.down = True
        told = await bo.get("/sign-in/default/provider")
        assert told.status_code == 502 and "does not answer" in told.text and "Password" in told.text


async def test_a_provider_that_changed_its_keys_is_asked_again_but_not_at_every_try(
    stage: Stage, provider: LoopbackProvider
) -> None:
    provider.person("bo")
    await set_up(stage, provider)
    provider.change_keys = lambda told: {"keys": [FORGED.as_dict(private=False)]}
    async with browser(stage) as bo:
        assert (await through(bo, "bo")).status_code == 502
        provider.change_keys = None
        assert (await through(bo, "bo")).status_code == 502
        await stage.later(seconds=31)
        assert (await through(bo, "bo")).url.path == "/default"


async def test_what_a_provider_says_of_itself_is_kept_for_an_hour(stage: Stage, provider: LoopbackProvider) -> None:
    await set_up(stage, provider)
    asked: list[int] = []
    provider.change_discovery = lambda told: asked.append(1) or told  # type: ignore[func-returns-value]
    async with browser(stage) as bo:
        for minutes, times in ((0, 1), (50, 1), (70, 2)):
            await stage.later(minutes=minutes)
            await out(bo)
            assert len(asked) == times


async def test_switched_off_or_unknown_there_is_no_way_in(stage: Stage, provider: LoopbackProvider) -> None:
    await set_up(stage, provider, enabled=False)
    async with browser(stage) as bo:
        assert (await bo.get("/sign-in/default/provider")).status_code == 404
        assert (await bo.get("/sign-in/nowhere/provider")).status_code == 404
        assert "Sign in with" not in (await bo.get("/sign-in?org=default")).text


async def checked(stage: Stage, provider: LoopbackProvider, **more: Any) -> dict[str, bool]:
    found = await set_up(stage, provider, **more)
    client = client_of(found, "default", vault=stage.house.vault, base_url=stage.base_url)
    return {line.name: line.ok async for line in check(found, client, OpenIdProviders(stage.house.http, loopback=True))}


async def test_the_doctor_finds_what_is_wrong(stage: Stage, provider: LoopbackProvider) -> None:
    assert all((await checked(stage, provider)).values())
    provider.change_discovery = lambda told: told | {"id_token_signing_alg_values_supported": ["HS256"]}
    assert not (await checked(stage, provider))["Signatures"]
    provider.change_discovery = lambda told: told | {"code_challenge_methods_supported": ["plain"]}
    assert not (await checked(stage, provider))["PKCE"]
    provider.change_discovery = lambda told: told | {"issuer": "http://localhost:1/other"}
    assert not (await checked(stage, provider))["Discovery"]
    provider.change_discovery = None
    await stage.later(minutes=10)
    assert not (await checked(stage, provider))["Clock"]
    await stage.later()
    provider.down = True
    assert not (await checked(stage, provider))["Discovery"]


async def test_the_owner_checks_by_a_button(stage: Stage, provider: LoopbackProvider) -> None:
    await set_up(stage, provider)
    ada = await stage.sign_in("ada@example.com")
    page = "/default/settings/sign-in"
    found = await send(ada, page, f"{page}/check")
    assert "What the check found" in found.text and "to check signatures with" in found.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"issuer": "http://login.example.com"}, "starts with https"),
        ({"issuer": "https://u:p@login.example.com"}, "is an address"),
        ({"create_members": True}, "name the domains"),
        ({"default_role": "owner"}, "becomes an owner"),
        ({"role_of_group": {"a": "king"}, "groups_claim": "groups"}, "is not a role"),
        ({"role_of_group": "just words", "groups_claim": "groups"}, "is not"),
        ({"role_of_group": {"a": "admin"}}, "name the claim"),
        ({"domains": ["*.example.com"]}, "is not a domain"),
        ({"client_secret": ""}, "needed"),
    ],
)
def test_what_could_not_work_or_would_let_everybody_in_is_refused(wrong: dict[str, Any], says: str) -> None:
    good = {"issuer": "https://login.example.com", "client_id": "x", "client_secret": "y"}
    Configuration.model_validate(good)
    with pytest.raises(ValueError, match=says):
        Configuration.model_validate(good | wrong)


async def test_a_provider_without_https_is_for_the_demo_only(stage: Stage, provider: LoopbackProvider) -> None:
    """Whoever can open a port on the machine would be anybody. Neither saved in production, nor asked when it is stored."""
    found = await set_up(stage, provider)
    org = OrgId(found.org_id)
    said = r"starts with https://.* is for the demo and for tests \(DISPATCH_ENV=demo\)"
    for values in ({"title": "Another word"}, {"issuer": "http://127.0.0.1:9"}):
        with pytest.raises(Invalid, match=said) as wrong:
            async with stage.house.db.tx(org) as t:
                await configure(t, values, vault=stage.house.vault)
        assert wrong.value.field == "issuer"
    client = client_of(found, "default", vault=stage.house.vault, base_url=stage.base_url)
    in_production = OpenIdProviders(stage.house.http)
    with pytest.raises(Trouble, match=said):
        await in_production.begin(client, Attempt.fresh())
    lines = {line.name: line async for line in check(found, client, in_production)}
    assert not lines["Discovery"].ok and "DISPATCH_ENV=demo" in lines["Discovery"].message
    async with stage.house.db.tx(org) as t:
        await configure(t, {"enabled": False}, vault=stage.house.vault)


async def test_only_owners_choose_the_provider(stage: Stage, provider: LoopbackProvider) -> None:
    joy = await stage.sign_in("joy@example.com")
    page = "/default/settings/sign-in"
    assert "Only owners change this. Ask Ada Lovelace." in (await joy.get(page)).text
    assert (await send(joy, page, page, issuer=provider.issuer, client_id="x", client_secret="y")).status_code == 403
    async with stage.house.db.system() as t:
        org = await organization(t, "default")
    assert org is not None
    async with stage.house.db.read(org.id) as t:
        assert (await t.execute(text("select count(*) from identity_provider"))).scalar() == 0


async def test_incomplete_settings_are_named(stage: Stage) -> None:
    with pytest.raises(Invalid, match="Issuer is missing"):
        async with stage.house.db.system() as t:
            org = await organization(t, "default")
        assert org is not None
        async with stage.house.db.tx(org.id) as t:
            await configure(t, {"client_id": "x"}, vault=stage.house.vault)
