"""By clicks in a real browser: signing in, inviting, tokens, sessions. The console stays silent (see tests/played.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.people.browsing import PASSWORD, give_password, person_id, second_organization
from tests.people.loopback_provider import LoopbackProvider, loopback_provider
from tests.people.test_provider import set_up
from tests.played import Played
from tests.seen import PHONE, complaints, too_wide

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as made:
        yield made


def stranger(played: Played, **how: Any) -> Page:
    """A browser nobody signed in with."""
    context = played.browser.new_context(
        base_url=played.stage.base_url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce", **how
    )
    played.contexts.append(context)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: played.said.append(str(error)))
    # A refused form answers 4xx, and the browser says so in the console; everything else there is a fault of ours.
    page.on(
        "console",
        lambda message: played.said.append(message.text) if "Failed to load resource" not in message.text else None,
    )
    return page


def test_signing_in_with_a_password(played: Played) -> None:
    played.run(give_password(played.stage, "bo@example.com"))
    page = stranger(played)
    page.goto("/default/report")
    page.get_by_label("E-mail").fill("bo@example.com")
    page.get_by_label("Password").fill("not my password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("E-mail")).to_have_value("bo@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Report an incident")).to_be_visible()
    page.locator("summary.me").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_signing_in_with_the_organizations_login(played: Played, provider: LoopbackProvider) -> None:
    provider.person("bo")
    played.run(set_up(played.stage, provider, title="Okta"))
    page = stranger(played)
    page.goto("/default/incidents")
    page.get_by_role("link", name="Sign in with Okta").click()
    page.get_by_placeholder("sub").fill("bo")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
    expect(page.get_by_text("Bo Nilsson").first).to_be_visible()
    # Cancelled there: told so here.
    other = stranger(played)
    other.goto("/sign-in/default/provider")
    other.get_by_role("button", name="Deny").click()
    expect(other.get_by_role("alert")).to_contain_text("did not let you in")


def test_an_owner_sets_up_the_organizations_login_and_checks_it(played: Played, provider: LoopbackProvider) -> None:
    page = played.person("ada@example.com")
    page.goto("/default/settings/sign-in")
    page.get_by_label("Issuer").fill(provider.issuer)
    page.get_by_label("Client id").fill("dispatch")
    page.get_by_label("Client secret").fill("very-secret")
    page.get_by_label("Name on the button").fill("Okta")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It holds from the next sign-in on.")).to_be_visible()
    assert "very-secret" not in page.content()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("heading", name="What the check found")).to_be_visible()
    expect(page.get_by_role("img", name="Not fine")).to_have_count(0)


def test_an_invited_person_comes_in_by_the_link(played: Played) -> None:
    page = played.person("dee@example.com")
    page.goto("/default/settings/members")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog", name="Invite somebody")
    dialog.get_by_label("E-mail").fill("nia@example.com")
    dialog.get_by_label("Name").fill("Nia Newcomer")
    dialog.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("Nia Newcomer is a member now")).to_be_visible()
    link = page.locator(".once-only code").inner_text()
    newcomer = stranger(played)
    newcomer.goto(link)
    expect(newcomer.get_by_role("heading", name="Home")).to_be_visible()
    page.get_by_role("link", name="Nia Newcomer").click()
    expect(page.get_by_text("Dee Alvarez invited Nia Newcomer as member")).to_be_visible()


def test_a_role_is_changed_and_a_member_deactivated(played: Played) -> None:
    page = played.person("joy@example.com")
    bo = stranger(played)
    played.run(give_password(played.stage, "bo@example.com"))
    bo.goto("/sign-in?next=/default/settings")
    bo.get_by_label("E-mail").fill("bo@example.com")
    bo.get_by_label("Password").fill(PASSWORD)
    bo.get_by_role("button", name="Sign in").click()
    expect(bo.get_by_text("To open settings you need to be a project admin")).to_be_visible()
    page.goto("/default/settings/members")
    page.get_by_role("link", name="Bo Nilsson").click()
    page.get_by_label("Admin").check()
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_text("Joy Mensah changed the role of Bo Nilsson from member to admin")).to_be_visible()
    bo.reload()
    expect(bo.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog", name="Deactivate Bo Nilsson?").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("link", name="Deactivated 1")).to_be_visible()
    bo.reload()
    expect(bo.get_by_text("There is nothing here")).to_be_visible()


def test_a_token_is_made_used_and_revoked(played: Played) -> None:
    page = played.person("dee@example.com")
    page.goto("/default/settings/tokens")
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Program").fill("Pipeline")
    page.get_by_role("button", name="Create token").click()
    token = page.locator(".once-only code").inner_text()

    async def asks() -> int:
        answer = await played.stage.web.get("/api/v1/default/incidents", headers={"authorization": f"Bearer {token}"})
        return answer.status_code

    assert played.run(asks()) == 200
    page.goto("/default/settings/tokens")
    assert token not in page.content()
    page.get_by_role("button", name="Revoke Pipeline").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert played.run(asks()) == 401


def test_another_browser_is_signed_out_from_here(played: Played) -> None:
    laptop, phone = played.person("bo@example.com"), played.person("bo@example.com")
    laptop.goto("/default/profile")
    laptop.get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(laptop.get_by_text("Signed out.")).to_be_visible()
    # Its page loads itself anew.
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
    laptop.get_by_label("New password").fill("a sentence of mine")
    laptop.get_by_role("button", name="Set password").click()
    expect(laptop.get_by_text("Your password is set.")).to_be_visible()


def test_the_switcher_leads_to_the_other_organization(played: Played) -> None:
    played.run(second_organization(played.stage, "bo@example.com"))
    page = played.person("bo@example.com")
    page.goto("/default/incidents")
    page.get_by_text("Switch organization").locator("xpath=..").click()
    page.get_by_role("link", name="Second Example").click()
    expect(page).to_have_url(f"{played.stage.base_url}/second")


def test_every_page_is_readable_in_both_themes_and_on_a_phone(played: Played, provider: LoopbackProvider) -> None:
    played.run(set_up(played.stage, provider, title="Okta"))
    page = played.person("ada@example.com")
    page.goto("/default/settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Program").fill("Pipeline")
    assert complaints(page) == []
    page.get_by_role("button", name="Create token").click()
    assert complaints(page) == []
    joy = played.run(person_id(played.stage, "joy@example.com"))
    for address in (
        "/default/settings/members", f"/default/settings/members/{joy}", "/default/settings/tokens",
        "/default/settings/audit", "/default/settings/sign-in", "/default/profile", "/sign-in?org=default",
    ):  # fmt: skip
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address)
            assert complaints(page) == [], f"{address} {theme}"
        assert too_wide(page, PHONE) == 0, address
