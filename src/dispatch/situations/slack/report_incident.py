"""/dispatch-report-incident and the two "Report incident" shortcuts: the modal, its reload, its submission, its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from dispatch.kit.db import Read
from dispatch.kit.errors import Unavailable
from dispatch.kit.events import Subject
from dispatch.kit.forms import from_modal, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import open_modal
from dispatch.kit.slack.registry import Answer, Request, command, shortcut, submission
from dispatch.situations import queries
from dispatch.situations.actions import open_situation
from dispatch.situations.report_form import ReportIncident, prepare
from dispatch.situations.slack.actor import met, stranger
from dispatch.situations.slack.project_choice import drawn_again
from dispatch.situations.slack.transcript import quoted

CALLBACK = "report_incident"
TITLE = "Report incident"

#: How long the confirmation follows the set-up, in seconds, and how often it looks.
FOLLOW_SECONDS = 45.0
LOOK_SECONDS = 0.5

SYMBOLS = {
    "done": ":white_check_mark:",
    "running": ":hourglass_flowing_sand:",
    "failed": ":warning:",
    "expired": ":warning:",
    "skipped": ":heavy_minus_sign:",
}


@command(
    "report_incident",
    name="/dispatch-report-incident",
    description="Opens a modal to report an incident. This command can be run from non-incident channels where the "
    "Dispatch bot is a member.",
    usage_hint="<organization-slug|'default'>",
    anywhere=True,
)
async def typed(asked: Request) -> Answer:
    """The command: the organization argument may name any the person is known in that has an app in this workspace."""
    wanted = asked.text.strip().strip("'\"‘’“”")
    there = await asked.towards(wanted) if wanted else asked
    if there is None and wanted == "default":
        there = asked  # The word for the usual one, unless there is an organization of this name.
    if there is None:
        return {
            "response_type": "ephemeral",
            "text": f'"{b.escape(b.cut(wanted, 60))}" is not an organization you can report to from here. '
            f"Leave it out to report to {b.escape(asked.installation.org_name)}.",
        }
    await open_report(there, {})
    return None


@shortcut("report_incident_global", name="Report incident", kind="global", description="Report an incident to Dispatch")
async def from_anywhere(asked: Request) -> Answer:
    """The lightning button."""
    await open_report(asked, {})
    return None


@shortcut(
    "report_incident_message", name="Report incident", kind="message", description="Report this message as an incident"
)
async def from_message(asked: Request) -> Answer:
    """The message becomes the description."""
    values: dict[str, Any] = {}

    async def read() -> None:
        values["description"] = b.cut(await quoted(asked), 3000)

    await open_report(asked, values, before=read)
    return None


async def open_report(
    asked: Request, values: dict[str, Any], *, before: Callable[[], Awaitable[None]] | None = None
) -> None:
    """The form, filled with these values. Placeholder first: the trigger lives three seconds."""

    async def fill() -> b.View:
        if before is not None:
            await before()
        async with asked.db.read(asked.org) as t:
            return await _form(t, values)

    await open_modal(asked, TITLE, fill)


async def _form(t: Read, values: dict[str, Any]) -> dict[str, Any]:
    choices, filled = await prepare(t, values)
    return to_modal(
        ReportIncident,
        title=TITLE,
        submit="Report",
        callback_id=CALLBACK,
        choices=choices,
        values=filled,
        intro=[b.context("The right people are called at once. You can correct everything later.")],
    )


@drawn_again(CALLBACK)
async def again(t: Read, values: Mapping[str, Any], _view: Mapping[str, Any]) -> dict[str, Any]:
    """Another project was chosen: its own choices."""
    return await _form(t, dict(values))


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """One transaction: the incident exists, or the person reads at the field what to correct."""
    view_id = str(asked.view.get("id"))
    form = from_modal(ReportIncident, asked.view)
    new = await stranger(asked)
    async with asked.db.tx(asked.org) as t:
        reporter = await met(t, asked.installation, asked.user_id, new)
        situation = await open_situation(
            t, form.as_report(), by=reporter, source_key=f"slack:{asked.installation.team_id}:{view_id}"
        )
    about = Subject(situation.kind, situation.id)
    async with asked.db.read(asked.org) as t:
        view, _ = await _progress(t, about)
    asked.later(_follow(asked, view_id, about, shown=view))
    return {"response_action": "update", "view": view}


async def _follow(asked: Request, view_id: str, about: Subject, *, shown: dict[str, Any]) -> None:
    """Keep the confirmation up to date while the set-up runs. Decoration: the incident page shows the same."""
    loop = asyncio.get_running_loop()
    until = loop.time() + FOLLOW_SECONDS
    while loop.time() < until:
        await asyncio.sleep(LOOK_SECONDS)
        async with asked.db.read(asked.org) as t:
            view, ended = await _progress(t, about)
        if view != shown:
            try:
                await asked.installation.client.call("views.update", view_id=view_id, view=view)
            except Unavailable:
                continue
            shown = view
        if ended:
            return


async def _progress(t: Read, about: Subject) -> tuple[dict[str, Any], bool]:
    brief = await queries.brief(t, about.id)
    rows = await queries.steps(t, about)
    lines = []
    for row in rows:
        symbol = SYMBOLS.get(row.state, ":white_circle:")
        why = f" – {b.escape(b.cut(row.reason, 150))}" if row.reason and row.state not in ("waiting", "done") else ""
        lines.append(f"{symbol} {b.escape(row.title)}{why}")
    channel = f"Channel: <#{brief.channel_id}>" if brief.channel_id else "The channel is being made."
    alike = [
        f"*{one.name}* {b.escape(b.cut(one.title, 100))}" for one in await queries.lookalikes_for_reporter(t, about.id)
    ]
    ended = all(row.state in ("done", "failed", "skipped", "expired") for row in rows)
    view = b.modal(
        brief.name,
        [
            b.header(f"{brief.name} is reported"),
            b.section(f"*{b.escape(b.cut(brief.title, 200))}*\n{channel}\nCommander: {b.escape(brief.commander)}"),
            *(
                [
                    b.section(
                        f":eyes: *Looks like a duplicate of* {'; '.join(alike)}\nYou can merge them on the incident page."
                    )
                ]
                if alike
                else []
            ),
            b.section("\n".join(lines)),
            b.context(f"{b.link(brief.url, 'Open in Dispatch')} · You can close this window; everything goes on."),
        ],
        callback_id="report_incident_progress",
        private_metadata=orjson.dumps({"id": about.id}).decode(),
    )
    return view, ended


__all__ = ["CALLBACK", "open_report"]
