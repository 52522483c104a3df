"""What Dispatch writes into Slack about a situation. Pure functions from a brief to a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dispatch.kit.slack.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    date,
    divider,
    escape,
    header,
    link,
    message,
    section,
    sections,
)
from dispatch.situations.queries import Brief, TimelineRow

Message = dict[str, Any]

ACKNOWLEDGE = "acknowledge_command"
OPEN_LINK = "open_link"


def _facts(b: Brief) -> Block:
    lead = f"{escape(b.commander)}{' (acting)' if b.acting else ''}"
    return section(
        f"*Status* {b.status}   *Severity* {escape(b.severity)}   *Priority* {escape(b.priority)}\n"
        f"*Type* {escape(b.type)}   *Project* {escape(b.project)}\n"
        f"*Commander* {lead}   *Reporter* {escape(b.reporter)}"
    )


def _title(b: Brief) -> str:
    return f"{'DRILL · ' if b.drill else ''}{b.name} · {b.title}"


def _acknowledge(b: Brief) -> Block:
    return button("Acknowledge", action_id=ACKNOWLEDGE, value=f"{b.org_slug}/{b.id}", style="primary")


def _page_link(b: Brief) -> Block:
    return button("Open in Dispatch", action_id=OPEN_LINK, url=b.url)


def page(b: Brief, *, call: int) -> Message:
    """The call to the commander, with the button that answers it."""
    again = f" (call {call})" if call > 1 else ""
    return message(
        [
            header(f"You are needed: {b.name}{again}"),
            section(f"*{escape(cut(b.title, 200))}*\n{escape(cut(b.description, 1500))}"),
            _facts(b),
            actions(_acknowledge(b), _page_link(b)),
            context("You lead until you hand over. Without an answer you are called again in 2 minutes."),
        ],
        f"You are needed as commander of {b.name}: {escape(cut(b.title, 200))}",
    )


def nobody_answered(b: Brief) -> Message:
    """To the reporter, when everybody was called in vain."""
    return message(
        [
            section(
                f":warning: *Nobody answered for {b.name}.* Everybody on the rotation was called. "
                "Please call somebody directly, or lead yourself."
            ),
            actions(_page_link(b)),
        ],
        f"Nobody answered for {b.name}",
    )


def welcome(b: Brief) -> Message:
    """The first post of the channel."""
    return message(
        [
            header(cut(_title(b), 150)),
            *sections(escape(cut(b.description, 6000))),
            _facts(b),
            actions(_acknowledge(b), _page_link(b)) if b.acting else actions(_page_link(b)),
            context(f"Reported {date(b.reported_at)}. What Dispatch does is written into the timeline."),
        ],
        f"{b.name}: {escape(cut(b.title, 200))}",
    )


def so_far(b: Brief, rows: Sequence[TimelineRow]) -> Message:
    """The timeline, oldest first, for a channel that came late; the page has what is cut."""
    lines = [f"{date(row.at)}  {escape(cut(row.says, 300))}" for row in reversed(rows)]
    return message(
        [
            section(f":hourglass: *What happened before this channel was there* ({link(b.url, 'incident page')})"),
            *sections("\n".join(lines)),
        ],
        f"The timeline of {b.name} so far",
    )


def personal_welcome(b: Brief, channel: str, *, leads: bool) -> Message:
    """To reporter and commander: they may not be looking at the channel."""
    role = "You are its acting commander." if leads and b.acting else "You lead it." if leads else "You reported it."
    return message(
        [
            section(f"*{escape(cut(_title(b), 300))}* has its channel: <#{channel}>\n{role}"),
            actions(_acknowledge(b), _page_link(b)) if leads and b.acting else actions(_page_link(b)),
        ],
        f"{b.name} has its channel",
    )


WORDS = {"ticket": "Ticket", "document": "Document", "conference": "Bridge"}


def summary(b: Brief) -> Message:
    """The pinned message with every link."""
    links = [f"*{WORDS.get(kind, kind.capitalize())}* {link(url, title)}" for kind, title, url in b.links]
    return message(
        [
            header(cut(_title(b), 150)),
            _facts(b),
            divider(),
            section("\n".join([f"*Incident page* {link(b.url, b.name)}", *links])),
        ],
        f"Summary of {b.name}",
    )


def announcement(b: Brief) -> Message:
    """To everybody in the announcement channel."""
    where = f"\nChannel <#{b.channel_id}>" if b.channel_id else ""
    return message(
        [
            section(f":rotating_light: *{escape(cut(_title(b), 300))}*\n{escape(cut(b.description, 500))}{where}"),
            _facts(b),
            actions(_page_link(b)),
        ],
        f"New incident {b.name}: {escape(cut(b.title, 200))}",
    )


def topic(b: Brief) -> str:
    """At most 250 characters, Slack's limit."""
    lead = f"{b.commander}{' (acting)' if b.acting else ''}"
    return cut(f"{b.status} | {b.severity} | {b.priority} | Commander: {lead}", 250)


def purpose(b: Brief) -> str:
    """At most 250 characters, Slack's limit."""
    return cut(f"{b.name}: {b.title}", 250)


def document(b: Brief) -> str:
    """The first text of the document, in Markdown."""
    return (
        f"# {b.name}: {b.title}\n\n{b.description}\n\n"
        f"- Severity: {b.severity}\n- Priority: {b.priority}\n- Commander: {b.commander}\n- Reporter: {b.reporter}\n\n"
        "## What happened\n\n## Impact\n\n## What we did\n\n## What we learned\n"
    )


