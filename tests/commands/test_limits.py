"""What a busy organization has: every modal opens and pages, and nothing is refused by the strict sandbox (W-82)."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text

from dispatch.kit.slack import registry
from dispatch.kit.slack.opening import GONE
from slack_sandbox.client import Refused
from tests.commands.busy import LONG_TITLE, busy
from tests.modals import Opened, answered, elements, every_modal, without_limits
from tests.playing import DEE, incident, org_id, refused, rows, says, shown, typed
from tests.stage import ADA, CY, Stage

#: A link without a text, or a text without a link (W-85).
EMPTY_LINK = re.compile(r"<[^<>|]*\|>|<\|[^<>]*>|<>|\]\(\)")


async def test_every_modal_opens_and_pages_whatever_there_is(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-19, W-60, W-61, W-82, W-83, W-85. Each command, word, shortcut and button that opens a modal, in one busy organization."""
    without_limits(stage, monkeypatch)
    name, channel = await incident(stage, Title=LONG_TITLE)
    await stage.slack.invite(ADA, channel, DEE)
    await stage.settle()
    await busy(stage, name, tasks_of="dee@example.com")
    await says(stage, channel, ADA, f"Tactical report 1 of {name}")
    await says(stage, channel, ADA, f"Task 500 of {name}")
    await stage.settle()
    [row] = await rows(stage, "select id from situation where name = :name", name=name)
    opened: set[str] = set()
    paged: dict[str, int] = {}
    async for each in every_modal(stage, DEE, channel, int(row["id"])):
        assert "Something broke" not in each.view["text"], each.by
        assert not EMPTY_LINK.search(json.dumps(each.view["blocks"])), each.by
        first_time = each.callback not in opened
        opened.add(each.callback)
        if first_time:
            await everything_is_found(stage, each)
        heading = f"{each.callback} {each.view['title']['text']}"
        if (each.actions & turning("next")) and heading not in paged:
            paged[heading] = await turned_to_the_end(stage, each)
    assert set(registry.submissions) <= opened, "nothing in tests/modals.py opens the others"
    assert set(paged.values()) == {6, 12, 25} and len(paged) == 4, paged
    assert {f"{key.split(' ')[0]}_next" for key in paged} == turning("next")

    # Found while typing, though there are more than Slack shows.
    view = await typed(stage, DEE, channel, "/dispatch-update-participant")
    assert "Person 250" in str(await stage.slack.options(DEE, view["id"], "participant", "person 250"))
    view = await typed(stage, CY, stage.general, "/dispatch-report-incident")
    assert len((await stage.slack.options(CY, view["id"], "tags", "tag 1"))["options"]) == 100
    assert "tag 1999" in str(await stage.slack.options(CY, view["id"], "tags", "tag 1999"))
    assert "Project 117" in str(await stage.slack.options(CY, view["id"], "project", "project 117"))
    await stage.slack.act_in_view(CY, view["id"], "project", "p117")

    async def reloaded() -> bool:
        return "severity@p117" in {block["block_id"] for block in (await stage.slack.view(CY))["blocks"]}

    await stage.eventually(reloaded)
    view = await typed(stage, ADA, channel, "/dispatch-update-incident")
    answer = await stage.slack.submit(ADA, view["id"], {"Tags": ["tag 0007 <&> 🙂", "tag 1234 <&> 🙂"]})
    assert answer["outcome"] == "closed", answer
    assert len(await rows(stage, "select tag_id from situation_tag")) == 2
    told = await refused(stage, CY, stage.general, "/dispatch-list-incidents", "default nowhere")
    assert 'There is no project "nowhere"' in told
    await shorter_lists_show_their_last_page(stage, channel)
    await stage.slack.open_home(DEE, stage.app["app_id"])

    async def home() -> bool:
        try:
            return re.search(r"and \d+ more", str(await stage.slack.home(DEE, stage.app["app_id"]))) is not None
        except Refused:  # until the first one is published
            return False

    await stage.eventually(home)
    await stage.settle()
    await nothing_was_refused(stage)


def turning(which: str) -> set[str]:
    """The buttons of all long lists."""
    return {action for action in registry.actions if action.endswith(f"_{which}")}


async def everything_is_found(stage: Stage, each: Opened) -> None:
    """What is found while typing answers, and what draws the form anew does."""
    view = each.view
    for element in elements(view):
        if element["type"].endswith("external_select"):
            found = (await stage.slack.options(DEE, view["id"], element["action_id"], ""))["options"]
            assert 0 < len(found) <= 100, (each.by, element["action_id"])
    for block in view["blocks"]:
        if block.get("dispatch_action"):
            element = block["element"]
            found = (
                element.get("options")
                or (await stage.slack.options(DEE, view["id"], element["action_id"], ""))["options"]
            )
            await stage.slack.act_in_view(DEE, view["id"], element["action_id"], found[-1]["value"])
            await answered(stage)
            assert "Something broke" not in (await stage.slack.view(DEE))["text"], (each.by, element["action_id"])


async def turned_to_the_end(stage: Stage, each: Opened) -> int:
    """Press Next until there is none, then Previous; how many pages there are."""
    [button] = each.actions & turning("next")
    [last] = {int(found) for found in re.findall(r"Page 1 of (\d+)", each.view["text"])}
    view = each.view
    for page in range(2, last + 1):
        await stage.slack.act_in_view(DEE, view["id"], button)
        view = await shown(stage, DEE, f"Page {page} of {last}")
        assert not EMPTY_LINK.search(json.dumps(view["blocks"])), each.by
    assert button not in Opened(each.by, view).actions
    await stage.slack.act_in_view(DEE, view["id"], button.removesuffix("next") + "back")
    await shown(stage, DEE, f"Page {last - 1} of {last}")
    return last


async def nothing_was_refused(stage: Stage) -> None:
    """Neither modals nor posts, topics and homes. A form that somebody closed is gone, and that is fine."""
    broken = [
        (c["method"], c["result"])
        for c in await stage.slack.calls()
        if not c["result"].get("ok", True) and c["result"].get("error") not in GONE
    ]
    assert not broken


async def shorter_lists_show_their_last_page(stage: Stage, channel: str) -> None:
    """Never "Page 6 of 5": Previous in a window that was opened before others closed things."""
    fewer = {
        "list-incidents": ("update situation set status = 'Closed', closed_at = now() - interval '2 days'"
                           " where name like 'BIG-%' and substr(name, 5)::int > 30", 6, 2),
        "list-participants": ("update participant_role set renounced_at = now() where id in (select id from participant_role"
                              " where role = 'Participant' and renounced_at is null order by id desc limit 150)", 12, 6),
        "list-tasks": ("delete from task where number between 51 and 499", 25, 3),
    }  # fmt: skip
    for command, (change, before, after) in fewer.items():
        view = await typed(stage, DEE, channel, f"/dispatch-{command}")
        button = next(iter(Opened("", view).actions & turning("next")))
        for page in range(2, after + 3):
            await stage.slack.act_in_view(DEE, view["id"], button)
            view = await shown(stage, DEE, f"Page {page} of {before}")
        async with stage.house.db.tx(await org_id(stage)) as t:
            await t.execute(text(change))
        await stage.slack.act_in_view(DEE, view["id"], button.removesuffix("next") + "back")
        view = await shown(stage, DEE, f"Page {after} of {after}")
        assert len(view["blocks"]) > 3, "the last page has entries"
        await stage.slack.close_view(DEE, view["id"])
