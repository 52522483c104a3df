"""/dispatch-report-tactical: conditions, actions, needs; posted and pinned in the channel."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.forms import from_modal, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.reports.actions import write_report
from dispatch.reports.forms import CHOICES, TacticalReport
from dispatch.reports.models import TACTICAL
from dispatch.reports.queries import latest_report, promised_after
from dispatch.reports.slack.last_report import begun_with
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

CALLBACK = "report_tactical"
TITLE = "Tactical report"


@command(
    "report_tactical",
    name="/dispatch-report-tactical",
    description="Opens a modal to write a tactical report.",
    needs="report",
)
async def typed(asked: Request) -> Answer:
    """The form, filled with the last report."""

    async def draw(t: Read, place: Here) -> b.View:
        last = await latest_report(t, place.situation.id, TACTICAL)
        return to_modal(
            TacticalReport,
            title=TITLE,
            submit="Report",
            callback_id=CALLBACK,
            choices={"next_update": CHOICES},
            values=begun_with(last, promised=await promised_after(t, place.situation.id)),
            private_metadata=carried(place.situation.id),
            intro=[
                b.context(
                    f"Filled with report {last.number} by {b.escape(last.author)}." if last else "It is posted and pinned."
                )
            ],
        )

    await open_here(asked, TITLE, draw, action="report")
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """One transaction; posting cannot undo it (W-47)."""
    form = from_modal(TacticalReport, asked.view, choices={"next_update": CHOICES})
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        place.require("report")
        await write_report(
            t,
            place.situation,
            TACTICAL,
            form.words(),
            by=by,
            next_minutes=form.promised(),
            source_key=f"slack:{asked.installation.team_id}:{asked.view.get('id')}",
        )
    return None
