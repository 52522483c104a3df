"""Canvases, user groups, scheduled and streamed messages, OAuth."""

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from stage_set import Stage, consent, manifest, refusal


async def test_a_channel_has_one_canvas_edited_one_change_at_a_time(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    content = {"type": "markdown", "markdown": "# Status\n\nActive\n\n# People\n\n- Ada"}
    canvas = (await stage.bot.conversations_canvases_create(channel_id=channel, document_content=content))["canvas_id"]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.conversations_canvases_create(channel_id=channel, document_content=content)
    assert refusal(caught) == "channel_canvas_already_exists"
    found = await stage.bot.canvases_sections_lookup(canvas_id=canvas, criteria={"contains_text": "Active"})
    change = {
        "operation": "replace",
        "section_id": found["sections"][0]["id"],
        "document_content": {"type": "markdown", "markdown": "Stable"},
    }
    await stage.bot.canvases_edit(canvas_id=canvas, changes=[change])
    shown = await stage.people.call("GET", f"canvases/{canvas}")
    assert shown["markdown"] == "# Status\n\nStable\n\n# People\n\n- Ada"
    with pytest.raises(SlackApiError):
        await stage.bot.canvases_edit(canvas_id=canvas, changes=[change, change])
    assert next(row for row in await stage.people.channels() if row["id"] == channel)["canvas_id"] == canvas


async def test_a_user_group_is_replaced_and_never_emptied(stage: Stage) -> None:
    group = (await stage.bot.usergroups_create(name="On call", handle="oncall"))["usergroup"]["id"]
    updated = await stage.bot.usergroups_users_update(usergroup=group, users=[stage.ada, stage.bo])
    assert updated["usergroup"]["users"] == [stage.ada, stage.bo]
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.usergroups_users_update(usergroup=group, users=[])
    assert refusal(caught) in ("no_users_provided", "invalid_arguments")
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.usergroups_create(name="Other", handle="oncall")
    assert refusal(caught) == "handle_already_exists"


async def test_a_scheduled_message_comes_with_the_sandboxs_clock(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    at = stage.box.now() + 3600
    planned = await stage.bot.chat_scheduleMessage(channel=channel, post_at=at, text="Reminder")
    assert len((await stage.bot.chat_scheduledMessages_list())["scheduled_messages"]) == 1
    assert "Reminder" not in str(await stage.people.messages(channel))
    await stage.people.advance(3601)

    await stage.app.until(lambda: any(one.get("text") == "Reminder" for one in stage.app.events("message")))
    with pytest.raises(SlackApiError):
        await stage.bot.chat_deleteScheduledMessage(
            channel=channel, scheduled_message_id=planned["scheduled_message_id"]
        )


async def test_a_stream_grows_and_ends(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    top = await stage.people.say(stage.ada, channel, "summarise?")
    arguments = {
        "channel": channel,
        "thread_ts": top["ts"],
        "recipient_user_id": stage.ada,
        "recipient_team_id": stage.team,
    }
    ts = (await stage.bot.api_call("chat.startStream", json={**arguments, "markdown_text": "So "}))["ts"]
    await stage.bot.api_call("chat.appendStream", json={"channel": channel, "ts": ts, "markdown_text": "far "})
    done = await stage.bot.api_call("chat.stopStream", json={"channel": channel, "ts": ts, "markdown_text": "so good"})
    assert done["message"]["text"] == "So far so good"
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.api_call("chat.appendStream", json={"channel": channel, "ts": ts, "markdown_text": "x"})
    assert refusal(caught) == "message_not_in_streaming_state"


async def test_an_app_is_installed_by_consent_into_another_workspace(stage: Stage) -> None:
    made = await stage.people.workspace(
        {"name": "Other", "domain": "other"}, [{"name": "zed", "email": "z@other.test"}]
    )
    zed = made["users"][0]["id"]
    granted = await consent(stage, stage.keys, zed)
    assert granted["team"]["id"] == made["team"]["id"]
    assert granted["scope"] == "chat:write,users:read"
    who = await stage.web(granted["access_token"]).auth_test()
    assert who["team_id"] == made["team"]["id"]
    with pytest.raises(SlackApiError) as caught:
        await stage.web(granted["access_token"]).team_info()
    assert refusal(caught) == "missing_scope"
    with pytest.raises(SlackApiError) as caught:
        await stage.web(granted["access_token"]).users_info(user=stage.ada)
    assert refusal(caught) == "user_not_found"


async def test_rotating_tokens_end_after_twelve_hours(stage: Stage) -> None:
    given = manifest(stage.app.url, name="Rotating")
    given["settings"]["token_rotation_enabled"] = True
    keys = await stage.people.app(stage.team, given)
    granted = await consent(stage, keys, stage.ada)
    assert granted["expires_in"] == 43200
    await stage.people.advance(43201)
    with pytest.raises(SlackApiError) as caught:
        await stage.web(granted["access_token"]).auth_test()
    assert refusal(caught) == "token_expired"
    fresh = await AsyncWebClient(base_url=stage.running.api_url).oauth_v2_access(
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        grant_type="refresh_token",
        refresh_token=granted["refresh_token"],
    )
    assert (await stage.web(fresh["access_token"]).auth_test())["ok"]


async def test_blocks_validate_needs_no_token(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        good = await http.post("blocks.validate", json={"blocks": [{"type": "divider"}]})
        bad = await http.post("blocks.validate", json={"blocks": [{"type": "sections"}]})
    assert good.json()["ok"]
    assert bad.json()["error"] == "invalid_blocks"
    assert bad.json()["errors"][0]["pointer"] == "/blocks/0/type"


@pytest.mark.parametrize(
    ("kind", "good", "bad", "pointer"),
    [
        ("view", {"type": "home", "blocks": [{"type": "divider"}]}, {"type": "home", "blocks": []}, "/view/blocks"),
        ("message", {"blocks": [{"type": "divider"}]}, {"blocks": [{"type": "section"}]}, "/blocks/0/type"),
    ],
)
async def test_blocks_validate_judges_views_and_messages_too(
    stage: Stage, kind: str, good: dict[str, object], bad: dict[str, object], pointer: str
) -> None:
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        assert (await http.post("blocks.validate", json={kind: good})).json()["ok"]
        refused = (await http.post("blocks.validate", json={kind: bad})).json()
        both = (await http.post("blocks.validate", json={kind: good, "blocks": []})).json()
    assert (refused["error"], refused["errors"][0]["pointer"]) == (f"invalid_{kind}", pointer)
    assert both["error"] == "invalid_arguments"
