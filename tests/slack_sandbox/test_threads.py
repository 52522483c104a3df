"""What happens inside threads."""

from typing import Any

import httpx
import pytest
from stage_set import Stage

from slack_sandbox.client import Refused

Json = dict[str, Any]
BUTTON = {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open"}}
VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "In a thread"}, "blocks": [{"type": "divider"}]}


async def threaded(stage: Stage) -> tuple[str, str, str]:
    """A channel, the first message of a thread, and a reply with a button."""
    channel = await stage.room("inc-1", stage.ada, stage.bo)
    first = (await stage.people.say(stage.ada, channel, "it burns"))["ts"]
    reply = await stage.bot.chat_postMessage(
        channel=channel, thread_ts=first, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    return channel, first, str(reply["ts"])


async def test_a_button_in_a_thread_opens_a_modal(stage: Stage) -> None:
    channel, first, reply = await threaded(stage)

    async def opens(body: Json) -> str:
        await stage.bot.views_open(trigger_id=body["trigger_id"], view=VIEW)
        return ""

    stage.app.answers["action"] = opens
    result = await stage.people.act_in_message(stage.ada, channel, reply, "open")
    assert (result["view"]["title"]["text"], result["view"]["channel_id"]) == ("In a thread", channel)
    sent = stage.app.of("action")[-1]
    assert sent["container"] == {
        "type": "message", "message_ts": reply, "channel_id": channel, "is_ephemeral": False, "thread_ts": first,
    }  # fmt: skip
    assert (await stage.people.view(stage.ada))["id"] == result["view"]["id"]
    with pytest.raises(Refused, match="no_view"):
        await stage.people.view(stage.bo)


async def test_an_answer_stays_in_the_thread_when_told_so(stage: Stage) -> None:
    channel, first, reply = await threaded(stage)
    await stage.people.act_in_message(stage.ada, channel, reply, "open")
    url = stage.app.of("action")[-1]["response_url"]
    async with httpx.AsyncClient() as http:
        await http.post(url, json={"text": "for you", "thread_ts": first})
        await http.post(url, json={"text": "for all", "thread_ts": first, "response_type": "in_channel"})
    seen = {row["text"]: row for row in await stage.people.messages(channel, stage.ada)}
    assert (seen["for you"]["thread_ts"], seen["for you"]["is_ephemeral"]) == (first, True)
    assert seen["for all"]["thread_ts"] == first
    assert "for you" not in {row["text"] for row in await stage.people.messages(channel, stage.bo)}
    whole = (await stage.bot.conversations_replies(channel=channel, ts=first))["messages"]
    assert [row["text"] for row in whole] == ["it burns", "x", "for all"]


async def test_an_ephemeral_message_in_a_thread_and_no_command_there(stage: Stage) -> None:
    channel, first, _ = await threaded(stage)
    await stage.bot.chat_postEphemeral(channel=channel, user=stage.ada, text="psst", thread_ts=first)
    assert (await stage.people.messages(channel, stage.ada))[-1]["thread_ts"] == first
    with pytest.raises(Refused, match="not supported in threads"):
        await stage.people.call(
            "POST", f"users/{stage.ada}/commands", {"channel": channel, "command": "/probe", "thread_ts": first}
        )


async def test_a_broadcast_stands_in_the_channel_too(stage: Stage) -> None:
    channel, first, reply = await threaded(stage)
    await stage.bot.chat_postMessage(channel=channel, thread_ts=reply, text="to all", reply_broadcast=True)
    history = (await stage.bot.conversations_history(channel=channel))["messages"]
    told = next(row for row in history if row["text"] == "to all")
    assert (told["subtype"], told["thread_ts"]) == ("thread_broadcast", first)
    assert "x" not in {row["text"] for row in history}
