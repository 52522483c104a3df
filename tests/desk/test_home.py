"""The App Home, link previews, and the buttons under announcements."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dispatch.kit import clock
from dispatch.oncall.models import Rotation
from dispatch.oncall.rotation_actions import add_override
from dispatch.oncall.rotation_forms import OverrideForm
from dispatch.people.models import Person
from dispatch.projects.models import Project
from dispatch.situations.models import Situation
from dispatch.tasks.actions import create_task
from tests.playing import DEE, drawn, incident, org_id, rows, says, told_directly, told_only, typed
from tests.stage import ADA, BO, CY, Stage, over_both


async def home_of(stage: Stage, user: str, part: str) -> dict[str, Any]:
    """Open the home tab; what it shows once it shows `part`."""
    await stage.slack.open_home(user, stage.app["app_id"])

    async def look() -> dict[str, Any] | None:
        found = await stage.slack.home(user, stage.app["app_id"])
        return found if part in str(found) else None

    async def there() -> dict[str, Any] | None:
        try:
            return await look()
        except Exception as why:
            if "404" not in str(why):
                raise
            return None

    return dict(await stage.eventually(there))


@over_both
async def test_home_shows_what_is_mine(stage: Stage) -> None:
    name, channel = await incident(stage)
    hidden, _ = await incident(stage, Visibility="restricted", Title="Only for two", acknowledged=False)
    view = await typed(stage, ADA, channel, "/dispatch-create-task", "Write the post-mortem")
    await stage.slack.submit(ADA, view["id"], {"Assignees": [DEE]})
    mine = str(await home_of(stage, ADA, "You are on call"))
    assert name in mine
    assert hidden in mine
    assert "Write the post-mortem" in mine
    others = str(await home_of(stage, CY, "What is going on"))
    assert name in others
    assert hidden not in others
    assert "Only for two" not in others
    assert "You take part in none." in others


async def test_home_reports(stage: Stage) -> None:
    view = await home_of(stage, CY, "Report incident")
    found = view.get("view", view)
    await stage.slack.act_in_view(CY, found["id"], "home_report_incident")
    modal = await drawn(stage, CY)
    assert modal["title"]["text"] == "Report incident"


async def test_a_link_shows_what_it_leads_to_unless_it_is_restricted(stage: Stage) -> None:
    name, _ = await incident(stage)
    hidden, _ = await incident(stage, Visibility="restricted", Title="Only for two", acknowledged=False)
    said = await stage.slack.say(
        BO,
        stage.general,
        f"See {stage.base_url}/default/incidents/{name} and {stage.base_url}/default/incidents/{hidden}",
    )

    async def preview() -> str:
        [message] = [m for m in await stage.slack.messages(stage.general, as_=CY) if m["ts"] == said["ts"]]
        return str(message.get("attachments") or "")

    shown = await stage.eventually(preview)
    assert "Checkout answers with errors" in shown
    assert "Only for two" not in shown
    assert f"/incidents/{hidden}" not in shown


async def test_join_and_subscribe_from_the_announcement(stage: Stage) -> None:
    name, channel = await incident(stage)
    place = next(c["id"] for c in await stage.slack.channels() if c["name"] == "incidents")
    announced = await says(stage, place, CY, f"New incident {name}")
    await stage.slack.act_in_message(CY, place, announced["ts"], "subscribe_incident")
    await told_only(stage, CY, place, f"You get a message when {name} changes its state")
    view = await typed(stage, ADA, channel, "/dispatch-update-incident")
    await stage.slack.submit(ADA, view["id"], {"Status": "Stable"})
    told = await told_directly(stage, CY, f"{name} is Stable now (was Active)")

    await stage.slack.act_in_message(CY, place, announced["ts"], "join_incident")
    await told_only(stage, CY, place, f"You are brought into the channel of {name}.")

    async def inside() -> bool:
        return CY in (await stage.channel_of(name))["members"]

    await stage.eventually(inside)

    # Below each message; pressed once more, or below another one, it does not begin anew.
    for answer in ("You get no more of these messages.", "You had stopped these messages already."):
        await stage.slack.act_in_message(CY, told["channel"], told["ts"], "unsubscribe_incident")
        await told_only(stage, CY, told["channel"], answer)
    assert not await rows(stage, "select 1 from subscriber")


async def test_an_open_home_follows_along(stage: Stage) -> None:
    """What it shows changes without opening it again; many changes are one drawing, and what looks the same is not sent."""
    await home_of(stage, CY, "What is going on")
    await home_of(stage, DEE, "What is going on")
    await home_of(stage, ADA, "You are on call")

    async def shows(user: str, part: str) -> None:
        """The pause between two drawings passes, and the home has it without being opened."""
        await stage.advance(seconds=30)

        async def look() -> bool:
            await asyncio.sleep(0.3)
            return part in str(await stage.slack.home(user, stage.app["app_id"]))

        await stage.eventually(look, timeout=180)

    async def published(user: str) -> int:
        calls = await stage.slack.calls()
        return sum(c["method"] == "views.publish" and c["args"].get("user_id") == user for c in calls)

    name, _ = await incident(stage)
    await shows(CY, f"/incidents/{name}|")
    had, others = await published(DEE), await published(CY)
    async with stage.house.db.tx(await org_id(stage)) as t:
        people = {p.email: p for p in await t.scalars(select(Person))}
        situation = (await t.scalars(select(Situation).where(Situation.name == name))).one()
        for number in range(9):
            await create_task(
                t,
                situation,
                f"Chore {number}",
                by=people["ada@example.com"],
                assignees=[people["dee@example.com"]],
                source="web",
            )
    await shows(DEE, "Your open tasks (9)")
    assert await published(DEE) <= had + 3
    assert await published(CY) == others, "tasks of others are not on Cy's home"
    assert await published(BO) == 0, "Bo never opened it"

    async with stage.house.db.tx(await org_id(stage)) as t:
        rotation = (await t.scalars(select(Rotation).order_by(Rotation.id).limit(1))).one()
        project = (await t.scalars(select(Project).where(Project.id == rotation.project_id))).one()
        now = clock.now()
        span = OverrideForm(person="cy@example.com", starts_at=now - timedelta(days=2), ends_at=now + timedelta(days=2))
        await add_override(t, project, rotation.id, span, by=None)
    await shows(CY, "You are on call")
    await shows(ADA, "You are not on call now.")
