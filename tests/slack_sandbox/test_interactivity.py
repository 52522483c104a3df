"""Commands, buttons, modals: what the app gets and what the person sees."""

import asyncio
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from stage_set import Stage, manifest, refusal
from starlette.responses import PlainTextResponse

from slack_sandbox.client import Refused

Json = dict[str, Any]


def modal(**more: Any) -> Json:
    view: Json = {
        "type": "modal",
        "callback_id": "report",
        "title": {"type": "plain_text", "text": "Report"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "title",
                "label": {"type": "plain_text", "text": "Title"},
                "element": {"type": "plain_text_input", "action_id": "value", "max_length": 20},
            },
            {
                "type": "input",
                "block_id": "severity",
                "optional": True,
                "label": {"type": "plain_text", "text": "Severity"},
                "element": {
                    "type": "static_select",
                    "action_id": "choice",
                    "options": [
                        {"text": {"type": "plain_text", "text": "Low"}, "value": "low"},
                        {"text": {"type": "plain_text", "text": "High"}, "value": "high"},
                    ],
                },
            },
            {
                "type": "input",
                "block_id": "tags",
                "optional": True,
                "label": {"type": "plain_text", "text": "Tags"},
                "element": {"type": "multi_external_select", "action_id": "tags", "min_query_length": 0},
            },
            {
                "type": "actions",
                "block_id": "more",
                "elements": [
                    {"type": "button", "action_id": "details", "text": {"type": "plain_text", "text": "Details"}}
                ],
            },
        ],
    }
    return view | more


def opening(stage: Stage, view: Json | None = None) -> None:
    """The app opens a modal for each command before it acknowledges."""

    async def answer(body: Json) -> str:
        await stage.bot.views_open(trigger_id=body["trigger_id"], view=view or modal())
        return ""

    stage.app.answers["command"] = answer


async def open_modal(stage: Stage, view: Json | None = None) -> Json:
    opening(stage, view)
    channel = await stage.room("inc-1", stage.ada)
    shown: Json = (await stage.people.command(stage.ada, channel, "/probe", "now"))["view"]
    return shown


async def test_a_command_arrives_as_slack_sends_it(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, private=True)
    stage.app.answers["command"] = lambda _: {"text": "Done", "response_type": "ephemeral"}
    result = await stage.people.command(stage.ada, channel, "/probe", "a b")
    sent = stage.app.of("command")[0]
    assert (sent["command"], sent["text"], sent["user_id"], sent["channel_name"]) == (
        "/probe",
        "a b",
        stage.ada,
        "privategroup",
    )
    assert result["ack"]["status"] == 200
    assert [row["text"] for row in result["ephemeral"]] == ["Done"]
    assert result["view"] is None


async def test_a_command_outside_the_manifest_cannot_be_typed(stage: Stage) -> None:
    with pytest.raises(Refused) as caught:
        await stage.people.command(stage.ada, stage.general, "/unknown")
    assert caught.value.error == "unknown_command"
    with pytest.raises(Refused) as caught:
        await stage.people.command(stage.cy, stage.general, "/probe")
    assert caught.value.error == "not_in_channel"


async def test_a_slow_or_failing_app_shows_slacks_own_words(stage: Stage) -> None:
    async def sleep(_: Json) -> str:
        await asyncio.sleep(4)
        return ""

    stage.app.answers["command"] = lambda _: PlainTextResponse("", 500)
    failed = await stage.people.command(stage.ada, stage.general, "/probe")
    assert (failed["ack"]["status"], failed["ack"]["body"]) == (500, "dispatch_failed")
    stage.app.answers["command"] = sleep
    slow = await stage.people.command(stage.ada, stage.general, "/probe")
    assert (slow["ack"]["status"], slow["ack"]["body"]) == (0, "operation_timeout")
    assert slow["ack"]["ms"] >= 3000


async def test_a_command_opens_a_modal_the_person_can_read(stage: Stage) -> None:
    view = await open_modal(stage)
    assert view["callback_id"] == "report"
    assert view["text"].splitlines()[0] == "Report"
    assert "Title" in view["text"]
    assert (await stage.people.view(stage.ada))["id"] == view["id"]
    assert view["state"]["values"]["title"]["value"] == {"type": "plain_text_input", "value": None}


async def test_a_trigger_is_for_three_seconds_and_once(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.people.command(stage.ada, channel, "/probe")
    trigger = stage.app.of("command")[-1]["trigger_id"]
    await stage.bot.views_open(trigger_id=trigger, view=modal())
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_open(trigger_id=trigger, view=modal())
    assert refusal(caught) == "exchanged_trigger_id"
    await stage.people.command(stage.ada, channel, "/probe")
    await stage.people.advance(3.1)
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_open(trigger_id=stage.app.of("command")[-1]["trigger_id"], view=modal())
    assert refusal(caught) == "expired_trigger_id"
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_open(trigger_id="1.2.3", view=modal())
    assert refusal(caught) == "invalid_trigger_id"


async def test_a_bad_view_is_refused_with_its_pointer(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    await stage.people.command(stage.ada, channel, "/probe")
    with pytest.raises(SlackApiError) as caught:
        bad = modal(title={"type": "plain_text", "text": "x" * 25})
        await stage.bot.views_open(trigger_id=stage.app.of("command")[-1]["trigger_id"], view=bad)
    assert refusal(caught) == "invalid_arguments"
    assert "/view/title/text" in caught.value.response["response_metadata"]["messages"][0]


async def test_a_submission_carries_state_and_closes(stage: Stage) -> None:
    view = await open_modal(stage)
    stage.app.answers["menu"] = lambda _: {
        "options": [{"text": {"type": "plain_text", "text": "db/main"}, "value": "7"}]
    }
    done = await stage.people.submit(stage.ada, view["id"], {"Title": "Down", "severity": "High", "Tags": ["db/main"]})
    assert (done["outcome"], done["view"]) == ("closed", None)
    sent = stage.app.of("action")[-1]
    assert sent["type"] == "view_submission"
    values = sent["view"]["state"]["values"]
    assert values["title"]["value"]["value"] == "Down"
    assert values["severity"]["choice"]["selected_option"]["value"] == "high"
    assert values["tags"]["tags"]["selected_options"][0]["value"] == "7"
    with pytest.raises(Refused):
        await stage.people.view(stage.ada)


async def test_slack_itself_refuses_an_empty_required_input(stage: Stage) -> None:
    view = await open_modal(stage)
    refused = await stage.people.submit(stage.ada, view["id"], {})
    assert (refused["outcome"], list(refused["errors"])) == ("errors", ["title"])
    long = await stage.people.submit(stage.ada, view["id"], {"title": "x" * 21})
    assert long["outcome"] == "errors"
    assert not stage.app.of("action")


async def test_errors_update_push_and_clear(stage: Stage) -> None:
    view = await open_modal(stage)
    answers: list[Any] = [
        {"response_action": "errors", "errors": {"title": "Too vague"}},
        {"response_action": "update", "view": modal(title={"type": "plain_text", "text": "Second"})},
        {"response_action": "push", "view": modal(title={"type": "plain_text", "text": "Third"})},
        "",
        {"response_action": "clear"},
    ]
    stage.app.answers["action"] = lambda _: answers.pop(0)
    first = await stage.people.submit(stage.ada, view["id"], {"title": "a"})
    assert (first["outcome"], first["errors"]) == ("errors", {"title": "Too vague"})
    second = await stage.people.submit(stage.ada, view["id"], {"title": "b"})
    assert (second["outcome"], second["view"]["title"]["text"], second["view"]["id"]) == (
        "updated",
        "Second",
        view["id"],
    )
    assert second["view"]["state"]["values"]["title"]["value"]["value"] == "b"
    third = await stage.people.submit(stage.ada, view["id"], {})
    assert (third["outcome"], third["view"]["previous_view_id"]) == ("pushed", view["id"])
    fourth = await stage.people.submit(stage.ada, third["view"]["id"], {"title": "c"})
    assert (fourth["outcome"], fourth["view"]["id"]) == ("closed", view["id"])
    fifth = await stage.people.submit(stage.ada, view["id"], {})
    assert (fifth["outcome"], fifth["view"]) == ("closed", None)


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {"more": "not an input"}},
        {"response_action": "shrug"},
        {"response_action": "update", "view": {"type": "modal"}},
        "not json",
    ],
)
async def test_a_malformed_answer_shows_trouble(stage: Stage, answer: Any) -> None:
    view = await open_modal(stage)
    stage.app.answers["action"] = lambda _: answer
    shown = await stage.people.submit(stage.ada, view["id"], {"title": "a"})
    assert shown["outcome"] == "errors"
    assert list(shown["errors"].values()) == ["We had some trouble connecting. Try again?"]
    assert shown["view"]["id"] == view["id"]


async def test_views_stack_three_high(stage: Stage) -> None:
    view = await open_modal(stage)
    stage.app.answers["action"] = lambda _: ""
    for _ in range(2):
        await stage.people.act_in_view(stage.ada, view["id"], "details")
        pushed = await stage.bot.views_push(trigger_id=stage.app.of("action")[-1]["trigger_id"], view=modal())
        view = pushed["view"]
    await stage.people.act_in_view(stage.ada, view["id"], "details")
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_push(trigger_id=stage.app.of("action")[-1]["trigger_id"], view=modal())
    assert refusal(caught) == "push_limit_reached"


async def test_an_update_keeps_what_was_typed_and_checks_the_hash(stage: Stage) -> None:
    view = await open_modal(stage)
    await stage.people.act_in_view(stage.ada, view["id"], "value", "Half a title")
    blocks = view["blocks"][:1]
    updated = await stage.bot.views_update(view_id=view["id"], hash=view["hash"], view=modal(blocks=blocks))
    assert updated["view"]["state"]["values"]["title"]["value"]["value"] == "Half a title"
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    assert refusal(caught) == "hash_conflict"
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_update(view_id="V0NONE", view=modal())
    assert refusal(caught) == "not_found"


async def test_closing_is_told_only_when_asked_for(stage: Stage) -> None:
    view = await open_modal(stage, modal(notify_on_close=True))
    await stage.people.close_view(stage.ada, view["id"])
    assert stage.app.of("action")[-1]["type"] == "view_closed"
    assert stage.app.of("action")[-1]["is_cleared"] is False
    with pytest.raises(SlackApiError) as caught:
        await stage.bot.views_update(view_id=view["id"], view=modal())
    assert refusal(caught) == "not_found"


async def test_a_button_in_a_message_and_its_response_url(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada, stage.bo)
    blocks = [
        {
            "type": "actions",
            "block_id": "b",
            "elements": [
                {"type": "button", "action_id": "join", "value": "7", "text": {"type": "plain_text", "text": "Join"}}
            ],
        }
    ]
    ts = (await stage.bot.chat_postMessage(channel=channel, text="x", blocks=blocks))["ts"]
    result = await stage.people.act_in_message(stage.ada, channel, ts, "join")
    assert result["ack"]["status"] == 200
    sent = stage.app.of("action")[-1]
    assert sent["container"] == {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False}
    assert (sent["actions"][0]["value"], sent["actions"][0]["block_id"]) == ("7", "b")
    async with httpx.AsyncClient() as http:
        for _ in range(5):
            assert (await http.post(sent["response_url"], json={"text": "psst"})).status_code == 200
        assert (await http.post(sent["response_url"], json={"text": "psst"})).status_code == 404
        await stage.people.act_in_message(stage.ada, channel, ts, "Join")
        url = stage.app.of("action")[-1]["response_url"]
        await http.post(url, json={"text": "Joined", "replace_original": True})
        await stage.people.advance(1801)
        assert (await http.post(url, json={"text": "late"})).status_code == 404
    seen = await stage.people.messages(channel, stage.ada)
    assert [row["text"] for row in seen if row["ts"] == ts] == ["Joined"]
    assert sum(bool(row.get("ephemeral")) for row in seen) == 5


async def test_shortcuts_global_and_on_a_message(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    said = await stage.people.say(stage.ada, channel, "it burns")
    await stage.people.shortcut(stage.ada, "probe_all")
    assert stage.app.of("action")[-1]["type"] == "shortcut"
    assert "channel" not in stage.app.of("action")[-1]
    await stage.people.shortcut(stage.ada, "probe_this", {"channel": channel, "ts": said["ts"]})
    assert stage.app.of("action")[-1]["type"] == "message_action"
    assert stage.app.of("action")[-1]["message"]["text"] == "it burns"
    with pytest.raises(Refused):
        await stage.people.shortcut(stage.ada, "probe_this")


async def test_options_come_from_the_app(stage: Stage) -> None:
    view = await open_modal(stage)
    stage.app.answers["menu"] = lambda body: {
        "options": [{"text": {"type": "plain_text", "text": body["value"]}, "value": "1"}]
    }
    offered = await stage.people.options(stage.ada, view["id"], "tags", "db")
    assert offered["options"][0]["text"]["text"] == "db"
    assert stage.app.of("menu")[0]["type"] == "block_suggestion"
    stage.app.answers["menu"] = lambda _: {"options": [{"value": "no text"}]}
    assert (await stage.people.options(stage.ada, view["id"], "tags", "db"))["options"] == []


async def test_app_home_is_published_per_person(stage: Stage) -> None:
    opened = await stage.people.open_home(stage.ada, stage.keys["app_id"])
    assert opened["view"] is None
    await stage.app.until(lambda: stage.app.events("app_home_opened"))
    home = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Open incidents*"}}]}
    await stage.bot.views_publish(user_id=stage.ada, view=home)
    shown = await stage.people.call("GET", f"users/{stage.ada}/home", app=stage.keys["app_id"])
    assert shown["type"] == "home"


async def test_clicks_of_an_app_without_interactivity_reach_nobody(stage: Stage) -> None:
    channel = await stage.room("inc-1", stage.ada)
    button = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}
    post = await stage.bot.chat_postMessage(
        channel=channel, text="?", blocks=[{"type": "actions", "elements": [button]}]
    )
    without = manifest(stage.app.url)
    without["settings"]["interactivity"] = {"is_enabled": False, "request_url": f"{stage.app.url}/action"}
    await stage.people.app(stage.team, without)
    pressed = await stage.people.act_in_message(stage.ada, channel, post["ts"], "ack")
    assert pressed["ack"]["body"] == "dispatch_failed"
    assert not stage.app.of("action")
    await stage.people.app(stage.team, manifest(stage.app.url))
    assert (await stage.people.act_in_message(stage.ada, channel, post["ts"], "ack"))["ack"]["status"] == 200
    assert len(stage.app.of("action")) == 1
