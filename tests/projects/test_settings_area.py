"""The settings area: who may open it, and how slices add pages."""

from __future__ import annotations

import pytest

from dispatch.kit.web import settings_area
from dispatch.kit.web.settings_area import navigation, settings_page
from tests.stage import Stage


async def test_admins_open_it_and_members_learn_who_can_help(stage: Stage) -> None:
    for email in ("ada@example.com", "dee@example.com", "joy@example.com"):
        browser = await stage.sign_in(email)
        assert (await browser.get("/default/settings")).status_code == 200
        assert 'href="/default/settings"' in (await browser.get("/default/incidents")).text
    bo = await stage.sign_in("bo@example.com")
    refused = await bo.get("/default/settings")
    assert refused.status_code == 403
    assert "you are a member" in refused.text and "Ask Dee Alvarez, Joy Mensah or Ada Lovelace." in refused.text
    assert "/default/settings" not in (await bo.get("/default/incidents")).text


async def test_a_stranger_signs_in_first_and_another_organization_is_not_there(stage: Stage) -> None:
    answer = await stage.web.get("/default/settings")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    ada = await stage.sign_in("ada@example.com")
    assert (await ada.get("/other/settings")).status_code == 404


def test_pages_are_found_in_the_order_of_groups_and_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_area, "_pages", {})
    settings_page("Project", "tags", "Tags", icon="id", about="Words.", position=60)
    settings_page("Project", "plugins", "Plugins", icon="id", about="Other systems.", position=10)
    settings_page("Organization", "members", "Members", icon="users", about="Who.")
    found = navigation("acme", "web", opens=bool)
    assert {group: [e.href for e in entries] for group, entries in found.items()} == {
        "Organization": ["/acme/settings/members"],
        "Project": ["/acme/settings/projects/web/plugins", "/acme/settings/projects/web/tags"],
    }
    assert navigation("acme", opens=bool)["Project"][0].href == "/acme/settings/project/plugins"


def test_two_pages_of_one_key_and_an_unknown_group_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_area, "_pages", {})
    settings_page("Project", "plugins", "Plugins", icon="id", about="Other systems.")
    with pytest.raises(RuntimeError, match="two settings pages"):
        settings_page("Organization", "plugins", "Plugins", icon="id", about="Other systems.")
    with pytest.raises(RuntimeError, match="have the groups"):
        settings_page("Misc", "x", "X", icon="id", about="")
