"""The directory on Slack: who somebody is, and for how long an answer is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_place import Place

from dispatch.kit.errors import Refused
from dispatch.plugins.slack_contact.cache import Cache
from dispatch.plugins.slack_contact.provider import SlackContacts
from dispatch.plugins.slack_contact.settings import SlackContactSettings
from dispatch.ports.contacts import Contact, Contacts


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def contacts(place: Place, clock: Clock | None = None, **settings: Any) -> SlackContacts:
    given = {"api_bot_token": place.keys["bot_token"], **settings}
    outside = replace(place.outside, clock=clock) if clock else place.outside
    return SlackContacts(SlackContactSettings.model_validate(given), outside)


@pytest.mark.seed("contact: profile fields")
async def test_a_person_is_described_with_the_configured_fields(place: Place) -> None:
    directory: Contacts = contacts(place, profile_team_field_id="Xf1TEAM", profile_weblink_field_id="Xf2LINK")
    bo = await directory.find(" BO@acme.test ")
    assert bo is not None
    assert (bo.full_name, bo.email, bo.title, bo.team) == ("Bo Diddley", "bo@acme.test", "SRE", "Core")
    assert (bo.weblink, bo.department, bo.timezone) == ("https://acme.test/bo", "", "America/Chicago")
    assert bo.chat_user_id == place.people["bo"]
    assert await directory.by_chat_id(place.people["bo"]) == bo


async def test_without_field_ids_one_call_is_enough(place: Place) -> None:
    ada = await contacts(place).find("ada@acme.test")
    assert ada is not None and ada.team == ""
    assert not await place.calls("users.profile.get")


async def test_strangers_and_former_colleagues_are_nobody(place: Place) -> None:
    directory = contacts(place)
    for unknown in ("nobody@acme.test", "gone@acme.test", ""):
        assert await directory.find(unknown) is None
    assert await directory.by_chat_id("U0NOBODY") is None
    assert await directory.by_chat_id(place.people["gone"]) is None


async def test_answers_expire_and_nobody_expires_sooner(place: Place) -> None:
    clock = Clock()
    directory = contacts(place, clock)
    for _ in range(2):
        await directory.find("ada@acme.test")
        await directory.find("new@acme.test")
    assert len(await place.calls("users.lookupByEmail")) == 2
    clock.at += timedelta(seconds=61)
    await directory.find("ada@acme.test")
    await directory.find("new@acme.test")
    assert len(await place.calls("users.lookupByEmail")) == 3
    clock.at += timedelta(minutes=10)
    await directory.find("ada@acme.test")
    assert len(await place.calls("users.lookupByEmail")) == 4


async def test_both_slack_plugins_take_from_the_apps_one_budget(place: Place) -> None:
    await contacts(place).find("ada@acme.test")
    await place.chat.find_user("ada@acme.test")
    owner = f"{place.keys['app_id']}/{place.keys['team_id']}"
    level, _ = place.budget._levels[f"{owner}/users.lookupByEmail"]
    assert level < 49


async def test_a_missing_scope_is_an_error_and_not_nobody(place: Place) -> None:
    await place.fault("users.lookupByEmail", "error:missing_scope")
    with pytest.raises(Refused):
        await contacts(place).find("ada@acme.test")
    assert await contacts(place).find("ada@acme.test") is not None


@pytest.mark.seed("contact: tokens and secret")
async def test_the_connection_can_be_tested(place: Place) -> None:
    assert all(each.ok for each in await contacts(place).check())
    [check] = await contacts(place, api_bot_token="xoxb-nonsense").check()
    assert not check.ok and check.hint


async def test_a_change_is_asked_for_at_once_under_every_name_of_the_person(place: Place) -> None:
    directory = contacts(place, profile_team_field_id="Xf1TEAM")
    bo = place.people["bo"]
    assert await directory.find("bo@acme.test") == await directory.by_chat_id(bo)
    await place.sandbox.change_user(
        bo, profile={"title": "Director", "fields": {"Xf1TEAM": {"value": "Edge", "alt": ""}}}
    )
    assert (await directory.find("bo@acme.test")).title == "SRE"  # type: ignore[union-attr]
    directory.forget(bo)
    for found in (await directory.find("bo@acme.test"), await directory.by_chat_id(bo)):
        assert found is not None and (found.title, found.team) == ("Director", "Edge")


async def test_somebody_new_is_found_once_their_arrival_was_told(place: Place) -> None:
    directory = contacts(place)
    assert await directory.find("new@acme.test") is None
    made = await place.sandbox.add_user(place.keys["team_id"], "new", email="new@acme.test")
    directory.forget(str(made["id"]), email="New@acme.test ")
    assert await directory.find("new@acme.test") is not None


async def test_an_answer_that_was_under_way_when_the_person_changed_is_not_kept(place: Place) -> None:
    cache = Cache(Clock())
    mark = cache.mark
    cache.forget("U1")
    cache.put("U1", Contact("Old", "old@acme.test"), mark=mark)
    assert cache.get("U1") == (False, None)


async def test_a_few_are_asked_one_by_one_and_many_by_reading_the_workspace_through(place: Place) -> None:
    directory = contacts(place, profile_team_field_id="Xf1TEAM")
    found = await directory.find_many(["Bo@acme.test", "ada@acme.test", "nobody@acme.test"])
    assert [found[e].full_name if found[e] else None for e in found] == ["Bo Diddley", "Ada Lovelace", None]  # type: ignore[union-attr]
    assert len(await place.calls("users.lookupByEmail")) == 3 and not await place.calls("users.list")
    for n in range(230):
        await place.sandbox.add_user(place.keys["team_id"], f"p{n}", email=f"p{n}@acme.test")
    crowd = [*(f"p{n}@acme.test" for n in range(0, 230, 5)), "bo@acme.test", "gone@acme.test"]
    many = await directory.find_many(crowd)
    assert [e for e in crowd if many[e] is None] == ["gone@acme.test"]
    assert many["bo@acme.test"].team == "Core"  # type: ignore[union-attr]
    assert len(await place.calls("users.list")) == 2 and len(await place.calls("users.lookupByEmail")) == 3
    await directory.find_many(crowd)
    assert len(await place.calls("users.list")) == 2


def test_the_cache_is_bounded_and_drops_the_oldest() -> None:
    cache = Cache(Clock(), largest=2)
    for name in ("a", "b", "c"):
        cache.put(name, Contact(name, f"{name}@acme.test"))
    assert len(cache) == 2 and cache.get("a") == (False, None) and cache.get("c")[0]
