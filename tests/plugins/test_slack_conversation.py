"""The Slack conversation plugin against a strict Slack: what fails half-way, and what a person is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_place import Place, manifest

import dispatch.kit.slack.client as client_module
from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.slack.rates import Lane
from dispatch.kit.slack.scopes import REQUIRED, union
from dispatch.plugins.slack_conversation import keys
from dispatch.ports.conversations import Conversations

HELLO: dict[str, Any] = {"text": "Hello", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}]}
SEED_SCOPES = [
    "bookmarks:write",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
    "users.profile:read",
    "users:write",
]


def test_it_is_what_the_port_says(place: Place) -> None:
    chat: Conversations = place.chat
    assert chat.platform == "slack" and chat.team_id == place.keys["team_id"]


async def test_a_channel_whose_answer_was_lost_is_adopted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", 0.3)
    await place.chat.identity()
    await place.fault("conversations.create", "timeout_after_work", seconds=1)
    with pytest.raises(Unavailable):
        await place.chat.create_channel("inc-1", private=True)
    with pytest.raises(Refused) as refused:
        await place.chat.create_channel("inc-1", private=True)
    assert refused.value.code == "name_taken" and "archived" in str(refused.value)
    found = await place.chat.find_channel("inc-1", private=True)
    assert found is not None and found.creator == place.chat.bot_user_id


async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", 0.3)
    channel = await place.chat.create_channel("inc-1", private=True)
    await place.fault("chat.postMessage", "timeout_after_work", seconds=1)
    with pytest.raises(Unavailable):
        await place.chat.post(channel.id, HELLO, key="run-1/welcome")
    await place.chat.post(channel.id, HELLO, key="run-1/welcome", look_first=True)
    posted = [m for m in await place.sandbox.messages(channel.id) if m.get("text") == "Hello"]
    assert len(posted) == 1 and posted[0]["blocks"][0]["block_id"] == "run-1/welcome"


async def test_an_earlier_post_is_found_far_back_and_with_a_limit_of_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_FIRST_PAGE", 3)
    monkeypatch.setattr(keys, "_PAGE", 4)
    began = datetime.now(UTC)
    channel = await place.chat.create_channel("inc-1", private=True)
    first = await place.chat.post(channel.id, HELLO, key="welcome")
    await place.chat.invite(channel.id, [place.people["ada"]])
    for number in range(9):
        await place.sandbox.say(place.people["ada"], channel.id, f"line {number}")
    assert await place.chat.post(channel.id, HELLO, key="welcome", look_first=True) == first
    assert await place.chat.post(channel.id, HELLO, key="welcome", look_first=True, since=began) == first


async def test_a_reply_is_looked_for_in_its_thread(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    head = await place.chat.post(channel.id, HELLO)
    first = await place.chat.post(channel.id, {**HELLO, "thread_ts": head.ts}, key="reply")
    assert await place.chat.post(channel.id, {**HELLO, "thread_ts": head.ts}, key="reply", look_first=True) == first


async def test_a_message_of_somebody_else_is_never_taken_for_ours(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=False)
    other = await place.with_scopes()
    await place.chat.invite(channel.id, [other.bot_user_id])
    theirs = await other.post(channel.id, HELLO, key="welcome")
    ours = await place.chat.post(channel.id, HELLO, key="welcome", look_first=True)
    assert ours != theirs
    assert await place.chat.post(channel.id, HELLO, key="welcome", look_first=True) == ours


async def test_a_channel_given_by_name_is_looked_up(place: Place) -> None:
    channel = await place.chat.create_channel("incidents", private=False)
    first = await place.chat.post("#incidents", HELLO, key="announcement")
    assert first.channel == channel.id
    assert await place.chat.post("#incidents", HELLO, key="announcement", look_first=True) == first


async def test_one_who_cannot_come_keeps_nobody_out(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    people = [place.people["ada"], "U0NOBODY", place.people["bo"]]
    failed = await place.chat.invite(channel.id, people)
    assert [each.user for each in failed] == ["U0NOBODY"]
    assert "does not know this user" in failed[0].reason and failed[0].hint
    assert {place.people["ada"], place.people["bo"]} <= await place.chat.members(channel.id)


async def test_nobody_who_can_come_gives_reasons_and_no_error(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    failed = await place.chat.invite(channel.id, ["U0NOBODY", "U1NOBODY"])
    assert [each.user for each in failed] == ["U0NOBODY", "U1NOBODY"]
    await place.fault("conversations.invite", "error:user_disabled")
    failed = await place.chat.invite(channel.id, [place.people["ada"]])
    assert [each.reason for each in failed] == ["The user's Slack account is deactivated."]


async def test_an_error_that_names_nobody_is_taken_apart_one_by_one(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    await place.fault("conversations.invite", "error:cant_invite")
    assert await place.chat.invite(channel.id, [place.people["ada"], place.people["bo"]]) == []
    assert len(await place.calls("conversations.invite")) == 3


async def test_an_error_about_the_channel_concerns_everybody(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    await place.chat.archive(channel.id)
    with pytest.raises(Refused) as refused:
        await place.chat.invite(channel.id, [place.people["ada"], place.people["bo"]])
    assert refused.value.code == "is_archived"


async def test_many_are_invited_in_chunks_of_thirty_and_all_members_are_read(place: Place) -> None:
    crowd = [{"name": f"p{n}", "email": f"p{n}@acme.test", "real_name": f"P {n}"} for n in range(65)]
    made = await place.sandbox.call(
        "POST", "workspaces", {"team": {"name": "Big", "domain": "big"}, "users": crowd, "channels": []}
    )
    keys = await place.sandbox.app(made["team"]["id"], manifest(union(REQUIRED)))
    chat = place.conversations(
        api_bot_token=keys["bot_token"],
        team_id=keys["team_id"],
        app_id=keys["app_id"],
        app_user_slug=keys["bot_user_id"],
    )
    channel = await chat.create_channel("inc-1", private=True)
    ids = [user["id"] for user in made["users"] if user["name"].startswith("p")]
    assert await chat.invite(channel.id, [*ids, ids[0]]) == []
    assert [len(call["args"]["users"].split(",")) for call in await place.calls("conversations.invite")] == [30, 30, 5]
    assert await chat.members(channel.id) == {*ids, keys["bot_user_id"]}


async def test_a_bookmark_is_edited_and_never_doubled(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    await place.chat.bookmark(channel.id, "INC-1", "https://dispatch.test/INC-1")
    await place.chat.bookmark(channel.id, "INC-1", "https://dispatch.test/INC-1")
    await place.chat.bookmark(channel.id, "INC-1 in Dispatch", "https://dispatch.test/INC-1")
    await place.chat.bookmark(channel.id, "INC-1 in Dispatch", "https://dispatch.test/moved")
    [room] = [each for each in await place.sandbox.channels() if each["id"] == channel.id]
    [bookmark] = room["bookmarks"]
    assert (bookmark["title"], bookmark["link"]) == ("INC-1 in Dispatch", "https://dispatch.test/moved")
    assert len(await place.calls("bookmarks.edit")) == 2


@pytest.mark.seed("scopes", "setting API Bot Token")
async def test_the_seeds_scopes_are_enough_for_a_private_incident_channel(place: Place) -> None:
    keys = await place.sandbox.app(place.keys["team_id"], manifest(SEED_SCOPES, "Seed"))
    chat = place.conversations(
        api_bot_token=keys["bot_token"], app_id=keys["app_id"], app_user_slug=keys["bot_user_id"]
    )
    channel = await chat.create_channel("inc-1", private=True)
    assert await chat.invite(channel.id, [place.people["ada"]]) == []
    await chat.set_topic(channel.id, "Topic")
    await chat.post(channel.id, HELLO, key="summary", look_first=True, pin=True)
    await chat.bookmark(channel.id, "INC-1", "https://dispatch.test/INC-1")
    await chat.direct_message(place.people["ada"], HELLO, key="page", look_first=True)
    checks = {each.name: each for each in await chat.check()}
    assert all(each.ok for each in checks.values())
    assert "twice" in checks["Scope bookmarks:read"].message


async def test_a_post_goes_out_even_where_history_may_not_be_read(place: Place) -> None:
    chat = await place.with_scopes("channels:history")
    channel = await chat.create_channel("inc-1", private=False)
    posted = await chat.post(channel.id, HELLO, key="welcome", look_first=True)
    assert posted.channel == channel.id


async def test_a_missing_scope_is_named_with_the_place_to_add_it(place: Place) -> None:
    chat = await place.with_scopes("pins:write")
    channel = await chat.create_channel("inc-1", private=True)
    posted = await chat.post(channel.id, HELLO)
    with pytest.raises(Refused) as refused:
        await chat.pin(posted)
    assert refused.value.code == "missing_scope"
    assert str(refused.value) == "The Slack app lacks the scope pins:write that pins.add needs."
    assert "OAuth & Permissions → Bot Token Scopes → add scope pins:write, reinstall the app" in refused.value.hint


async def test_test_connection_names_missing_scopes_and_wrong_ids(place: Place) -> None:
    lacking = await place.with_scopes("im:write", "users:read.email")
    checks = {each.name: each for each in await lacking.check()}
    assert [name for name, each in checks.items() if not each.ok] == ["Scope im:write", "Scope users:read.email"]
    assert "paged or welcomed by direct message" in checks["Scope im:write"].message
    assert "add im:write" in checks["Scope im:write"].hint
    wrong = place.conversations(app_user_slug="U0WRONG", app_id="A0WRONG", team_id="T0WRONG")
    checks = {each.name: each for each in await wrong.check()}
    assert not checks["App User Id"].ok and place.keys["bot_user_id"] in checks["App User Id"].hint
    assert not checks["App ID"].ok and not checks["Team ID"].ok


async def test_test_connection_says_what_is_wrong_with_a_token(place: Place) -> None:
    bad = place.conversations(api_bot_token="xoxb-nonsense")
    [check] = await bad.check()
    assert not check.ok and check.message == "Slack does not know this token." and "Bot User OAuth Token" in check.hint


async def test_test_connection_tries_the_other_tokens_too(place: Place) -> None:
    chat = place.conversations(socket_mode_app_token=place.keys["app_token"], user_oauth_token=place.keys["user_token"])
    checks = {each.name: each for each in await chat.check()}
    assert checks["Socket Mode App Token"].ok and checks["User OAuth Token"].ok
    wrong = place.conversations(socket_mode_app_token="xapp-nonsense", user_oauth_token="xoxp-nonsense")
    checks = {each.name: each for each in await wrong.check()}
    assert not checks["Socket Mode App Token"].ok and not checks["User OAuth Token"].ok


async def test_empty_ids_are_filled_from_slack(place: Place) -> None:
    chat = place.conversations(app_user_slug="", app_id="", team_id="")
    who = await chat.identity()
    assert (who.team_id, who.bot_user_id, who.app_id) == (
        place.keys["team_id"],
        place.keys["bot_user_id"],
        place.keys["app_id"],
    )
    assert (chat.team_id, chat.bot_user_id) == (who.team_id, who.bot_user_id)


async def test_many_channels_at_once_ask_who_we_are_once(place: Place) -> None:
    await asyncio.gather(*(place.chat.create_channel(f"inc-{n}", private=True) for n in range(5)))
    assert len(await place.calls("auth.test")) == 1


async def test_a_persons_token_reopens_the_channel_and_brings_the_app_back(place: Place) -> None:
    chat = place.conversations(user_oauth_token=place.keys["user_token"])
    channel = await chat.create_channel("inc-1", private=False)
    await chat.archive(channel.id)
    await chat.unarchive(channel.id)
    await chat.unarchive(channel.id)
    assert not (await chat.channel(channel.id)).archived
    await chat.post(channel.id, HELLO)


async def test_a_failed_pin_does_not_double_the_post(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    await place.fault("pins.add", "error5xx")
    with pytest.raises(Unavailable):
        await place.chat.post(channel.id, HELLO, key="summary", pin=True)
    await place.chat.post(channel.id, HELLO, key="summary", look_first=True, pin=True)
    assert len(await place.calls("chat.postMessage")) == 1
    [room] = [each for each in await place.sandbox.channels() if each["id"] == channel.id]
    assert len(room["pins"]) == 1


async def test_a_broken_message_is_our_defect_and_says_where(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True)
    with pytest.raises(Refused) as refused:
        await place.chat.post(channel.id, {"text": "x", "blocks": [{"type": "sections"}]})
    assert refused.value.code == "invalid_blocks" and "json-pointer" in str(refused.value)


async def test_a_form_that_nobody_waits_for_any_more_is_refused(place: Place) -> None:
    with pytest.raises(Refused) as refused:
        await place.chat.open_view(
            "1.2.abc", {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
        )
    assert "try again" in refused.value.hint.lower() or "again" in refused.value.hint


async def test_links_are_not_unfurled_and_lanes_are_passed(place: Place) -> None:
    channel = await place.chat.create_channel("inc-1", private=True, lane=Lane.PEOPLE)
    await place.chat.post(channel.id, HELLO, lane=Lane.DECORATION)
    [call] = await place.calls("chat.postMessage")
    assert str(call["args"]["unfurl_links"]).lower() == "false"
