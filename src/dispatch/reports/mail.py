"""The executive report by e-mail. Pure functions."""

from __future__ import annotations

from markupsafe import Markup

from dispatch.ports.email import Email
from dispatch.reports.queries import ReportRow
from dispatch.reports.slack.messages import LABELS
from dispatch.situations.queries import Brief


def executive(b: Brief, report: ReportRow, *, url: str, to: str, key: str, thread: str) -> Email:
    """To one address: the addresses do not learn of each other. Of restricted incidents only the link is sent."""
    hidden = b.visibility == "restricted"
    title = b.name if hidden else f"{b.name} {b.title}"
    if hidden:
        body = [("", "It is restricted: the report stands in Dispatch only.")]
    else:
        body = [(LABELS[key], text) for key, text in report.content.items()]
    if report.promised_at:
        body.append(("Next update", f"{report.promised_at:%Y-%m-%d %H:%M} UTC"))
    text = "\n\n".join(f"{head}\n{words}" if head else words for head, words in body) + f"\n\n{url}\n"
    html = Markup("").join(
        [
            *(
                Markup("<h3>{}</h3><p>{}</p>").format(head, Markup("<br>").join(words.split("\n")))
                for head, words in body
            ),
            Markup('<p><a href="{}">Open in Dispatch</a></p>').format(url),
        ]
    )
    return Email(
        key=key, to=(to,), subject=f"Executive report {report.number}: {title[:150]}", text=text, html=str(html),
        reference=thread,
    )  # fmt: skip
