"""The main job, through the real transport: typed in the sandbox, seen by the people in it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from dispatch.kit.slack.registry import Request
from dispatch.situations.slack.transcript import quoted
from slack_sandbox.client import Refused as SandboxRefused
from tests.playing import told_only
from tests.stage import ADA, BO, CY, Stage


@pytest.mark.seed("/dispatch-report-incident")
async def test_a_reported_incident_comes_to_life(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()

    states = {s["name"]: s["state"] for s in await stage.steps(name)}
    assert states == dict.fromkeys(
        (
            "page",
            "channel",
            "people",
            "topic",
            "welcome",
            "welcome_dm",
            "ticket",
            "document",
            "bridge",
            "summary",
            "announce",
        ),
        "done",
    ) | dict.fromkeys(("page_email", "page_webhook", "so_far", "mail_link"), "skipped")
    channel = await stage.channel_of(name)
    assert set(channel["members"]) == {stage.app["bot_user_id"], ADA, BO}
    assert channel["is_private"]
    assert "Ada Lovelace (acting)" in channel["topic"]
    assert [b["title"] for b in channel["bookmarks"]] == [f"{name} in Dispatch"]
    assert [p["text"] for p in channel["pins"]] == [f"Summary of {name}"]
    said = [m["text"] for m in await stage.slack.messages(channel["id"], as_=BO)]
    assert said.count(f"{name}: Checkout answers with errors") == 1
    announced = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")
    assert [m["text"] for m in await stage.slack.messages(announced, as_=CY) if not m.get("subtype")] == [
        f"New incident {name}: Checkout answers with errors"
    ]


async def test_the_outsider_does_not_see_the_private_channel(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    assert not [c for c in await stage.slack.channels(as_=CY) if (c["name"] or "").startswith(name.lower())]


async def test_the_commander_is_paged_and_acknowledges(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    page = await _direct(stage, ADA, "You are needed")
    await stage.slack.act_in_message(ADA, page["channel"], page["ts"], "acknowledge_command")
    async with asyncio.timeout(60):
        while "Commander: Ada Lovelace (acting)" in (await stage.channel_of(name))["topic"]:
            await asyncio.sleep(0.05)
    assert (await stage.channel_of(name))["topic"].endswith("Commander: Ada Lovelace")

    async def summary_says_so() -> bool:
        channel = (await stage.channel_of(name))["id"]
        [summary] = [m for m in await stage.slack.messages(channel, as_=BO) if m["text"] == f"Summary of {name}"]
        return "*Commander* Ada Lovelace  " in str(summary["blocks"])

    await stage.eventually(summary_says_so)

    browser = await stage.sign_in("ada@example.com")
    timeline = (await browser.get(f"/default/incidents/{name}/fragments/timeline")).text
    assert "Ada Lovelace acknowledged the command" in timeline
    assert "Acknowledged" in (await browser.get(f"/default/incidents/{name}/fragments/pages")).text
    await browser.aclose()


async def test_somebody_else_cannot_acknowledge(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    welcome = next(m for m in await stage.slack.messages(channel, as_=BO) if m["text"].startswith(name))
    await stage.slack.act_in_message(BO, channel, welcome["ts"], "acknowledge_command")
    assert await stage.told(BO, channel) == [
        "Ada Lovelace is the commander here and has to acknowledge. You can ask them, or an admin."
    ]
    await stage.slack.act_in_message(ADA, channel, welcome["ts"], "acknowledge_command")
    await stage.slack.act_in_message(BO, channel, welcome["ts"], "acknowledge_command")
    await told_only(stage, BO, channel, f"Ada Lovelace leads {name} already; nobody else is called for it.")


async def test_what_is_missing_is_said_at_the_field(stage: Stage) -> None:
    await stage.slack.command(BO, stage.general, "/dispatch-report-incident")
    view = await stage.form(BO)
    answer = await stage.slack.submit(BO, view["id"], {"Title": "   ", "Description": "It burns"})
    assert answer["outcome"] == "errors"
    assert "title" in answer["errors"]
    corrected = await stage.slack.submit(BO, view["id"], {"Title": "It burns", "Description": "It burns"})
    assert corrected["outcome"] == "updated"


async def test_choosing_a_project_reloads_its_choices_and_keeps_the_text(stage: Stage) -> None:
    await stage.slack.command(BO, stage.general, "/dispatch-report-incident")
    view = await stage.form(BO)
    before = {block["block_id"] for block in view["blocks"]}
    await stage.slack.act_in_view(BO, view["id"], "project", "payments")

    async def reloaded() -> bool:
        return "severity@payments" in {block["block_id"] for block in (await stage.slack.view(BO))["blocks"]}

    await stage.eventually(reloaded)
    assert "severity@default" in before
    offered = await stage.slack.options(BO, view["id"], "tags", "che")
    assert "checkout" in str(offered)
    assert "database" not in str(offered)


async def test_the_confirmation_follows_the_set_up(stage: Stage) -> None:
    await stage.report()
    await stage.settle()
    async with asyncio.timeout(60):
        while "white_circle" in (shown := (await stage.slack.view(BO))["text"]):
            await asyncio.sleep(0.1)
    assert "Create the channel" in shown
    assert "Channel: <#C" in shown


async def test_a_message_can_be_reported(stage: Stage) -> None:
    said = await stage.slack.say(CY, stage.general, "The shop is down for my customer")
    ts = said.get("ts") or said["message"]["ts"]
    await stage.slack.shortcut(CY, "report_incident_message", {"channel": stage.general, "ts": ts})
    view = await stage.form(CY)
    assert "The shop is down for my customer" in str(view)


async def test_a_reported_message_reads_as_people_read_it(stage: Stage) -> None:
    """Not as Slack writes it down: names for mentions, no entities; of an alert what stands in its attachment."""
    said = await stage.slack.say(
        CY, stage.general, f"<@{BO}>: errors &gt; 5 % &amp; rising, see <https://example.com/a|the graph>"
    )
    await stage.slack.shortcut(CY, "report_incident_message", {"channel": stage.general, "ts": said["ts"]})
    view = await stage.form(CY)
    [typed] = [row["element"]["initial_value"] for row in view["blocks"] if row.get("block_id") == "description"]
    assert typed == "@Bo Nilsson: errors > 5 % & rising, see the graph (https://example.com/a)"
    await stage.slack.close_view(CY, view["id"])

    alert = {
        "ts": said["ts"],
        "bot_id": "B0ALERTS",
        "username": "Alerts",
        "text": "",
        "attachments": [{"title": "Disk full"}],
    }
    asked = SimpleNamespace(payload={"message": alert})
    assert await quoted(cast(Request, asked)) == "Alerts: Disk full"


async def test_another_organization_is_refused_without_saying_whether_it_exists(stage: Stage) -> None:
    answer = await stage.slack.command(BO, stage.general, "/dispatch-report-incident", "elsewhere")
    assert "is not an organization you can report to from here" in str(answer)


@pytest.mark.seed("event member_joined_channel")
async def test_a_join_makes_a_participant(stage: Stage) -> None:
    name = await stage.report()
    await stage.settle()
    channel = (await stage.channel_of(name))["id"]
    await stage.slack.invite(BO, channel, CY)
    browser = await stage.sign_in("bo@example.com")
    async with asyncio.timeout(60):
        while "Cy Okafor" not in (await browser.get(f"/default/incidents/{name}/fragments/participants")).text:
            await asyncio.sleep(0.05)
    await browser.aclose()


async def test_a_restricted_incident_is_neither_announced_nor_shown(stage: Stage) -> None:
    await stage.report(Visibility="restricted", Title="Stolen laptop of the CFO")
    await stage.settle()
    announced = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")
    assert [m for m in await stage.slack.messages(announced, as_=CY) if not m.get("subtype")] == []
    names = [c["name"] for c in await stage.slack.channels() if c["name"]]
    assert not [n for n in names if "laptop" in n]
    browser = await stage.sign_in("cy@example.com")
    assert "Stolen laptop" not in (await browser.get("/default/incidents")).text
    assert (await browser.get("/default/incidents/INC-13")).status_code == 404
    await browser.aclose()


async def test_an_unknown_command_cannot_be_typed(stage: Stage) -> None:
    with pytest.raises(SandboxRefused):
        await stage.slack.command(BO, stage.general, "/dispatch-nonsense")


async def _direct(stage: Stage, user: str, starts: str) -> dict[str, str]:
    for channel in await stage.slack.channels(as_=user):
        for message in await stage.slack.messages(channel["id"], as_=user):
            if message["text"].startswith(starts):
                return {"channel": channel["id"], "ts": message["ts"]}
    raise AssertionError(f"{user} got no message that starts with {starts!r}")
