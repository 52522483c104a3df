"""The button of the reminder of a promised update."""

from __future__ import annotations

from dispatch.kit.slack.registry import Answer, Request, action
from dispatch.people.queries import viewer_of_person
from dispatch.reports.actions import remind_update_again
from dispatch.reports.queries import require_report
from dispatch.reports.slack.messages import AGAIN_MINUTES, REMIND_AGAIN
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import pressed_value


@action(REMIND_AGAIN)
async def again(asked: Request) -> Answer:
    """Not now, but soon. Whoever sees the incident may ask for it."""
    _, report_id = pressed_value(asked)
    person = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        await require_report(t, await viewer_of_person(t, person), report_id)
        waits = await remind_update_again(t, report_id, minutes=AGAIN_MINUTES)
    asked.reply(
        f"You are reminded again in {AGAIN_MINUTES} minutes." if waits else "A report was written meanwhile. Thank you."
    )
    return None
