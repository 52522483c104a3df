"""Reports on the page of an incident: read with what became of their promises, and a tactical one written."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from dispatch.kit.db import Database, Read
from dispatch.kit.forms import from_html, to_html
from dispatch.kit.web.answers import done
from dispatch.people.web import Visits
from dispatch.reports.actions import write_report
from dispatch.reports.forms import CHOICES, TacticalReport, minutes
from dispatch.reports.models import TACTICAL
from dispatch.reports.queries import latest_report, promised_after, reports_of
from dispatch.reports.slack.messages import LABELS
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing
from dispatch.situations.web.parts import Look, page_part

#: Reports on the page; the older ones are in the channel.
SHOWN = 10


async def read_reports(t: Read, look: Look) -> dict[str, Any]:
    """The latest ones, and the form with what the last tactical one said, and with the promise the severity wants."""
    last = await latest_report(t, look.situation.id, TACTICAL)
    promised = await promised_after(t, look.situation.id)
    begun = (last.content if last else {}) | ({"next_update": str(promised)} if promised is not None else {})
    steers = look.here.steers and look.viewer.person_id is not None
    return {
        "reports": await reports_of(t, look.situation.id, limit=SHOWN),
        "report_labels": LABELS,
        "may_report": steers and look.situation.status != "Closed",
        "report_form": to_html(TacticalReport, choices={"next_update": CHOICES}, values=begun),
    }


page_part(
    "reports", column="main", position=30, read=read_reports, dialogs="report_dialog.html",
    follows=("summary", "participants"),
)  # fmt: skip


def router(db: Database, visits: Visits) -> APIRouter:
    """Route `/{org}/incidents/{name}/reports`."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/{org}/incidents/{name}/reports")
    async def write(request: Request, org: str, name: str) -> Response:
        """A tactical report, as the command writes it: posted and pinned in the channel."""
        visit = await visits.of(request, org)
        form = from_html(TacticalReport, await request.form(), choices={"next_update": CHOICES})
        async with db.tx(visit.org.id) as t:
            situation = await situations.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "report")
            await write_report(
                t, situation, TACTICAL, {"conditions": form.conditions, "actions": form.actions, "needs": form.needs},
                by=await visit.person(t), next_minutes=minutes(form.next_update),
            )  # fmt: skip
        return done(request, f"/{org}/incidents/{name}#reports")

    return routes
