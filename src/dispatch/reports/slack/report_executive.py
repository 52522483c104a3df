"""/dispatch-report-executive: a document, mailed to the notifications group."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.forms import from_modal, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.reports.actions import write_report
from dispatch.reports.forms import CHOICES, ExecutiveReport
from dispatch.reports.models import EXECUTIVE
from dispatch.reports.queries import latest_report, notifications_group, promised_after
from dispatch.reports.slack.last_report import begun_with
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

CALLBACK = "report_executive"
TITLE = "Executive report"


@command(
    "report_executive",
    name="/dispatch-report-executive",
    description="Opens a modal to write an executive report.",
    needs="report",
)
async def typed(asked: Request) -> Answer:
    """The form, filled with the last report, and who will get it."""

    async def draw(t: Read, place: Here) -> b.View:
        last = await latest_report(t, place.situation.id, EXECUTIVE)
        group = await notifications_group(t, place.situation.id)
        command_name = next(
            (name for name, key in asked.installation.commands.items() if key == "update_notifications_group"), ""
        )
        who = f"It goes to {len(group)} address{'' if len(group) == 1 else 'es'}." if group else "Nobody gets it by mail yet."
        return to_modal(
            ExecutiveReport,
            title=TITLE,
            submit="Report",
            callback_id=CALLBACK,
            choices={"next_update": CHOICES},
            values=begun_with(last, promised=await promised_after(t, place.situation.id)),
            private_metadata=carried(place.situation.id),
            intro=[b.context(f"{who} Change the list with {b.escape(command_name)}." if command_name else who)],
        )

    await open_here(asked, TITLE, draw, action="report")
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """The report is kept whatever happens to the mail (W-47)."""
    form = from_modal(ExecutiveReport, asked.view, choices={"next_update": CHOICES})
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        place.require("report")
        await write_report(
            t,
            place.situation,
            EXECUTIVE,
            form.words(),
            by=by,
            next_minutes=form.promised(),
            source_key=f"slack:{asked.installation.team_id}:{asked.view.get('id')}",
        )
    return None
