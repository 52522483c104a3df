"""/dispatch-report-executive: a document, mailed to the notifications group."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.reports.forms import ExecutiveReport
from dispatch.reports.models import EXECUTIVE
from dispatch.reports.queries import ReportRow, notifications_group
from dispatch.reports.slack.report_modal import keep_report, open_report
from dispatch.situations.slack.place import Here

CALLBACK = "report_executive"


@command(
    "report_executive",
    name="/dispatch-report-executive",
    description="Opens a modal to write an executive report.",
    needs="report",
)
async def typed(asked: Request) -> Answer:
    """The form, filled with the last report, and who will get it."""

    async def intro(t: Read, place: Here, _: ReportRow | None) -> str:
        group = await notifications_group(t, place.situation.id)
        who = (
            f"It goes to {len(group)} address{'' if len(group) == 1 else 'es'}."
            if group
            else "Nobody gets it by mail yet."
        )
        change = next(
            (name for name, key in asked.installation.commands.items() if key == "update_notifications_group"), ""
        )
        return f"{who} Change the list with {b.escape(change)}." if change else who

    await open_report(asked, ExecutiveReport, EXECUTIVE, title="Executive report", callback_id=CALLBACK, intro=intro)
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """The document and the mails are made by the flow that follows."""
    await keep_report(asked, ExecutiveReport, EXECUTIVE)
    return None
