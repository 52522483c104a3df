"""What a report form begins with: the words of the last report."""

from __future__ import annotations

from dispatch.kit.slack import blocks as b
from dispatch.reports.queries import ReportRow

#: Characters Slack edits in one field. The web takes more, so that the last report may be longer.
EDITABLE = 3000


def begun_with(last: ReportRow | None, *, promised: int | None) -> dict[str, str]:
    """The values to edit; the end of what is too long for Slack is cut, with a sign of it. No words for the first report.

    Args:
        promised: minutes after which the severity wants the next update.
    """
    begun = {key: b.cut(text, EDITABLE) for key, text in last.content.items()} if last is not None else {}
    return begun | ({"next_update": str(promised)} if promised is not None else {})
