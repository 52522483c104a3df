"""Buttons that stand in messages for long, and what opening a form costs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import text

from tests.commands.table import TABLE
from tests.commands.test_engage_oncall import rotation
from tests.commands.test_participants import crowd
from tests.playing import incident, org_id, says, told_only, typed
from tests.stage import ADA, CY, Stage


async def test_an_old_button_is_asked_again(stage: Stage) -> None:
    """W-57, W-78: who pressed Join where it is not possible any more is told so, each time, and nothing happens."""
    name, _ = await incident(stage)
    place = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")
    announced = await says(stage, place, CY, f"New incident {name}")
    for change, told in (
        ("status = 'Closed', closed_at = now()", f"{name} is closed; you find everything on its page."),
        ("status = 'Active', visibility = 'restricted'", "There is no such incident that you may see."),
    ):
        async with stage.house.db.tx(await org_id(stage)) as t:
            await t.execute(text(f"update situation set {change} where name = :name"), {"name": name})
        for button in ("join_incident", "subscribe_incident") if "restricted" in change else ("join_incident",):
            await stage.slack.act_in_message(CY, place, announced["ts"], button)
            await told_only(stage, CY, place, told)
    assert CY not in (await stage.channel_of(name))["members"]


async def test_a_form_opens_with_few_calls(stage: Stage) -> None:
    """W-62, W-63, W-64, W-73: 300 participants, and every form is two calls: the placeholder and the form."""
    name, channel = await incident(stage)
    await rotation(stage, "eli")
    await crowd(stage, name, 298)
    await stage.settle()
    for row in TABLE:
        since = max(call["n"] for call in await stage.slack.calls())
        view = await typed(stage, ADA, channel, row.command, row.words)
        assert "Something broke" not in view["text"], row.key

        async def made(since: int = since, view: str = view["id"]) -> list[str]:
            """What this form took; the receipt of the incident is redrawn meanwhile as well."""
            return [
                call["method"]
                for call in await stage.slack.calls(since)
                if call["method"] != "auth.test" and call["args"].get("view_id", view) == view
            ]

        async def both(made: Callable[[], Awaitable[list[str]]] = made) -> bool:
            # A form is on the screen a moment before its call has ended, and is counted.
            return len(await made()) >= 2

        await stage.eventually(both)
        assert await made() == ["views.open", "views.update"], row.key
        await stage.slack.close_view(ADA, view["id"])
