"""What happens with reports, as facts of the situation they are about."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@fact
@dataclass(frozen=True, kw_only=True)
class ReportWritten(Fact):
    """Somebody reported how things are."""

    name = "report.written"
    says = "{by} wrote {kind} report {number}{next}"
    icon = "report"
    part = "reports"

    report_id: int
    kind: str
    number: int
    #: "; the next one is promised for 14:30 UTC", or nothing
    next: str


@fact
@dataclass(frozen=True, kw_only=True)
class UpdateDue(Fact):
    """A promised update is near, or was put off."""

    name = "update.due"
    says = "The promised update {when}"
    icon = "clock"
    part = "reports"

    report_id: int
    when: str


@fact
@dataclass(frozen=True, kw_only=True)
class UpdateLate(Fact):
    """The promised moment passed without a report."""

    name = "update.late"
    says = "The update promised for {promised} is late"
    icon = "clock-exclamation"
    part = "reports"

    report_id: int
    promised: str


@fact
@dataclass(frozen=True, kw_only=True)
class NotificationsGroupChanged(Fact):
    """Other people get the executive reports from now on."""

    name = "notifications_group.changed"
    says = "{by} changed the notifications group: {what}"
    icon = "mail"
    part = "reports"

    what: str
    added: list[str]
    removed: list[str]
