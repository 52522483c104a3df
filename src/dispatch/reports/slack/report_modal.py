"""The modals of both reports: what a form begins with, and how it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dispatch.kit.db import Read
from dispatch.kit.forms import from_modal, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Request
from dispatch.reports.actions import write_report
from dispatch.reports.forms import CHOICES, ReportForm
from dispatch.reports.queries import ReportRow, latest_report, promised_after
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.opening import open_here
from dispatch.situations.slack.place import Here, carried, carrying, here

#: Characters Slack edits in one field. The web takes more, so that the last report may be longer.
EDITABLE = 3000


async def open_report(
    asked: Request, form: type[ReportForm], kind: str, *, title: str, callback_id: str,
    intro: Callable[[Read, Here, ReportRow | None], Awaitable[str]],
) -> None:  # fmt: skip
    """Show the form, filled with the last report of its kind.

    Args:
        intro: the line above the fields, in mrkdwn.
    """

    async def draw(t: Read, place: Here) -> b.View:
        last = await latest_report(t, place.situation.id, kind)
        return to_modal(
            form,
            title=title,
            submit="Report",
            callback_id=callback_id,
            choices={"next_update": CHOICES},
            values=begun_with(last, promised=await promised_after(t, place.situation.id)),
            private_metadata=carried(place.situation.id),
            intro=[b.context(await intro(t, place, last))],
        )

    await open_here(asked, title, draw, action="report")


async def keep_report(asked: Request, form: type[ReportForm], kind: str) -> None:
    """One transaction: the report is kept whatever happens to what is posted or mailed about it (W-47)."""
    given = from_modal(form, asked.view, choices={"next_update": CHOICES})
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        place.require("report")
        await write_report(
            t,
            place.situation,
            kind,
            given.words(),
            by=by,
            next_minutes=given.promised(),
            source_key=f"slack:{asked.installation.team_id}:{asked.view.get('id')}",
        )


def begun_with(last: ReportRow | None, *, promised: int | None) -> dict[str, str]:
    """The values to edit; the end of what is too long for Slack is cut, with a sign of it. No words for the first report.

    Args:
        promised: minutes after which the severity wants the next update.
    """
    begun = {key: b.cut(text, EDITABLE) for key, text in last.content.items()} if last is not None else {}
    return begun | ({"next_update": str(promised)} if promised is not None else {})
