"""Channels, members and messages: Slack's own words for every refusal."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from stage_set import Stage, manifest, refusal


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("--_", "invalid_name_punctuation"),
        ("Incident", "invalid_name_specials"),
        ("in cident", "invalid_name_specials"),
        ("inc.1", "invalid_name_specials"),
    ],
)
async def test_a_bad_channel_name_is_refused(stage: Stage, name: str, error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_create(name=name)
    assert refusal(caught) == error


async def test_an_archived_channel_keeps_its_name(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    await stage.bot.conversations_archive(channel=channel)
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_create(name="inc-1")
    assert refusal(caught) == "name_taken"
    await stage.bot.conversations_create(name="inc-2")


async def test_a_renamed_channel_frees_its_name_and_remembers_it(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    await stage.bot.conversations_rename(channel=channel, name="inc-1-db")
    info = await stage.bot.conversations_info(channel=channel)
    assert (info["channel"]["name"], info["channel"]["previous_names"]) == ("inc-1-db", ["inc-1"])
    await stage.bot.conversations_create(name="inc-1")


async def test_bots_cannot_unarchive_but_a_person_s_token_can(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.bot.conversations_archive(channel=channel)
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_unarchive(channel=channel)
    assert refusal(caught) == "not_in_channel"
    await stage.web(stage.keys["user_token"]).conversations_unarchive(channel=channel)
    assert not (await stage.bot.conversations_info(channel=channel))["channel"]["is_archived"]


async def test_an_archived_channel_takes_nothing_more(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    await stage.bot.conversations_archive(channel=channel)
    for attempt in (
        stage.bot.chat_postMessage(channel=channel, text="x"),
        stage.bot.conversations_setTopic(channel=channel, topic="x"),
        stage.bot.conversations_invite(channel=channel, users=stage.ada),
    ):
        with pytest.raises(SlackApiError) as caught:
            await attempt
        assert refusal(caught) == "is_archived"


async def test_an_invitation_is_all_or_nothing(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.bo)
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_invite(channel=channel, users=f"{stage.ada},U0NOBODY,{stage.bo}")
    errors = {row["user"]: row["error"] for row in caught.value.response["errors"]}
    assert errors == {"U0NOBODY": "user_not_found", stage.bo: "already_in_channel"}
    assert stage.ada not in (await stage.bot.conversations_members(channel=channel))["members"]


async def test_a_forced_invitation_adds_whom_it_can(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    answer = await stage.bot.conversations_invite(channel=channel, users=f"{stage.ada},U0NOBODY", force=True)
    assert [row["user"] for row in answer["errors"]] == ["U0NOBODY"]
    assert stage.ada in (await stage.bot.conversations_members(channel=channel))["members"]


@pytest.mark.parametrize(
    ("who", "error"),
    [("self", "cant_invite_self"), ("twice", "already_in_channel"), ("nobody", "user_not_found")],
)
async def test_one_person_who_cannot_be_invited_is_explained(stage: Stage, who: str, error: str) -> None:
    channel = await stage.room("inc-1", stage.ada)
    users = {"self": stage.keys["bot_user_id"], "twice": stage.ada, "nobody": "U0NOBODY"}[who]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_invite(channel=channel, users=users)
    assert refusal(caught) == error


async def test_more_than_a_hundred_people_at_once_are_refused(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    with pytest.raises(SlackApiError):
        await stage.bot.conversations_invite(channel=channel, users=",".join(f"U{n}" for n in range(101)))


async def test_a_deactivated_person_is_passed_over_in_silence(stage: Stage) -> None:
    gone = next(user.id for user in stage.box.state.users.values() if user.name == "gone")
    channel = await stage.room("inc-1", gone)
    assert gone not in (await stage.bot.conversations_members(channel=channel))["members"]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.users_lookupByEmail(email="gone@acme.test")
    assert refusal(caught) == "users_not_found"


async def test_a_private_channel_does_not_exist_for_outsiders(stage: Stage) -> None:
    secret = next(room["id"] for room in await stage.people.channels() if room["name"] == "secret")
    for attempt in (
        stage.bot.conversations_info(channel=secret),
        stage.bot.conversations_history(channel=secret),
        stage.bot.chat_postMessage(channel=secret, text="x"),
    ):
        with pytest.raises(SlackApiError) as caught:
            await attempt
        assert refusal(caught) == "channel_not_found"
    assert secret not in [room["id"] for room in await stage.people.channels(stage.ada)]
    assert secret in [room["id"] for room in await stage.people.channels(stage.cy)]


async def test_posting_needs_membership_or_the_public_scope(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.chat_postMessage(channel=stage.general, text="x")
    assert refusal(caught) == "not_in_channel"
    scopes = ["chat:write", "chat:write.public", "commands"]
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Loud", scopes=scopes, events=[]))
    assert (await stage.web(keys["bot_token"]).chat_postMessage(channel="#general", text="x"))["ok"]


async def test_topics_end_at_250_characters(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    await stage.bot.conversations_setTopic(channel=channel, topic="x" * 250)
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_setTopic(channel=channel, topic="x" * 251)
    assert refusal(caught) == "too_long"


async def test_only_own_messages_are_changed(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    theirs = await stage.people.say(stage.ada, channel, "mine")
    for attempt, error in (
        (stage.bot.chat_update(channel=channel, ts=theirs["ts"], text="x"), "cant_update_message"),
        (stage.bot.chat_delete(channel=channel, ts=theirs["ts"]), "cant_delete_message"),
        (stage.bot.chat_update(channel=channel, ts="1.000001", text="x"), "message_not_found"),
    ):
        with pytest.raises(SlackApiError) as caught:
            await attempt
        assert refusal(caught) == error


async def test_an_update_by_text_drops_the_blocks(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    blocks = [{"type": "divider"}]
    ts = (await stage.bot.chat_postMessage(channel=channel, text="a", blocks=blocks))["ts"]
    kept = await stage.bot.chat_update(channel=channel, ts=ts, blocks=[{"type": "divider"}, {"type": "divider"}])
    assert len(kept["message"]["blocks"]) == 2
    assert "edited" not in kept["message"]
    changed = await stage.bot.chat_update(channel=channel, ts=ts, text="b")
    assert "blocks" not in changed["message"]
    assert changed["message"]["edited"]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.chat_update(channel=channel, ts=ts, text="x" * 4001)
    assert refusal(caught) == "msg_too_long"


async def test_an_empty_message_and_a_bad_block_are_refused(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.chat_postMessage(channel=channel)
    assert refusal(caught) == "no_text"
    long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.chat_postMessage(channel=channel, text="x", blocks=long)
    assert refusal(caught) == "invalid_blocks"
    said = caught.value.response["response_metadata"]["messages"]
    assert said == ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]


async def test_an_ephemeral_is_for_one_person(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, stage.bo)
    await stage.bot.chat_postEphemeral(channel=channel, user=stage.ada, text="psst")
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.chat_postEphemeral(channel=channel, user=stage.cy, text="psst")
    assert refusal(caught) == "user_not_in_channel"
    seen = await stage.people.messages(channel, stage.ada)
    assert [row["text"] for row in seen if row.get("ephemeral")] == ["psst"]
    assert not [row for row in await stage.people.messages(channel, stage.bo) if row.get("ephemeral")]
    assert "psst" not in str((await stage.bot.conversations_history(channel=channel)).data)


async def test_threads_and_pages(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    top = await stage.bot.chat_postMessage(channel=channel, text="top")
    for n in range(5):
        await stage.people.say(stage.ada, channel, f"reply {n}", thread_ts=top["ts"])
    replies = await stage.bot.conversations_replies(channel=channel, ts=top["ts"])
    assert [row["text"] for row in replies["messages"]] == ["top", *(f"reply {n}" for n in range(5))]
    assert replies["messages"][0]["reply_count"] == 5
    assert "reply 0" not in str((await stage.bot.conversations_history(channel=channel)).data)
    texts: list[str] = []
    async for page in await stage.bot.conversations_history(channel=channel, limit=2):
        texts += [row["text"] for row in page["messages"]]
    assert len(texts) == 3  # the bot's own joining, Ada's joining, the message
    later = await stage.bot.conversations_history(channel=channel, oldest=top["ts"], inclusive=True)
    assert [row["text"] for row in later["messages"]] == ["top"]


async def test_a_direct_message_is_one_and_the_same(stage: Stage) -> None:
    first = (await stage.bot.conversations_open(users=stage.ada))["channel"]["id"]
    posted = await stage.bot.chat_postMessage(channel=stage.ada, text="hello")
    opened = await stage.people.direct(stage.ada, stage.keys["bot_user_id"])
    assert first == posted["channel"] == opened["id"]
    assert first.startswith("D")
    assert [row["text"] for row in await stage.people.messages(first, stage.ada)] == ["hello"]


async def test_pins_bookmarks_and_reactions_refuse_doubles(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    ts = (await stage.bot.chat_postMessage(channel=channel, text="a"))["ts"]
    await stage.bot.pins_add(channel=channel, timestamp=ts)
    await stage.bot.reactions_add(channel=channel, timestamp=ts, name="eyes")
    for attempt, error in (
        (stage.bot.pins_add(channel=channel, timestamp=ts), "already_pinned"),
        (stage.bot.reactions_add(channel=channel, timestamp=ts, name="eyes"), "already_reacted"),
        (stage.bot.reactions_remove(channel=channel, timestamp=ts, name="fire"), "no_reaction"),
        (stage.bot.bookmarks_add(channel_id=channel, title="T", type="link", link="ftp://x"), "invalid_link"),
        (stage.bot.pins_add(channel=channel, timestamp="1.000001"), "message_not_found"),
    ):
        with pytest.raises(SlackApiError) as caught:
            await attempt
        assert refusal(caught) == error
    assert (await stage.bot.pins_list(channel=channel))["items"][0]["message"]["text"] == "a"
    made = (await stage.bot.bookmarks_add(channel_id=channel, title="Page", type="link", link="https://x.test"))[
        "bookmark"
    ]
    await stage.bot.bookmarks_edit(bookmark_id=made["id"], channel_id=channel, title="Incident page")
    room = next(row for row in await stage.people.channels(stage.ada) if row["id"] == channel)
    assert [row["title"] for row in room["bookmarks"]] == ["Incident page"]
    assert [row["text"] for row in room["pins"]] == ["a"]


async def test_profiles_carry_custom_fields(stage: Stage) -> None:
    shown = await stage.bot.users_profile_get(user=stage.bo, include_labels=True)
    assert shown["profile"]["fields"]["Xf1"]["value"] == "Core"
    assert shown["profile"]["title"] == "SRE"
    fields: list[dict[str, Any]] = (await stage.bot.team_profile_get())["profile"]["fields"]
    assert [row["id"] for row in fields] == ["Xf1"]


async def test_names_are_created_once_even_at_the_same_moment(stage: Stage) -> None:
    tries = await asyncio.gather(
        *(stage.bot.conversations_create(name="race") for _ in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(one, BaseException) for one in tries) == 1


async def test_a_deleted_thread_start_leaves_a_stone(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    top = await stage.bot.chat_postMessage(channel=channel, text="top")
    await stage.people.say(stage.ada, channel, "reply", thread_ts=top["ts"])
    await stage.bot.chat_delete(channel=channel, ts=top["ts"])
    replies = await stage.bot.conversations_replies(channel=channel, ts=top["ts"])
    assert [row.get("subtype") for row in replies["messages"]] == ["tombstone", None]


async def test_a_guest_sees_only_the_channels_they_are_in(stage: Stage) -> None:
    await stage.people.change_user(stage.cy, is_restricted=True)
    assert [room["name"] for room in await stage.people.channels(stage.cy)] == ["secret"]
