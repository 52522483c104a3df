"""/dispatch-report-tactical: conditions, actions, needs; posted and pinned in the channel."""

from __future__ import annotations

from dispatch.kit.db import Read
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Request, command, submission
from dispatch.reports.forms import TacticalReport
from dispatch.reports.models import TACTICAL
from dispatch.reports.queries import ReportRow
from dispatch.reports.slack.report_modal import keep_report, open_report
from dispatch.situations.slack.place import Here

CALLBACK = "report_tactical"


@command(
    "report_tactical",
    name="/dispatch-report-tactical",
    description="Opens a modal to write a tactical report.",
    needs="report",
)
async def typed(asked: Request) -> Answer:
    """The form, filled with the last report."""

    async def intro(_: Read, __: Here, last: ReportRow | None) -> str:
        return f"Filled with report {last.number} by {b.escape(last.author)}." if last else "It is posted and pinned."

    await open_report(asked, TacticalReport, TACTICAL, title="Tactical report", callback_id=CALLBACK, intro=intro)
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """It is posted and pinned by the flow that follows."""
    await keep_report(asked, TacticalReport, TACTICAL)
    return None
