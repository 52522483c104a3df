"""The Web API as SDKs use it: arguments, tokens, scopes, errors."""

import asyncio

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from stage_set import Stage, manifest, refusal


async def test_the_async_client_makes_a_channel_and_posts_in_it(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, stage.bo)
    blocks = [{"type": "section", "block_id": "key-7", "text": {"type": "mrkdwn", "text": "*Up*"}}, {"type": "divider"}]
    posted = await stage.bot.chat_postMessage(channel=channel, text="Up", blocks=blocks)
    assert posted["message"]["blocks"][0]["block_id"] == "key-7"
    assert posted["message"]["blocks"][1]["block_id"]
    history = await stage.bot.conversations_history(channel=channel)
    assert history["messages"][0]["ts"] == posted["ts"]
    info = await stage.bot.conversations_info(channel=channel, include_num_members=True)
    assert info["channel"]["creator"] == stage.keys["bot_user_id"]
    assert info["channel"]["num_members"] == 3


async def test_the_sync_client_works_unchanged_with_forms(stage: Stage) -> None:
    client = WebClient(token=stage.keys["bot_token"], base_url=stage.running.api_url)

    def work() -> str:
        made = client.conversations_create(name="by-form", is_private=True)
        client.conversations_setTopic(channel=made["channel"]["id"], topic="Status: active")
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": "hello"}}]
        client.chat_postMessage(channel=made["channel"]["id"], text="hello", blocks=blocks)
        client.users_lookupByEmail(email="ada@acme.test")
        topic: str = client.conversations_info(channel=made["channel"]["id"])["channel"]["topic"]["value"]
        return topic

    assert await asyncio.to_thread(work) == "Status: active"


async def test_tokens_and_methods_are_checked_in_slacks_order(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        assert (await http.post("auth.test")).json()["error"] == "not_authed"
        assert (await http.post("auth.test", headers={"Authorization": "Bearer xoxb-no"})).json()[
            "error"
        ] == "invalid_auth"
        unknown = (await http.post("no.such", headers={"Authorization": f"Bearer {stage.keys['bot_token']}"})).json()
        assert unknown == {"ok": False, "error": "unknown_method", "req_method": "no.such"}
        good = await http.post("auth.test", headers={"Authorization": f"Bearer {stage.keys['bot_token']}"})
        assert good.json()["user_id"] == stage.keys["bot_user_id"]
        assert "chat:write" in good.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"x", "text/plain", "invalid_post_type"),
        (b"x", "multipart/form-data", "invalid_form_data"),
        (b"", "application/json; charset=utf-8", "invalid_arguments"),
        (b'{"channel": {"a": 1}, "text": "x"}', "application/json; charset=utf-8", "invalid_arguments"),
        (
            b'{"channel": "C1", "text": "x", "blocks": "nonsense"}',
            "application/json; charset=utf-8",
            "channel_not_found",
        ),
    ],
)
async def test_malformed_bodies_are_refused_by_name(stage: Stage, body: bytes, kind: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {stage.keys['bot_token']}", "Content-Type": kind}
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        answer = await http.post("chat.postMessage", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["error"] == error


async def test_a_missing_argument_is_named(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.api_call("conversations.info", params={})
    assert caught.value.response["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_arguments_a_method_does_not_know_are_passed_over(stage: Stage) -> None:
    assert (await stage.bot.api_call("users.info", params={"user": stage.ada, "team_id": stage.team, "no_such": "x"}))[
        "ok"
    ]


async def test_commercial_apps_read_little_and_seldom(stage: Stage) -> None:
    channel = await stage.room("inc-1")
    for number in range(20):
        await stage.bot.chat_postMessage(channel=channel, text=f"line {number}")
    await stage.people.settings(rates=True, commercial=True)
    assert len((await stage.bot.conversations_history(channel=channel, limit=100))["messages"]) == 15
    with pytest.raises(SlackApiError) as refused:
        await stage.bot.conversations_history(channel=channel)
    assert refusal(refused) == "ratelimited"


async def test_json_without_charset_is_answered_with_a_warning(stage: Stage) -> None:
    headers = {"Authorization": f"Bearer {stage.keys['bot_token']}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=stage.running.api_url) as http:
        answer = (await http.post("auth.test", content=b"{}", headers=headers)).json()
    assert answer["ok"]
    assert answer["response_metadata"]["warnings"] == ["missing_charset"]


async def test_a_missing_scope_is_named_with_what_was_granted(stage: Stage) -> None:
    keys = await stage.people.app(
        stage.team, manifest(stage.app.url, name="Poor", scopes=["chat:write", "commands"], events=[])
    )
    with pytest.raises(SlackApiError) as caught:
        await stage.web(keys["bot_token"]).users_info(user=stage.ada)
    answer = caught.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "users:read",
        "chat:write,commands",
    )


async def test_scopes_depend_on_the_kind_of_channel(stage: Stage) -> None:
    scopes = ["chat:write", "commands", "groups:read", "groups:write"]
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Private", scopes=scopes, events=[]))
    client = stage.web(keys["bot_token"])
    private = await client.conversations_create(name="closed", is_private=True)
    assert private["channel"]["is_private"]
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_create(name="open", is_private=False)
    assert (refusal(caught), caught.value.response["needed"]) == ("missing_scope", "channels:manage")
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_info(channel=stage.general)
    assert caught.value.response["needed"] == "channels:read"
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_list(types="public_channel,private_channel")
    assert caught.value.response["needed"] == "channels:read"
    assert [room["name"] for room in (await client.conversations_list(types="private_channel"))["channels"]] == [
        "closed"
    ]


async def test_emails_need_their_own_scope(stage: Stage) -> None:
    keys = await stage.people.app(
        stage.team, manifest(stage.app.url, name="NoMail", scopes=["users:read", "commands"], events=[])
    )
    shown = await stage.web(keys["bot_token"]).users_info(user=stage.ada)
    assert "email" not in shown["user"]["profile"]
    assert (await stage.bot.users_info(user=stage.ada))["user"]["profile"]["email"] == "ada@acme.test"


async def test_an_unsubscribed_app_is_not_told(stage: Stage) -> None:
    keys = await stage.people.app(stage.team, manifest(stage.app.url, name="Deaf", events=[]))
    channel = (await stage.web(keys["bot_token"]).conversations_create(name="deaf"))["channel"]["id"]
    await stage.people.join(stage.ada, channel)
    await stage.people.say(stage.ada, channel, "hello")
    await asyncio.sleep(0.1)
    assert all(body["api_app_id"] != keys["app_id"] for body in stage.app.of("event"))


async def test_requests_to_the_app_carry_a_signature_the_sdk_accepts(stage: Stage) -> None:
    channel = await stage.room("signed", stage.ada)
    await stage.people.command(stage.ada, channel, "/probe", "x")
    verifier = SignatureVerifier(stage.keys["signing_secret"])
    await stage.app.until(lambda: stage.app.of("command") and stage.app.of("event"))
    for _, _, headers, raw in stage.app.seen:
        assert verifier.is_valid_request(raw, headers)
        assert not verifier.is_valid_request(raw + b" ", headers)
