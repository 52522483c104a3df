"""The App Home, link previews, and the buttons under announcements."""

from __future__ import annotations

from typing import Any

from tests.playing import DEE, drawn, incident, says, told_directly, told_only, typed
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
        BO, stage.general, f"See {stage.base_url}/default/incidents/{name} and {stage.base_url}/default/incidents/{hidden}"
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
    await told_directly(stage, CY, f"{name} is Stable now (was Active)")

    await stage.slack.act_in_message(CY, place, announced["ts"], "join_incident")
    await told_only(stage, CY, place, f"You are brought into the channel of {name}.")

    async def inside() -> bool:
        return CY in (await stage.channel_of(name))["members"]

    await stage.eventually(inside)
