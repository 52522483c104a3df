"""Links of an app's own domains: the app hears of them and previews them."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from stage_set import EVENTS, SCOPES, Stage, manifest, refusal

LINK = "https://status.example.test/incidents/7"


@pytest.fixture
async def linked(stage: Stage) -> Stage:
    given = manifest(stage.app.url, scopes=[*SCOPES, "links:read", "links:write"], events=[*EVENTS, "link_shared"])
    given["features"]["unfurl_domains"] = ["example.test"]
    await stage.people.app(stage.team, given)
    return stage


async def shared(stage: Stage, text: str = f"see {LINK} please") -> dict[str, Any]:
    await stage.people.say(stage.ada, stage.general, text)
    await stage.app.until(lambda: stage.app.events("link_shared"))
    event: dict[str, Any] = stage.app.events("link_shared")[-1]
    return event


async def test_the_app_hears_of_its_links_and_previews_them(linked: Stage) -> None:
    event = await shared(linked)
    assert event["links"] == [{"domain": "example.test", "url": LINK}]
    assert (event["channel"], event["user"], event["is_bot_user_member"]) == (linked.general, linked.ada, False)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Incident 7* is open"}}]
    await linked.bot.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls={LINK: {"blocks": blocks}})
    seen = (await linked.people.messages(linked.general, linked.bo))[-1]
    assert seen["attachments"][0]["from_url"] == LINK
    assert seen["attachments"][0]["blocks"][0]["text"]["text"] == "*Incident 7* is open"
    # Once more replaces it, this time by the event's own id.
    await linked.bot.chat_unfurl(
        unfurl_id=event["unfurl_id"], source=event["source"], unfurls={LINK: {"text": "closed"}}
    )
    seen = (await linked.people.messages(linked.general, linked.bo))[-1]
    assert [one.get("text") for one in seen["attachments"]] == ["closed"]


async def test_other_links_are_nobodys_business(linked: Stage) -> None:
    event = await shared(linked, f"see https://elsewhere.test/ and {LINK}")
    assert [one["url"] for one in event["links"]] == [LINK]
    with pytest.raises(SlackApiError) as refused:
        await linked.bot.chat_unfurl(
            channel=event["channel"], ts=event["message_ts"], unfurls={"https://elsewhere.test/": {"text": "x"}}
        )
    assert refusal(refused) == "cannot_unfurl_url"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"ts": "1.1", "unfurls": {LINK: {"text": "x"}}}, "missing_channel"),
        ({"unfurl_id": "x", "unfurls": {LINK: {"text": "x"}}}, "missing_source"),
        ({"unfurl_id": "x", "source": "y", "unfurls": {LINK: {"text": "x"}}}, "invalid_source"),
        ({"channel": "C0NONE", "ts": "1.1", "unfurls": {LINK: {"text": "x"}}}, "cannot_find_channel"),
        ({"channel": "C0NONE", "ts": "1.1"}, "missing_unfurls"),
        ({"channel": "C0NONE", "ts": "1.1", "unfurls": "[1]"}, "invalid_unfurls_format"),
        ({"channel": "C0NONE", "ts": "1.1", "unfurls": {LINK: 5}}, "cannot_parse_attachment"),
    ],
)
async def test_a_preview_that_cannot_be_placed_is_refused(linked: Stage, arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        await linked.bot.api_call("chat.unfurl", json=arguments)
    assert refusal(refused) == error


async def test_an_app_can_ask_the_person_to_connect_first(linked: Stage) -> None:
    event = await shared(linked)
    await linked.bot.api_call(
        "chat.unfurl",
        json={
            "channel": event["channel"],
            "ts": event["message_ts"],
            "user_auth_required": True,
            "user_auth_url": "https://example.test/in",
        },
    )
    asked = (await linked.people.messages(linked.general, linked.ada))[-1]
    assert asked["is_ephemeral"]
    assert "https://example.test/in" in asked["text"]
    assert not any(row.get("is_ephemeral") for row in await linked.people.messages(linked.general, linked.bo))
