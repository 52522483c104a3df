"""Sign in with Slack, through the sandbox as OpenID provider: real redirects, real tokens, and who is kept out."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from dispatch.kit.errors import Invalid
from dispatch.people.identity_providers import configure, identity_provider
from dispatch.people.models import IdentityProvider
from dispatch.people.oidc import OpenIdProviders
from dispatch.people.provider_checks import check
from dispatch.people.web.provider import client_of
from tests.people.browsing import browser, send
from tests.playing import org_id
from tests.stage import ADA, BO, Stage

TEAM = "T0DEMO"
TEAM_ID = "https://slack.com/team_id"


async def slack_app(stage: Stage) -> dict[str, Any]:
    """An app for signing in, with our redirect address."""
    return await stage.slack.app(
        TEAM,
        {
            "display_information": {"name": "Sign in"},
            "features": {"bot_user": {"display_name": "sign-in"}},
            "oauth_config": {
                "redirect_urls": [f"{stage.base_url}/sign-in/default/callback"],
                "scopes": {"bot": ["users:read"]},
            },
            "settings": {},
        },
    )


async def set_up(stage: Stage, **more: Any) -> tuple[dict[str, Any], IdentityProvider]:
    app = await slack_app(stage)
    values = {
        "title": "Slack", "issuer": stage.box.base_url, "client_id": app["client_id"], "client_secret": app["client_secret"],
    }  # fmt: skip
    async with stage.house.db.tx(await org_id(stage)) as t:
        return app, await configure(t, values | more, vault=stage.house.vault, loopback=True)


async def change(stage: Stage, **values: Any) -> None:
    async with stage.house.db.tx(await org_id(stage)) as t:
        await configure(t, values, vault=stage.house.vault, loopback=True)


async def consent(address: str, user: str, answer: str = "allow") -> str:
    """Look at Slack's page and press a button; where it sends the browser."""
    async with httpx.AsyncClient() as there:
        assert "requesting permission" in (await there.get(address)).text
        said = await there.post(address, data={"user": user, "answer": answer})
    assert said.status_code == 302, said.text
    return said.headers["location"]


async def through(client: httpx.AsyncClient, user: str, answer: str = "allow") -> httpx.Response:
    out = await client.get("/sign-in/default/provider", follow_redirects=False)
    return await client.get(await consent(out.headers["location"], user, answer))


async def stranger(stage: Stage, email: str = "zed@example.com") -> str:
    """Somebody of another workspace; anybody in Slack can come to the page."""
    made = await stage.slack.workspace(
        team={"id": "T0ELSE", "name": "Elsewhere", "domain": "elsewhere"},
        users=[{"id": "U0ZED", "name": "zed", "real_name": "Zed Zander", "email": email}],
    )
    return str(made["users"][0]["id"])


async def test_a_member_signs_in_with_slack_and_only_their_workspace_comes_in(stage: Stage) -> None:
    await set_up(stage, required_claim=TEAM_ID, required_values=[TEAM], create_members=True)
    async with browser(stage) as bo:
        assert "Sign in with Slack" in (await bo.get("/sign-in?org=default")).text
        page = await through(bo, BO)
        assert page.url.path == "/default" and "Bo Nilsson" in page.text
    # Of another workspace, with an address that is a member's here: the claim decides before the address is looked at.
    zed = await stranger(stage, "ada@example.com")
    async with browser(stage) as other:
        refused = await through(other, zed)
        assert refused.status_code == 403 and "Only some people of Slack may sign in here" in refused.text
        assert (await other.get("/default", follow_redirects=False)).status_code in (303, 401)
    # Whoever is let in by the workspace joins; allowing the other workspace lets that one in, too.
    await change(stage, required_values=[TEAM, "T0ELSE"])
    await stage.slack.workspace(
        team={"id": "T0ELSE", "name": "Elsewhere", "domain": "elsewhere"},
        users=[{"id": "U0ZED", "name": "zed", "email": "zed@example.com"}],
    )
    async with browser(stage) as other:
        page = await through(other, zed)
        assert page.url.path == "/default" and "Zed Zander" in page.text
    async with browser(stage) as cancelled:
        assert "If you pressed Cancel" in (await through(cancelled, ADA, "cancel")).text


async def test_an_owner_names_the_workspaces_on_the_page(stage: Stage) -> None:
    app, _ = await set_up(stage)
    ada = await stage.sign_in("ada@example.com")
    page = "/default/settings/sign-in"
    kept = {
        "issuer": stage.box.base_url, "client_id": app["client_id"], "client_secret": "", "scopes": "openid email profile",
        "title": "Slack", "domains": "", "default_role": "member", "enabled": "true",
    }  # fmt: skip
    wrong = await send(ada, page, page, **kept, required_claim=TEAM_ID, required_values="")
    assert wrong.status_code == 422 and "give both" in wrong.text
    saved = await send(ada, page, page, **kept, required_claim=TEAM_ID, required_values="T0ELSE T0MORE")
    assert saved.url.params["saved"] == "1" and 'value="T0ELSE T0MORE"' in saved.text
    async with browser(stage) as bo:
        assert (await through(bo, BO)).status_code == 403
        await send(ada, page, page, **kept, required_claim=TEAM_ID, required_values=f"T0ELSE {TEAM}")
        assert (await through(bo, BO)).url.path == "/default"
    assert "required values" in (await ada.get("/default/settings/audit")).text
    await ada.aclose()


async def test_the_allow_list_needs_claim_and_values(stage: Stage) -> None:
    await set_up(stage)
    for values in ({"required_claim": TEAM_ID}, {"required_values": [TEAM]}):
        with pytest.raises(Invalid, match="give both"):
            await change(stage, **values)
    with pytest.raises(Invalid, match="everybody the provider knows"):
        await change(stage, create_members=True)


async def test_slack_gives_tokens_only_to_whom_they_belong(stage: Stage) -> None:
    """Against the sandbox's own door: verifier, secret, address, and a code counts once."""
    app, _ = await set_up(stage)
    redirect = f"{stage.base_url}/sign-in/default/callback"
    base = stage.box.base_url
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()

    async def code(**more: str) -> str:
        query = {
            "client_id": app["client_id"], "redirect_uri": redirect, "response_type": "code", "scope": "openid,email", "state": "s", **more,
        }  # fmt: skip
        return parse_qs(urlsplit(await consent(f"{base}/openid/connect/authorize?{urlencode(query)}", BO)).query)[
            "code"
        ][0]

    async with httpx.AsyncClient(base_url=stage.box.base_url) as http:

        async def token(code: str, **more: str) -> dict[str, Any]:
            given = {
                "client_id": app["client_id"], "client_secret": app["client_secret"], "redirect_uri": redirect, "code": code,
                "grant_type": "authorization_code", **more,
            }  # fmt: skip
            return dict((await http.post("/api/openid.connect.token", data=given)).json())

        assert (await token(await code(), client_secret="guessed"))["error"] == "bad_client_secret"
        assert (await token(await code(), redirect_uri="https://evil.example"))["error"] == "bad_redirect_uri"
        pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
        assert (await token(await code(**pkce), code_verifier="another"))["error"] == "invalid_grant"
        assert (await token(await code(**pkce)))["error"] == "invalid_grant"
        assert (await token(await code(**pkce), code_verifier=verifier))["ok"]
        once = await code()
        given = await token(once)
        assert given["ok"] and given["token_type"] == "Bearer"
        assert (await token(once))["error"] == "invalid_code"
        # A code for signing in installs no app, and the token tells no more than was asked for.
        installing = {"client_id": app["client_id"], "client_secret": app["client_secret"], "code": await code()}
        assert (await http.post("/api/oauth.v2.access", data=installing)).json()["error"] == "invalid_code"
        who = {"authorization": f"Bearer {given['access_token']}"}
        told = (await http.get("/api/openid.connect.userInfo", headers=who)).json()
        assert (told["sub"], told["email"], told[TEAM_ID]) == (BO, "bo@example.com", TEAM) and "name" not in told
        refused = (await http.get("/api/users.info", params={"user": ADA}, headers=who)).json()
        assert refused["error"] == "missing_scope"
        unknown = {
            "client_id": app["client_id"],
            "redirect_uri": "https://evil.example/",
            "response_type": "code",
            "scope": "openid",
        }
        assert (await http.get("/openid/connect/authorize", params=unknown)).status_code == 400


async def test_the_doctor_knows_slack(stage: Stage) -> None:
    _, found = await set_up(stage, required_claim=TEAM_ID, required_values=[TEAM], create_members=True)
    client = client_of(found, "default", vault=stage.house.vault, base_url=stage.base_url)
    lines = {line.name: line async for line in check(found, client, OpenIdProviders(stage.house.http, loopback=True))}
    assert all(line.ok for line in lines.values()), lines
    assert "takes the secret" in lines["Client"].message and TEAM in lines["Who"].message
    await change(stage, client_secret="another")
    async with stage.house.db.read(await org_id(stage)) as t:
        found = await identity_provider(t)
    assert found is not None
    client = client_of(found, "default", vault=stage.house.vault, base_url=stage.base_url)
    lines = {line.name: line async for line in check(found, client, OpenIdProviders(stage.house.http, loopback=True))}
    assert not lines["Client"].ok and "bad_client_secret" in lines["Client"].message
