"""What holds for every route: form tokens, headers, sizes, cookies. New routes are covered without anybody remembering."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from dispatch.kit.web import bodies
from dispatch.kit.web.csrf import csrf_token
from dispatch.kit.web.headers import STRICT_TRANSPORT, security_headers
from dispatch.people.web import COOKIE, local
from tests.people.browsing import PASSWORD, browser, by_password, give_password, token_in
from tests.routes import all_routes, filled
from tests.stage import Stage

#: Routes whose address is the proof, and what they say to a wrong one.
OWN_PROOF = {"/{org}/acknowledge/{token}": (410,)}


async def test_no_change_is_made_without_the_pages_own_token(stage: Stage) -> None:
    ada = await stage.sign_in("ada@example.com")
    unsafe = [(m, p) for m, p in all_routes(stage) if m not in ("GET", "OPTIONS")]
    assert len(unsafe) > 20
    taken = []
    for method, path in unsafe:
        for form in ({}, {"csrf": "0" * 64}):
            answer = await ada.request(method, filled(path), data={"title": "x", **form}, follow_redirects=False)
            # Machines carry their own proof: a token (401) or Slack's signature (403).
            expected = (401, 403, 422) if path.startswith("/api/") else OWN_PROOF.get(path, (403,))
            if answer.status_code not in expected:
                taken.append(f"{method} {path}: {answer.status_code}")
    assert taken == []


async def test_another_site_signs_nobody_in_whose_browser_was_never_here(stage: Stage) -> None:
    """Without a cookie there is no secret, and anybody could make the form's token: then none is good."""
    await give_password(stage, "bo@example.com")
    async with browser(stage) as victim:
        sent = {"csrf": csrf_token(""), "email": "bo@example.com", "password": PASSWORD}
        answer = await victim.post("/sign-in/password", data=sent, follow_redirects=False)
        assert answer.status_code == 403
        assert COOKIE not in victim.cookies
    async with browser(stage) as bo:
        assert (await by_password(bo, "bo@example.com", PASSWORD)).url.path.startswith("/default")


async def test_every_answer_carries_the_headers_and_private_ones_are_not_kept(stage: Stage) -> None:
    ada = await stage.sign_in("ada@example.com")
    for method, path in all_routes(stage):
        if method != "GET" or path.endswith("/live") or path.startswith("/openapi"):
            continue
        for client in (ada, stage.web):
            answer = await client.get(filled(path), follow_redirects=False)
            assert answer.status_code < 500 or answer.status_code in (502, 503), path
            assert "script-src 'self'" in answer.headers["content-security-policy"], path
            assert "unsafe" not in answer.headers["content-security-policy"], path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["cache-control"] == "no-store", path
            assert "strict-transport-security" not in answer.headers


async def test_no_page_carries_script_or_style_of_its_own(stage: Stage) -> None:
    ada = await stage.sign_in("ada@example.com")
    looked = 0
    for method, path in all_routes(stage):
        if method != "GET" or path.endswith("/live") or path.startswith(("/api/", "/openapi", "/metrics", "/healthz")):
            continue
        answer = await ada.get(filled(path))
        if "text/html" in answer.headers.get("content-type", ""):
            looked += 1
            assert not re.findall(
                r"<style|\sstyle=|\son[a-z]+=|<script(?! src=\"/static/)|href=\"javascript:", answer.text
            ), path
    assert looked > 10


async def test_the_session_cookie_cannot_be_read_by_scripts_and_is_not_sent_from_elsewhere(stage: Stage) -> None:
    await give_password(stage, "bo@example.com")
    async with browser(stage) as bo:
        page = await bo.get("/sign-in")
        answer = await bo.post(
            "/sign-in/password",
            data={"csrf": token_in(page.text), "email": "bo@example.com", "password": PASSWORD},
            follow_redirects=False,
        )
    set_cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in set_cookie and "samesite=lax" in set_cookie and "secure" not in set_cookie
    assert COOKIE in set_cookie


async def test_behind_https_cookies_and_browsers_stay_on_it(stage: Stage) -> None:
    app = FastAPI()
    app.state.https = True
    app.add_middleware(security_headers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://x") as client:
        assert (await client.get("/")).headers["strict-transport-security"] == STRICT_TRANSPORT


async def test_a_body_that_is_too_large_is_refused_whatever_it_says_of_itself(stage: Stage) -> None:
    ada = await stage.sign_in("ada@example.com")
    csrf = token_in((await ada.get("/default/report")).text)
    large = b"title=" + b"x" * bodies.LARGEST
    plain = {"content-type": "application/x-www-form-urlencoded"}
    signed_in = plain | {"x-csrf-token": csrf}
    for path, form in (
        ("/default/report", signed_in), ("/sign-in/password", plain), ("/api/v1/default/events/slack/command", plain),
    ):  # fmt: skip
        assert (await ada.post(path, content=large, headers=form)).status_code == 413, path

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(large), 50_000):
                yield large[start : start + 50_000]

        refused = await ada.post(path, content=pieces(), headers=form)
        assert refused.status_code == 413, f"{path} chunked: {refused.status_code}"
    token = {"authorization": f"Bearer {await stage.token()}", "content-type": "application/json"}

    async def json() -> AsyncIterator[bytes]:
        yield b'{"title": "'
        for _ in range(30):
            yield b"x" * 50_000
        yield b'"}'

    assert (await stage.web.post("/api/v1/default/incidents", content=json(), headers=token)).status_code == 413


async def test_errors_show_nothing_of_the_inside(stage: Stage) -> None:
    await give_password(stage, "bo@example.com")
    async with browser(stage) as bo:
        await by_password(bo, "bo@example.com", PASSWORD)
        for path in ("/default/incidents/%00", "/default/documents/999999999999999999999", "/default/incidents?page=x"):
            answer = await bo.get(path)
            assert answer.status_code in (404, 422), f"{path} {answer.status_code}"
            assert "Traceback" not in answer.text and "psycopg" not in answer.text and "sqlalchemy" not in answer.text


@pytest.mark.parametrize("target", ["/default/report", "/", "/default/incidents?q=a b".replace(" ", "%20")])
def test_paths_of_this_site_are_kept(target: str) -> None:
    assert local(target) == target
