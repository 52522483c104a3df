"""Reports on the page of an incident: read with what became of their promises, and written there as in Slack."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.forms import from_html, to_html
from dispatch.kit.web.answers import done
from dispatch.people.web import Visits
from dispatch.reports.actions import addresses, change_notifications_group, write_report
from dispatch.reports.forms import CHOICES, ExecutiveReport, ReportForm, TacticalReport
from dispatch.reports.models import EXECUTIVE, TACTICAL
from dispatch.reports.queries import latest_report, notifications_group, promised_after, reports_of
from dispatch.reports.slack.messages import LABELS
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing
from dispatch.situations.web.dialogs import page_dialog
from dispatch.situations.web.parts import Look, page_part

#: Reports on the page; the older ones are in the channel.
SHOWN = 10
FORMS: Final[Mapping[str, type[ReportForm]]] = {TACTICAL: TacticalReport, EXECUTIVE: ExecutiveReport}


async def read_reports(t: Read, look: Look) -> dict[str, Any]:
    """The latest ones."""
    steers = look.here.steers and look.viewer.person_id is not None
    return {
        "reports": await reports_of(t, look.situation.id, limit=SHOWN),
        "report_labels": LABELS,
        "may_report": steers and look.situation.status != "Closed",
    }


async def read_dialog(t: Read, look: Look) -> dict[str, Any]:
    """The form of the `kind` with what the last one said, the promise the severity wants, and who gets it."""
    require(look.here, "report")
    if look.situation.status == "Closed":
        raise Conflict(f"{look.situation.name} is closed; reopen it first.")
    kind = _kind(look.query.get("kind", TACTICAL))
    last = await latest_report(t, look.situation.id, kind)
    promised = await promised_after(t, look.situation.id)
    begun = (last.content if last else {}) | ({"next_update": str(promised)} if promised is not None else {})
    wanted = (
        next((each.label for each in CHOICES if each.value == str(promised)), f"in {promised} minutes")
        if promised
        else ""
    )
    return {
        "kind": kind, "last": last, "wanted": wanted,
        "group": await notifications_group(t, look.situation.id) if kind == EXECUTIVE else [],
        "report_form": to_html(FORMS[kind], choices={"next_update": CHOICES}, values=begun),
    }  # fmt: skip


async def read_group(t: Read, look: Look) -> dict[str, Any]:
    """Who gets the executive reports by mail."""
    require(look.here, "notifications_group")
    return {"group": await notifications_group(t, look.situation.id)}


page_part("reports", column="main", position=30, read=read_reports, follows=("summary", "participants"))
page_dialog("report", "ask_report.html", read=read_dialog)
page_dialog("notifications-group", "ask_group.html", read=read_group)


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/{org}/incidents/{name}/reports` and `/notifications-group`."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/{org}/incidents/{name}/reports")
    async def write(request: Request, org: str, name: str) -> Response:
        """As the commands write it: a tactical one is posted and pinned, an executive one is a document and mailed."""
        visit = await visits.of(request, org)
        sent = await request.form()
        kind = _kind(str(sent.get("kind") or TACTICAL))
        form = from_html(FORMS[kind], sent, choices={"next_update": CHOICES})
        async with db.tx(visit.org.id) as t:
            situation = await situations.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "report")
            await write_report(
                t, situation, kind, form.words(), by=await visit.person(t), next_minutes=form.promised(),
                source_key=f"web:{visit.viewer.person_id}:{situation.id}:{str(sent.get('once') or uuid.uuid4())[:40]}",
            )  # fmt: skip
        return done(request, f"/{org}/incidents/{name}#reports")

    @routes.post("/{org}/incidents/{name}/notifications-group")
    async def change_group(request: Request, org: str, name: str) -> Response:
        """Only the difference to what was shown is applied: what others added or removed meanwhile stays so."""
        visit = await visits.of(request, org)
        sent = await request.form()
        wanted, shown = set(addresses(str(sent.get("addresses", "")))), set(addresses(str(sent.get("shown", ""))))
        async with db.tx(visit.org.id) as t:
            situation = await situations.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "notifications_group")
            await change_notifications_group(
                t, situation, add=wanted - shown, remove=shown - wanted, by=await visit.person(t)
            )
        return done(request, f"/{org}/incidents/{name}#reports")

    return routes


def _kind(asked: str) -> str:
    if asked not in FORMS:
        raise Invalid("A report is tactical or executive.", field="kind")
    return asked
