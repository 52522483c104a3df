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
TAKE_COMMAND = "take_command"
ACCEPT_COMMAND = "accept_command"
DECLINE_COMMAND = "decline_command"
ANSWER_CALL = "answer_call"
JOIN = "join_incident"
SUBSCRIBE = "subscribe_incident"
UNSUBSCRIBE = "unsubscribe_incident"


def _facts(b: Brief) -> Block:
    lead = f"{escape(b.commander)}{' (acting)' if b.acting else ''}"
    promised = f"\n*Next update* {date(b.next_update_at)}" if b.next_update_at else ""
    return section(
        f"*Status* {b.status}   *Severity* {escape(b.severity)}   *Priority* {escape(b.priority)}\n"
        f"*Type* {escape(b.type)}   *Project* {escape(b.project)}\n"
        f"*Commander* {lead}   *Reporter* {escape(b.reporter)}{promised}"
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
            context(f"You lead until you hand over. Without an answer you are called again in {b.next_call}."),
        ],
        f"You are needed as commander of {b.name}: {escape(cut(b.title, 200))}",
    )


def _take_command(b: Brief) -> Block:
    return button("Take command", action_id=TAKE_COMMAND, value=f"{b.org_slug}/{b.id}", style="danger")


def hand_off(b: Brief, hand_off_id: int, *, offered_by: str, minutes: int, again: bool) -> Message:
    """To the person who shall lead: two buttons, and what happens without an answer."""
    value = f"{b.org_slug}/{hand_off_id}"
    opening = "Still waiting for your answer" if again else f"{escape(offered_by)} asks you to lead"
    return message(
        [
            section(f":raised_hand: *{opening}: {escape(cut(_title(b), 200))}*"),
            _facts(b),
            actions(
                button("Accept", action_id=ACCEPT_COMMAND, value=value, style="primary"),
                button("Decline", action_id=DECLINE_COMMAND, value=value),
                _page_link(b),
            ),
            context(
                f"{escape(b.commander)} leads until you accept. "
                + (
                    f"Without an answer within {minutes} minutes anybody in the channel may take the command."
                    if again
                    else f"You are asked again in {minutes} minutes."
                )
            ),
        ],
        f"{opening}: {b.name}",
    )


def hand_off_declined(b: Brief, *, who: str) -> Message:
    """To the person who offered the command."""
    return message(
        [section(f"*{escape(who)} declined to lead {b.name}.* You may ask somebody else."), actions(_page_link(b))],
        f"{who} declined to lead {b.name}",
    )


def command_open(b: Brief, *, why: str) -> Message:
    """To the channel: somebody has to lead."""
    return message(
        [
            section(f":warning: *{escape(why)}* Anybody here may take the command of {b.name}."),
            actions(_take_command(b), _page_link(b)),
        ],
        f"{b.name} needs a commander",
    )


def commander_changed(b: Brief, *, person: str, before: str, why: str) -> Message:
    """To the channel: who leads from now on."""
    return message(
        [section(f":shield: *{escape(person)} leads {b.name} now* (before: {escape(before)}). They {escape(why)}.")],
        f"{person} leads {b.name} now",
    )


def engaged(b: Brief, engagement_id: int, *, rotation: str, note: str, call: int) -> Message:
    """The call to somebody on call, with the button that answers it."""
    again = f" (call {call})" if call > 1 else ""
    said = f"\n> {escape(cut(' '.join(note.split()), 1000))}" if note else ""
    return message(
        [
            header(f"{b.name} needs {rotation}{again}"),
            section(f"*{escape(cut(_title(b), 200))}*{said}"),
            _facts(b),
            actions(
                button("Acknowledge", action_id=ANSWER_CALL, value=f"{b.org_slug}/{engagement_id}", style="primary"),
                _page_link(b),
            ),
            context("You are on call for it. Without an answer you are called again in 2 minutes."),
        ],
        f"{b.name} needs you, on call for {escape(cut(rotation, 100))}",
    )


def engaged_in_vain(b: Brief, *, rotation: str) -> Message:
    """To whoever asked for help."""
    return message(
        [
            section(f":warning: *Nobody on {escape(rotation)} answered for {b.name}.* Please call somebody directly."),
            actions(_page_link(b)),
        ],
        f"Nobody on {rotation} answered for {b.name}",
    )


def role_assigned(b: Brief, *, person: str, role: str, by: str) -> Message:
    """To the channel: whom to ask from now on."""
    return message(
        [section(f":bust_in_silhouette: *{escape(person)} is {escape(role)} of {b.name} now*, named by {escape(by)}.")],
        f"{person} is {role} of {b.name} now",
    )


def status_changed(b: Brief, *, by: str, before: str, after: str, goes_on: tuple[str, str] | None = None) -> Message:
    """To the channel: the new state, and what it means for the people in it.

    Args:
        goes_on: name and address of the one this is a duplicate of.
    """
    meaning = {
        "Stable": "The immediate trouble is over. Keep an eye on it, then close it.",
        "Closed": "The channel is archived in a moment. What was learned belongs into the document.",
        "Active": "It needs work again.",
    }.get(after, "")
    if goes_on is not None:
        name, url = goes_on
        meaning = f"It is a duplicate of {link(url, name)}: please go on there. This channel is archived in a moment."
    return message(
        [section(f":traffic_light: *{b.name} is {after}* (was {before}), says {escape(by)}. {meaning}".strip())],
        f"{b.name} is {after}",
    )


def neutral_farewell() -> Message:
    """To a channel that others can see, when its situation became restricted: says nothing of it."""
    return message(
        [section("This conversation goes on elsewhere. The channel is archived.")], "This channel is archived"
    )


def successor(b: Brief, *, why: str) -> Message:
    """First words in the channel that takes over."""
    return message(
        [
            header(cut(_title(b), 150)),
            section(why),
            _facts(b),
            actions(_acknowledge(b), _page_link(b)) if b.acting else actions(_page_link(b)),
        ],
        f"{b.name}: the conversation goes on here",
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


def personal_welcome(b: Brief, channel: str, *, leads: bool, roles: Sequence[str] = ()) -> Message:
    """To reporter, commander and who has a role: they may not be looking at the channel."""
    role = "You are its acting commander." if leads and b.acting else "You lead it." if leads else "You reported it."
    if roles and not leads:
        role = f"You are its {' and '.join(escape(each) for each in roles)}."
    return message(
        [
            section(f"*{escape(cut(_title(b), 300))}* has its channel: <#{channel}>\n{role}"),
            actions(_acknowledge(b), _page_link(b)) if leads and b.acting else actions(_page_link(b)),
        ],
        f"{b.name} has its channel",
    )


def brought_in(b: Brief, channel: str, *, by: str, reason: str) -> Message:
    """To somebody who was added later: a channel that appears in a list is easily overlooked."""
    why = f" ({escape(reason)})" if reason else ""
    return message(
        [
            section(f"*{escape(by)} brought you into {escape(cut(_title(b), 300))}*: <#{channel}>{why}"),
            _facts(b),
            actions(_page_link(b)),
        ],
        f"You were brought into {b.name}",
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


def subscribed(b: Brief, *, what: str) -> Message:
    """To who wants to be told."""
    return message(
        [
            section(f":bell: *{link(b.url, b.name)} {escape(what)}*\n{escape(cut(_title(b), 300))}"),
            actions(button("Stop these messages", action_id=UNSUBSCRIBE, value=f"{b.org_slug}/{b.id}"), _page_link(b)),
        ],
        f"{b.name} {what}",
    )


def announcement(b: Brief) -> Message:
    """To everybody in the announcement channel."""
    where = f"\nChannel <#{b.channel_id}>" if b.channel_id else ""
    return message(
        [
            section(f":rotating_light: *{escape(cut(_title(b), 300))}*\n{escape(cut(b.description, 500))}{where}"),
            _facts(b),
            actions(
                button("Join", action_id=JOIN, value=f"{b.org_slug}/{b.id}", style="primary"),
                button("Subscribe", action_id=SUBSCRIBE, value=f"{b.org_slug}/{b.id}"),
                _page_link(b),
            ),
        ],
        f"New incident {b.name}: {escape(cut(b.title, 200))}",
    )


def topic(b: Brief) -> str:
    """At most 250 characters, Slack's limit."""
    lead = f"{b.commander}{' (acting)' if b.acting else ''}"
    promised = f" | Next update: {b.next_update_at:%H:%M} UTC" if b.next_update_at else ""
    return f"{cut(f'{b.status} | {b.severity} | {b.priority} | Commander: {lead}', 250 - len(promised))}{promised}"


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
