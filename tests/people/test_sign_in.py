"""Signing in by link and password, and being held up."""

from __future__ import annotations

import asyncio
import logging

import pytest

from dispatch.kit import clock
from dispatch.people import passwords, throttle
from dispatch.people.queries import account_of_email, organization
from dispatch.people.sessions import one_time_link
from dispatch.people.web.sign_in import USED, WRONG
from tests.people.browsing import PASSWORD, browser, by_password, give_password, second_organization, send, token_in
from tests.stage import Stage

ADA, BO = "ada@example.com", "bo@example.com"


@pytest.fixture(autouse=True)
def _back_to_now() -> object:
    yield
    clock.move(clock.timedelta())


async def test_a_password_signs_in_and_leads_where_the_person_wanted_to_go(stage: Stage) -> None:
    await give_password(stage, BO)
    async with browser(stage) as bo:
        asked = await bo.get("/default/report")
        assert asked.url.path == "/sign-in" and asked.url.params["next"] == "/default/report"
        answer = await by_password(bo, " BO@Example.com ", PASSWORD, next="/default/report")
        assert answer.url.path == "/default/report" and "Bo Nilsson" in answer.text


async def test_wrong_password_and_unknown_person_read_the_same(stage: Stage) -> None:
    await give_password(stage, BO)
    answers = []
    for email in (BO, "nobody@example.com", ADA):  # Ada has no password
        async with browser(stage) as somebody:
            answer = await by_password(somebody, email, "wrong password here")
            assert answer.status_code == 401 and WRONG in answer.text
            assert "dispatch_session" not in somebody.cookies
            answers.append(answer.text.replace(email, "").replace(token_in(answer.text), ""))
    without_time = {text[text.index("<body") :] for text in answers}
    assert len(without_time) == 1


async def test_somebody_unknown_costs_as_much_work_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = passwords._fits
    monkeypatch.setattr(passwords, "_fits", lambda given, hash: looked.append(given) or real(given, hash))
    assert await passwords.matching("anything at all", []) is None
    assert looked == ["anything at all"]


async def test_guessing_is_held_up_for_the_account_whoever_guesses_and_ends_by_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give_password(stage, BO)
    async with browser(stage) as somebody:
        for _ in range(throttle.PER_ACCOUNT):
            assert (await by_password(somebody, BO, "wrong password here")).status_code == 401
        held = await by_password(somebody, BO, PASSWORD)
        assert held.status_code == 429 and "Too many attempts. Wait 15 minutes" in held.text
        assert 0 < int(held.headers["retry-after"]) <= 901
        # Others are not held up, and a link still lets Bo in.
        await give_password(stage, ADA)
        assert (await by_password(somebody, ADA, PASSWORD)).url.path == "/default"
        await stage.sign_in(BO)
        await stage.later(seconds=throttle.WINDOW.total_seconds())
        assert (await by_password(somebody, BO, PASSWORD)).url.path == "/default"


async def test_an_address_that_tries_many_accounts_is_held_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle.Throttle.of_address, "__kwdefaults__", {"most": 3, "what": "sign-in"})
    async with browser(stage) as somebody:
        for number in range(3):
            assert (await by_password(somebody, f"p{number}@example.com", "wrong password here")).status_code == 401
        assert (await by_password(somebody, "p4@example.com", "wrong password here")).status_code == 429
        # One-time links are guessed from the same purse.
        assert (await somebody.get("/sign-in", params={"token": "guess"})).status_code == 429


async def test_many_guesses_at_once_do_not_slip_through_together(stage: Stage) -> None:
    purse = throttle.Throttle(stage.house.db, b"x" * 32)
    limit = purse.of_account(BO, most=5)

    async def attempt() -> bool:
        try:
            await purse.take(limit)
        except throttle.TooMany:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 5


async def test_addresses_of_one_home_count_as_one() -> None:
    purse = throttle.Throttle(None, b"x" * 32)  # type: ignore[arg-type]
    assert purse.of_address("2001:db8::1") == purse.of_address("2001:db8::ffff:2")
    assert purse.of_address("2001:db8::1") != purse.of_address("2001:db8:0:1::1")
    assert purse.of_address("::ffff:10.0.0.1") == purse.of_address("10.0.0.1")


async def test_a_link_works_once(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        account = await account_of_email(t, BO)
        assert account is not None
        token = await one_time_link(t, account)
    async with browser(stage) as bo, browser(stage) as thief:
        assert (await bo.get("/sign-in", params={"token": token})).url.path == "/default"
        again = await thief.get("/sign-in", params={"token": token})
        assert again.status_code == 401 and USED in again.text


async def test_a_link_nobody_used_is_too_old_after_a_day(stage: Stage) -> None:
    async with stage.house.db.system() as t:
        account = await account_of_email(t, BO)
        assert account is not None
        token = await one_time_link(t, account)
    await stage.later(hours=24, seconds=1)
    async with browser(stage) as bo:
        assert (await bo.get("/sign-in", params={"token": token})).status_code == 401


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\tevil",
        "javascript:alert(1)",
        "evil",
        "/\n/evil.example",
    ],
)
async def test_signing_in_never_leads_to_another_site(stage: Stage, next: str) -> None:
    await give_password(stage, BO)
    async with browser(stage) as bo:
        page = await bo.get("/sign-in")
        answer = await bo.post(
            "/sign-in/password",
            data={"csrf": token_in(page.text), "email": BO, "password": PASSWORD, "next": next},
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/"


async def test_each_sign_in_makes_a_new_session_and_ends_the_one_before(stage: Stage) -> None:
    await give_password(stage, BO)
    async with browser(stage) as bo, browser(stage) as before:
        await by_password(bo, BO, PASSWORD)
        first = bo.cookies["dispatch_session"]
        await by_password(bo, BO, PASSWORD)
        assert bo.cookies["dispatch_session"] != first
        before.cookies.set("dispatch_session", first)
        assert (await before.get("/default/incidents")).url.path == "/sign-in"


async def test_a_session_that_somebody_planted_does_not_become_the_persons(stage: Stage) -> None:
    await give_password(stage, BO)
    async with browser(stage) as bo, browser(stage) as planter:
        bo.cookies.set("dispatch_session", "planted")
        planter.cookies.set("dispatch_session", "planted")
        await by_password(bo, BO, PASSWORD)
        assert (await planter.get("/default/incidents")).url.path == "/sign-in"


async def test_signing_in_from_another_site_is_refused(stage: Stage) -> None:
    await give_password(stage, BO)
    async with browser(stage) as bo:
        assert (await bo.post("/sign-in/password", data={"email": BO, "password": PASSWORD})).status_code == 403
        assert "dispatch_session" not in bo.cookies


async def test_what_one_organization_gave_out_does_not_open_another(stage: Stage) -> None:
    second = await second_organization(stage, BO)
    async with stage.house.db.system() as t:
        account = await account_of_email(t, BO)
        assert account is not None
        token = await one_time_link(t, account, org=second)  # type: ignore[arg-type]
    async with browser(stage) as bo:
        assert (await bo.get("/sign-in", params={"token": token})).url.path == "/second"
        assert (await bo.get("/default/incidents")).url.path == "/sign-in"
        assert "Example Company" not in (await bo.get("/second/incidents")).text
        # Neither does a password that was chosen in such a session.
        chosen = await send(bo, "/second/profile", "/second/profile/password", password="a sentence of mine")
        assert chosen.url.params["saved"] == "password"
    async with browser(stage) as bo:
        assert (await by_password(bo, BO, "a sentence of mine")).url.path == "/second"
        assert (await bo.get("/default/incidents")).url.path == "/sign-in"
    # Vouched for by both, one browser has both, and the switcher shows them.
    async with browser(stage) as bo:
        await by_password(bo, BO, "a sentence of mine")
        async with stage.house.db.system() as t:
            first = await organization(t, "default")
            assert first is not None
            token = await one_time_link(t, account, org=first.id)
        page = await bo.get("/sign-in", params={"token": token})
        assert "Second Example" in page.text and "Example Company" in page.text
        assert (await bo.get("/second/incidents")).status_code == 200


async def test_secrets_stay_out_of_the_logs(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await give_password(stage, BO)
    async with browser(stage) as bo:
        await by_password(bo, BO, "my secret guess 123")
        await bo.get("/sign-in", params={"token": "link-secret-value"})
        await by_password(bo, BO, PASSWORD)
        session = bo.cookies["dispatch_session"]
    said = "\n".join(
        f"{r.getMessage()} {r.__dict__}" for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))
    )
    for secret in ("my secret guess 123", "link-secret-value", PASSWORD, session):
        assert secret not in said


async def test_signing_out_ends_the_session(stage: Stage) -> None:
    bo = await stage.sign_in(BO)
    kept = bo.cookies["dispatch_session"]
    assert (await send(bo, "/default/incidents", "/sign-out")).url.path == "/sign-in"
    bo.cookies.set("dispatch_session", kept)
    assert (await bo.get("/default/incidents")).url.path == "/sign-in"
    await bo.aclose()


def test_weak_passwords_are_refused_with_a_reason() -> None:
    for weak in ("short", "password12345", "aaaaaaaaaaaaaaa", "bo@example.com", "x" * 201):
        with pytest.raises(passwords.Invalid):
            passwords.checked(weak, email=BO)
    assert passwords.checked("a short sentence", email=BO)


async def test_an_endless_password_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(passwords, "_fits", lambda given, hash: looked.append(given) or False)
    assert await passwords.matching("x" * 1_000_000, []) is None
    assert looked == [""]


@pytest.mark.parametrize(
    "robot",
    [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "WhatsApp/2.23.20.0 A",
    ],
)
async def test_a_link_that_is_posted_in_a_chat_is_not_used_up_by_its_preview(stage: Stage, robot: str) -> None:
    async with stage.house.db.system() as t:
        account = await account_of_email(t, BO)
        assert account is not None
        link = f"/sign-in?token={await one_time_link(t, account)}"
    async with browser(stage, headers={"user-agent": robot}) as chat:
        seen = await chat.get(link)
        assert seen.status_code == 200 and "dispatch_session" not in chat.cookies
        assert "Bo Nilsson" not in seen.text
    async with browser(stage) as bo:
        assert "Bo Nilsson" in (await bo.get(link)).text
