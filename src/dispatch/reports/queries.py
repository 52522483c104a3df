"""Reads about reports. The caller found the situation for the viewer's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.people.queries import Viewer, people
from dispatch.projects.models import Severity
from dispatch.reports.models import PROMISE, NotificationAddress, Report
from dispatch.situations.access import visible_to
from dispatch.situations.models import Situation


@dataclass(frozen=True)
class ReportRow:
    """A report as shown."""

    id: int
    kind: str
    number: int
    author: str
    author_id: int
    content: dict[str, str]
    created_at: datetime
    promised_at: datetime | None
    #: "" open, kept, or late
    promise: str


async def reports_of(
    t: Read, situation_id: int, *, kind: str = "", limit: int = 50, offset: int = 0
) -> list[ReportRow]:
    """The latest first."""
    wanted = select(Report).where(*_about(t, situation_id, kind))
    found = list(await t.scalars(wanted.order_by(Report.id.desc()).limit(limit).offset(offset)))
    known = await people(t, (r.author_id for r in found))
    return [_row(r, known[r.author_id].name) for r in found]


async def page_of_reports(
    t: Read, situation_id: int, *, kind: str = "", page: int, size: int
) -> tuple[list[ReportRow], int]:
    """(one page of `reports_of`, how many there are)."""
    counted = select(func.count()).select_from(Report).where(*_about(t, situation_id, kind))
    total = (await t.execute(counted)).scalar_one()
    return await reports_of(t, situation_id, kind=kind, limit=size, offset=(page - 1) * size), total


async def latest_report(t: Read, situation_id: int, kind: str) -> ReportRow | None:
    """The last one of a kind, which the next one starts from."""
    found = await reports_of(t, situation_id, kind=kind, limit=1)
    return found[0] if found else None


async def promised_after(t: Read, situation_id: int) -> int | None:
    """Minutes after which the severity wants the next update; None: it wants no promise."""
    minutes: int | None = await t.scalar(
        select(Severity.update_minutes)
        .join(Situation, (Situation.org_id == Severity.org_id) & (Situation.severity_id == Severity.id))
        .where(Situation.org_id == t.org, Situation.id == situation_id)
    )
    return minutes


async def report(t: Read, report_id: int) -> ReportRow:
    """By id.

    Raises:
        NotFound: no such report.
    """
    found = await t.scalar(select(Report).where(Report.org_id == t.org, Report.id == report_id))
    if found is None:
        raise NotFound("There is no such report.")
    return _row(found, (await people(t, [found.author_id]))[found.author_id].name)


async def require_report(t: Read, viewer: Viewer, report_id: int) -> None:
    """Stop unless there is such a report for the viewer.

    Raises:
        NotFound: none, or not for these eyes; the two are not told apart.
    """
    found = await t.scalar(
        select(Report.id)
        .join(Situation, (Situation.org_id == Report.org_id) & (Situation.id == Report.situation_id))
        .where(Report.org_id == t.org, Report.id == report_id, visible_to(viewer))
    )
    if found is None:
        raise NotFound("There is no such report that you may see.")


async def notifications_group(t: Read, situation_id: int) -> list[str]:
    """Addresses that get the executive reports, in order."""
    return list(
        await t.scalars(
            select(NotificationAddress.email)
            .where(NotificationAddress.org_id == t.org, NotificationAddress.situation_id == situation_id)
            .order_by(NotificationAddress.email)
        )
    )


def _about(t: Read, situation_id: int, kind: str) -> list[ColumnElement[bool]]:
    of_kind = Report.kind == kind if kind else Report.kind != PROMISE
    return [Report.org_id == t.org, Report.situation_id == situation_id, of_kind]


def _row(r: Report, author: str) -> ReportRow:
    content = {str(key): str(text) for key, text in r.content.items()}
    return ReportRow(r.id, r.kind, r.number, author, r.author_id, content, r.created_at, r.promised_at, r.promise)
