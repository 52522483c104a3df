"""How reports read: in the channel, by mail, as a document."""

from __future__ import annotations

from typing import Any

from dispatch.kit.slack.blocks import (
    actions,
    button,
    context,
    cut,
    date,
    escape,
    header,
    link,
    message,
    section,
    sections,
)
from dispatch.reports.models import PROMISE
from dispatch.reports.queries import ReportRow
from dispatch.situations.queries import Brief

REMIND_AGAIN = "update_remind_again"
#: Minutes until a promised update is called to mind again.
AGAIN_MINUTES = 10
LABELS = {
    "conditions": "Conditions", "actions": "Actions", "needs": "Needs",
    "current_status": "Current Status", "overview": "Overview", "next_steps": "Next Steps",
}  # fmt: skip

Message = dict[str, Any]


def promise(report: ReportRow) -> str:
    """When the next update comes."""
    return f"Next update {date(report.promised_at)}" if report.promised_at else "No further update is promised"


def tactical(b: Brief, report: ReportRow) -> Message:
    """To the channel, pinned: where we stand."""
    body = [
        part for key, text in report.content.items() for part in sections(f"*{LABELS[key]}*\n{escape(cut(text, 5000))}")
    ]
    return message(
        [
            header(f"{b.name} · tactical report {report.number}"),
            *body[:45],
            context(f"by {escape(report.author)} · {promise(report)}"),
        ],
        f"Tactical report {report.number} of {b.name}",
    )


def executive(b: Brief, report: ReportRow, *, url: str, told: int) -> Message:
    """To the channel: that there is one, and who got it."""
    got = f"sent to {told} address{'' if told == 1 else 'es'}" if told else "sent to nobody by mail"
    where = f"\n{link(url, 'Read it')}" if url else ""
    return message(
        [
            section(f":bar_chart: *{escape(report.author)} wrote executive report {report.number}*, {got}.{where}"),
            context(promise(report)),
        ],
        f"Executive report {report.number} of {b.name}",
    )


def reminder(b: Brief, report: ReportRow, *, when: str) -> Message:
    """To who leads and who promised."""
    said = f"Promised with {report.kind} report {report.number}."
    if report.kind == PROMISE:
        said = f"Incidents of severity {escape(b.severity)} promise a first update. A report keeps it."
    return message(
        [
            section(f":alarm_clock: *The update of {link(b.url, b.name)} {escape(when)}.*\n{said}"),
            actions(
                button(
                    f"Remind again in {AGAIN_MINUTES} min", action_id=REMIND_AGAIN, value=f"{b.org_slug}/{report.id}"
                )
            ),
        ],
        f"The update of {b.name} {when}",
    )


def document(b: Brief, report: ReportRow) -> str:
    """The report as Markdown."""
    parts = [
        f"# {b.name}: executive report {report.number}",
        f"{report.author}, {report.created_at:%Y-%m-%d %H:%M} UTC",
    ]
    parts += [f"## {LABELS[key]}\n\n{text}" for key, text in report.content.items()]
    if report.promised_at:
        parts.append(f"Next update: {report.promised_at:%Y-%m-%d %H:%M} UTC")
    return "\n\n".join(parts) + "\n"
