"""Members, roles, tokens, sessions, audit: through the pages, with the effects a second person sees."""

from __future__ import annotations

import re

import pytest

from dispatch.kit import clock
from tests.people.browsing import browser, person_id, second_organization, send, token_in
from tests.stage import Stage

ADA, BO, DEE, JOY = "ada@example.com", "bo@example.com", "dee@example.com", "joy@example.com"
MEMBERS, TOKENS = "/default/settings/members", "/default/settings/tokens"


@pytest.fixture(autouse=True)
def _back_to_now() -> object:
    yield
    clock.move(clock.timedelta())


async def test_an_invited_person_signs_in_with_the_link_that_is_shown_once(stage: Stage) -> None:
    dee = await stage.sign_in(DEE)
    made = await send(dee, MEMBERS, MEMBERS, email="New@Example.com", name="Nia Newcomer", role="member")
    link = re.search(r"<code>(http[^<]+)</code>", made.text)
    assert made.status_code == 200 and link is not None
    assert link.group(1) not in (await dee.get(MEMBERS)).text
    async with browser(stage) as nia:
        page = await nia.get(link.group(1))
        assert page.url.path == "/default" and "Nia Newcomer" in page.text
    assert "Nia Newcomer" in (await dee.get(MEMBERS, params={"q": "newcomer"})).text
    again = await send(dee, MEMBERS, MEMBERS, email="new@example.com", name="", role="member")
    assert again.status_code == 409 and "is a member already. To send them a new link, open their page" in again.text


async def test_nobody_gives_a_role_above_their_own(stage: Stage) -> None:
    dee = await stage.sign_in(DEE)
    refused = await send(dee, MEMBERS, MEMBERS, email="x@example.com", name="X", role="owner")
    assert refused.status_code == 403
    assert "You are an admin and cannot give a role above your own. Ask Ada Lovelace." in refused.text
    joy, bo = await stage.sign_in(JOY), await person_id(stage, BO)
    assert (await send(joy, f"{MEMBERS}/{bo}", f"{MEMBERS}/{bo}/role", role="owner")).status_code == 403
    raised = await send(joy, f"{MEMBERS}/{bo}", f"{MEMBERS}/{bo}/role", role="manager")
    assert raised.status_code == 200 and "The role is changed. It holds at once." in raised.text
    page = await (await stage.sign_in(BO)).get("/default/settings")
    assert page.status_code == 200


async def test_nobody_changes_or_impersonates_somebody_above_them(stage: Stage) -> None:
    joy, ada = await stage.sign_in(JOY), await person_id(stage, ADA)
    page = f"{MEMBERS}/{ada}"
    for action in ("role", "deactivate", "link"):
        refused = await send(joy, page, f"{page}/{action}", role="member")
        assert refused.status_code == 403 and "Ada Lovelace is an owner" in refused.text
    assert (await (await stage.sign_in(ADA)).get("/default/settings")).status_code == 200


async def test_the_last_owner_stays(stage: Stage) -> None:
    browser_of_ada, ada = await stage.sign_in(ADA), await person_id(stage, ADA)
    page = f"{MEMBERS}/{ada}"
    kept = await send(browser_of_ada, page, f"{page}/role", role="member")
    assert kept.status_code == 409 and "Ada Lovelace is the last owner" in kept.text
    assert (await send(browser_of_ada, page, f"{page}/deactivate")).status_code == 409
    joy = await person_id(stage, JOY)
    await send(browser_of_ada, f"{MEMBERS}/{joy}", f"{MEMBERS}/{joy}/role", role="owner")
    assert (await send(browser_of_ada, page, f"{page}/role", role="member")).url.path == "/default"
    assert (await browser_of_ada.get("/default/settings")).status_code == 403


async def test_a_deactivated_member_is_out_at_once_and_elsewhere_still_in(stage: Stage) -> None:
    await second_organization(stage, BO)
    bo, ada = await stage.sign_in(BO), await stage.sign_in(ADA)
    assert (await bo.get("/default/incidents")).status_code == 200
    page = f"{MEMBERS}/{await person_id(stage, BO)}"
    gone = await send(ada, page, f"{page}/deactivate")
    assert (
        gone.status_code == 200 and "Bo Nilsson" in gone.text and "To bring them back, invite them again." in gone.text
    )
    assert (await bo.get("/default/incidents")).status_code == 404
    elsewhere = await bo.get("/")
    assert elsewhere.url.path == "/second" and "Example Company" not in elsewhere.text
    # The name stays in the history of incidents, and an invitation brings them back.
    assert "Bo Nilsson" in (await ada.get("/default/incidents")).text
    await send(ada, MEMBERS, MEMBERS, email=BO, name="", role="member")
    assert (await bo.get("/default/incidents")).status_code == 200


async def test_somebody_in_no_organization_is_told_so(stage: Stage) -> None:
    bo, ada = await stage.sign_in(BO), await stage.sign_in(ADA)
    page = f"{MEMBERS}/{await person_id(stage, BO)}"
    await send(ada, page, f"{page}/deactivate")
    told = await bo.get("/")
    assert told.status_code == 403 and "no organization lists you as a member" in told.text


async def test_a_token_is_shown_once_works_with_its_role_and_ends(stage: Stage) -> None:
    dee = await stage.sign_in(DEE)
    made = await send(dee, TOKENS, TOKENS, name="Pipeline", role="member", days="30")
    found = re.search(r"<code>(dsp_[\w-]+)</code>", made.text)
    assert found is not None
    token = {"authorization": f"Bearer {found.group(1)}"}
    listed = await dee.get(TOKENS)
    assert found.group(1) not in listed.text and "Pipeline" in listed.text and ">never<" in listed.text
    assert (await stage.web.get("/api/v1/default/incidents", headers=token)).status_code == 200
    assert ">never<" not in (await dee.get(TOKENS)).text
    number = re.search(r"/tokens/(\d+)/revoke", listed.text)
    assert number is not None
    revoked = await send(dee, TOKENS, f"{TOKENS}/{number.group(1)}/revoke")
    assert "Whatever still sends this token is refused." in revoked.text
    assert (await stage.web.get("/api/v1/default/incidents", headers=token)).status_code == 401


async def test_a_token_ends_by_itself_and_opens_one_organization_only(stage: Stage) -> None:
    await second_organization(stage, ADA)
    dee = await stage.sign_in(DEE)
    made = await send(dee, TOKENS, TOKENS, name="Nightly", role="admin", days="30")
    found = re.search(r"<code>(dsp_[\w-]+)</code>", made.text)
    assert found is not None
    token = {"authorization": f"Bearer {found.group(1)}"}
    assert (await stage.web.get("/api/v1/second/incidents", headers=token)).status_code == 401
    await stage.later(days=31)
    assert (await stage.web.get("/api/v1/default/incidents", headers=token)).status_code == 401


async def test_a_token_may_no_more_than_its_maker_and_stops_with_them(stage: Stage) -> None:
    dee, joy = await stage.sign_in(DEE), await stage.sign_in(JOY)
    made = await send(dee, TOKENS, TOKENS, name="Steering", role="admin", days="30")
    found = re.search(r"<code>(dsp_[\w-]+)</code>", made.text)
    assert found is not None
    token = {"authorization": f"Bearer {found.group(1)}"}
    operators = {"authorization": f"Bearer {await stage.token('admin')}"}
    row = (await stage.web.get("/api/v1/default/incidents", headers=token)).json()["items"][0]
    address, page = f"/api/v1/default/incidents/{row['name']}", f"{MEMBERS}/{await person_id(stage, DEE)}"

    async def steers(headers: dict[str, str], title: str) -> int:
        return (await stage.web.patch(address, headers=headers, json={"title": title})).status_code

    assert await steers(token, "By an admin's token") == 200
    # The maker may less: so may the token, at its next request, and nothing more is asked of anybody.
    assert (await send(joy, page, f"{page}/role", role="member")).status_code == 200
    assert await steers(token, "By a member's token") == 403
    assert (await stage.web.get(address, headers=token)).status_code == 200
    assert "made as admin; Dee Alvarez is member now" in (await joy.get(TOKENS)).text
    # The maker is gone.
    await send(joy, page, f"{page}/deactivate")
    for method, body in (("GET", None), ("PATCH", {"title": "By nobody's token"})):
        refused = await stage.web.request(method, address, headers=token, json=body)
        assert refused.status_code == 401
        assert 'The token "Steering" was made by Dee Alvarez, who was deactivated.' in refused.json()["detail"]
    assert "made by Dee Alvarez, who was deactivated" in (await joy.get(TOKENS)).text
    assert await steers(operators, "By the operator's token") == 200
    # Back again, as what they are now.
    await send(joy, MEMBERS, MEMBERS, email=DEE, name="", role="admin")
    assert await steers(token, "By an admin's token again") == 200
    listed = (await joy.get(TOKENS)).text
    assert "deactivated" not in listed and "made as admin" not in listed


async def test_a_token_has_at_most_its_makers_role_and_those_above_are_left_alone(stage: Stage) -> None:
    dee, joy = await stage.sign_in(DEE), await stage.sign_in(JOY)
    assert (await send(dee, TOKENS, TOKENS, name="Big", role="manager", days="30")).status_code == 403
    await send(joy, TOKENS, TOKENS, name="Big", role="manager", days="30")
    number = re.search(r"/tokens/(\d+)/revoke", (await joy.get(TOKENS)).text)
    assert number is not None and "/revoke" not in (await dee.get(TOKENS)).text
    assert (await send(dee, TOKENS, f"{TOKENS}/{number.group(1)}/revoke")).status_code == 403


async def test_a_person_sees_their_browsers_and_signs_them_out(stage: Stage) -> None:
    laptop, phone = await stage.sign_in(BO), await stage.sign_in(BO)
    page = await laptop.get("/default/profile")
    assert page.text.count("This browser") == 1 and "Another program" in page.text
    number = re.search(r"/sessions/(\d+)/end", page.text)
    assert number is not None
    await send(laptop, "/default/profile", f"/default/profile/sessions/{number.group(1)}/end")
    assert (await phone.get("/default/incidents")).url.path == "/sign-in"
    tablet = await stage.sign_in(BO)
    other = await stage.sign_in(ADA)
    await send(laptop, "/default/profile", "/default/profile/sessions/end-others")
    assert (await tablet.get("/default/incidents")).url.path == "/sign-in"
    assert (await laptop.get("/default/incidents")).status_code == 200
    assert (await other.get("/default/incidents")).status_code == 200


async def test_a_strangers_session_cannot_be_ended(stage: Stage) -> None:
    bo, ada = await stage.sign_in(BO), await stage.sign_in(ADA)
    await stage.sign_in(BO)
    number = re.search(r"/sessions/(\d+)/end", (await bo.get("/default/profile")).text)
    assert number is not None
    refused = await send(ada, "/default/profile", f"/default/profile/sessions/{number.group(1)}/end")
    assert refused.status_code == 404
    assert "/sessions/" in (await bo.get("/default/profile")).text


async def test_a_new_password_needs_the_old_one_unless_a_link_was_just_used(stage: Stage) -> None:
    bo, phone = await stage.sign_in(BO), await stage.sign_in(BO)
    to = "/default/profile/password"
    assert (await send(bo, "/default/profile", to, password="short")).status_code == 422
    assert (await send(bo, "/default/profile", to, password="a sentence of mine")).url.params["saved"] == "password"
    assert (await phone.get("/default/incidents")).url.path == "/sign-in"
    await stage.advance(minutes=20)
    refused = await send(bo, "/default/profile", to, password="another sentence of mine", old="wrong")
    assert refused.status_code == 422 and "That is not your password." in refused.text
    changed = await send(bo, "/default/profile", to, password="another sentence of mine", old="a sentence of mine")
    assert changed.url.params["saved"] == "password"


async def test_a_profile_is_changed_and_seen_by_others(stage: Stage) -> None:
    bo = await stage.sign_in(BO)
    await send(bo, "/default/profile", "/default/profile", name="Bo N. Nilsson", tz="Asia/Tokyo")
    ada = await stage.sign_in(ADA)
    assert "Bo N. Nilsson" in (await ada.get(MEMBERS)).text
    wrong = await send(bo, "/default/profile", "/default/profile", name=" ", tz="Middle/Earth")
    assert wrong.status_code == 422 and "Choose a time zone from the list" in wrong.text


async def test_the_audit_log_says_who_did_what_before_and_after(stage: Stage) -> None:
    joy, bo = await stage.sign_in(JOY), await person_id(stage, BO)
    await send(joy, f"{MEMBERS}/{bo}", f"{MEMBERS}/{bo}/role", role="admin")
    await send(joy, TOKENS, TOKENS, name="Pipeline", role="member", days="30")
    ada = await stage.sign_in(ADA)
    log = (await ada.get("/default/settings/audit")).text
    assert "Joy Mensah changed the role of Bo Nilsson from member to admin" in log
    assert "<del>member</del>" in log and "<ins>admin</ins>" in log
    assert "Joy Mensah created the API token Pipeline" in log
    tokens_only = (await ada.get("/default/settings/audit", params={"topic": "token"})).text
    assert "Pipeline" in tokens_only and "changed the role" not in tokens_only
    joys = await person_id(stage, JOY)
    assert "Pipeline" in (await ada.get("/default/settings/audit", params={"by": str(joys)})).text
    adas = await person_id(stage, ADA)
    assert "Pipeline" not in (await ada.get("/default/settings/audit", params={"by": str(adas)})).text


async def test_the_switcher_shows_the_organizations_of_the_account_only(stage: Stage) -> None:
    await second_organization(stage, BO)
    bo, ada = await stage.sign_in(BO), await stage.sign_in(ADA)
    assert 'href="/second"' in (await bo.get("/default/incidents")).text
    assert (await bo.get("/second/incidents")).status_code == 200
    assert "Second Example" not in (await ada.get("/default/incidents")).text
    assert (await ada.get("/second/incidents")).status_code == 404


async def test_a_member_of_one_organization_is_not_found_in_another(stage: Stage) -> None:
    await second_organization(stage, "zoe@example.com", role="owner")
    zoe = await stage.sign_in("zoe@example.com")
    bo = await person_id(stage, BO)
    page = await zoe.get("/second/settings/members")
    for action in ("role", "deactivate", "link"):
        to = f"/second/settings/members/{bo}/{action}"
        answer = await zoe.post(to, data={"csrf": token_in(page.text), "role": "admin"})
        assert answer.status_code == 404
