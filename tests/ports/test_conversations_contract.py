"""What every provider of `Conversations` does alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_place import Chat

from dispatch.kit import clock
from dispatch.kit.errors import Refused

HELLO = {
    "text": "Hello",
    "blocks": [
        {"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "Hello"}},
        {"type": "divider"},
    ],
}


async def test_a_new_channel_is_ours_and_has_us_in_it(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1-db", private=True)
    assert made.name == "inc-1-db" and made.private and not made.archived
    assert made.creator == where.chat.bot_user_id
    assert made.created_at is not None and abs(clock.now() - made.created_at) < timedelta(seconds=5)
    assert made.id in made.url
    assert where.chat.bot_user_id in await where.chat.members(made.id)
    assert await where.chat.channel(made.id) == made


async def test_a_name_is_taken_once_and_the_channel_is_found_by_it(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=False)
    with pytest.raises(Refused) as refused:
        await where.chat.create_channel("inc-1", private=False)
    assert refused.value.code == "name_taken"
    assert await where.chat.find_channel("inc-1", private=False) == made
    assert await where.chat.find_channel("inc", private=False) is None
    assert await where.chat.find_channel("inc-1", private=True) is None


async def test_archived_channels_keep_their_name_and_are_found(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    await where.chat.archive(made.id)
    await where.chat.archive(made.id)
    found = await where.chat.find_channel("inc-1", private=True)
    assert found is not None and found.archived
    with pytest.raises(Refused) as refused:
        await where.chat.post(made.id, HELLO)
    assert refused.value.code == "is_archived"


async def test_what_does_not_exist_is_refused_by_name(where: Chat) -> None:
    with pytest.raises(Refused) as refused:
        await where.chat.channel("C0000000000")
    assert refused.value.code == "channel_not_found"


async def test_people_are_invited_and_inviting_again_is_success(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    assert await where.chat.invite(made.id, [where.ada]) == []
    assert await where.chat.invite(made.id, [where.ada, where.bo]) == []
    assert {where.ada, where.bo} <= await where.chat.members(made.id)
    await where.chat.remove(made.id, where.bo)
    await where.chat.remove(made.id, where.bo)
    assert where.bo not in await where.chat.members(made.id)


async def test_a_message_is_posted_once_per_key_when_looked_for(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    first = await where.chat.post(made.id, HELLO, key="welcome")
    await where.chat.post(made.id, HELLO, key="other")
    assert await where.chat.post(made.id, HELLO, key="welcome", look_first=True) == first
    assert await where.chat.post(made.id, HELLO, key="third", look_first=True) != first


async def test_a_message_without_blocks_carries_its_key_too(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    first = await where.chat.post(made.id, {"text": "Hello"}, key="plain")
    assert await where.chat.post(made.id, {"text": "Hello"}, key="plain", look_first=True) == first


async def test_an_updated_message_keeps_its_key(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    first = await where.chat.post(made.id, HELLO, key="summary", pin=True)
    await where.chat.update(first, {**HELLO, "text": "Hello again"}, key="summary")
    assert await where.chat.post(made.id, HELLO, key="summary", look_first=True, pin=True) == first
    await where.chat.pin(first)


async def test_a_direct_message_goes_once_to_the_person(where: Chat) -> None:
    first = await where.chat.direct_message(where.ada, HELLO, key="page")
    again = await where.chat.direct_message(where.ada, HELLO, key="page", look_first=True)
    other = await where.chat.direct_message(where.bo, HELLO, key="page", look_first=True)
    assert first == again and other.channel != first.channel


async def test_an_ephemeral_message_needs_somebody_who_is_there(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    with pytest.raises(Refused) as refused:
        await where.chat.post_ephemeral(made.id, where.ada, HELLO)
    assert refused.value.code == "user_not_in_channel"
    await where.chat.invite(made.id, [where.ada])
    await where.chat.post_ephemeral(made.id, where.ada, HELLO)


async def test_people_are_found_by_their_address_only(where: Chat) -> None:
    assert await where.chat.find_user("ada@acme.test") == where.ada
    assert await where.chat.find_user("nobody@acme.test") is None


async def test_topic_and_purpose_are_cut_rather_than_refused(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    await where.chat.set_topic(made.id, "x" * 300)
    await where.chat.set_purpose(made.id, "x" * 300)


async def test_a_renamed_channel_is_found_by_its_new_name(where: Chat) -> None:
    made = await where.chat.create_channel("case-1", private=True)
    await where.chat.rename(made.id, "inc-1")
    found = await where.chat.find_channel("inc-1", private=True)
    assert found is not None and found.id == made.id


async def test_reopening_without_a_persons_token_says_what_to_do(where: Chat) -> None:
    made = await where.chat.create_channel("inc-1", private=True)
    await where.chat.archive(made.id)
    with pytest.raises(Refused) as refused:
        await where.chat.unarchive(made.id)
    assert refused.value.code == "no_user_token"


async def test_the_connection_can_be_tested(where: Chat) -> None:
    checks = await where.chat.check()
    assert checks and all(each.ok for each in checks), checks
