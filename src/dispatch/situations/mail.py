"""What Dispatch writes by e-mail about a situation. Pure functions from a brief to text and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dispatch.kit.slack.markup import cut
from dispatch.ports.email import Email
from dispatch.situations.queries import Brief

#: (what the link says, where it leads)
Link = tuple[str, str]


@dataclass(frozen=True)
class Letter:
    """A mail before it has a key and a recipient."""

    subject: str
    text: str
    html: str

    def to(self, address: str, *, key: str, thread: str) -> Email:
        """Ready to send; mails of one `thread` are kept together by the mail program."""
        return Email(key=key, to=(address,), subject=self.subject, text=self.text, html=self.html, reference=thread)


def page(b: Brief, *, call: int, acknowledge: str, hours: int) -> Letter:
    """The call to a person, with the link that answers it."""
    again = f" (call {call})" if call > 1 else ""
    return _letter(
        f"You are needed: {_named(b)}{again}",
        [
            f"You are needed as commander of {b.name}{again}.",
            *_what(b),
            f"Acknowledge, or you are called again in {b.next_call}. The link works for {hours} hours and for you alone.",
        ],
        [("Acknowledge", acknowledge), ("Open the incident page", b.url)],
    )


def engaged(b: Brief, *, rotation: str, note: str, call: int, acknowledge: str, hours: int) -> Letter:
    """The call to somebody on call, with the link that answers it."""
    hidden = b.visibility == "restricted"
    again = f" (call {call})" if call > 1 else ""
    return _letter(
        f"You are needed: {_named(b)}{again}",
        [
            f"{b.name} needs you, on call for {rotation}{again}.",
            *([note] if note and not hidden else []),
            *_what(b),
            f"Acknowledge, or you are called again in 2 minutes. The link works for {hours} hours and for you alone.",
        ],
        [("Acknowledge", acknowledge), ("Open the incident page", b.url)],
    )


def no_channel(b: Brief, *, leads: bool, chat: bool) -> Letter:
    """To reporter and commander, when there is no channel to find each other in.

    Args:
        chat: there is a chat system and it does not answer; else none is configured.
    """
    role = "You are its acting commander." if leads and b.acting else "You lead it." if leads else "You reported it."
    why = f"Slack does not answer, so {b.name} has no channel yet." if chat else f"{b.name} is open."
    later = " The channel follows with the timeline so far." if chat else ""
    return _letter(
        f"{_named(b)}: Slack does not answer, work on the incident page" if chat else f"{_named(b)} is open",
        [f"{why} {role}", *_what(b), f"People, ticket, document and bridge are on the incident page.{later}"],
        [("Open the incident page", b.url), *((title, url) for kind, title, url in b.links if kind == "conference")],
    )


def announced(b: Brief, *, why: str) -> Letter:
    """To people who are told about incidents of some kind.

    Args:
        why: the reason they get it, a sentence.
    """
    return _letter(
        f"Incident {_named(b)}", [f"{b.name} is {b.status}.", *_what(b), why], [("Open the incident page", b.url)]
    )


def nobody_answered(b: Brief) -> Letter:
    """To the reporter, when everybody was called in vain."""
    return _letter(
        f"Nobody answered: {_named(b)}",
        [
            f"Nobody answered for {b.name}. Everybody on the rotation was called.",
            "Please call somebody directly, or lead yourself.",
        ],
        [("Open the incident page", b.url)],
    )


def _named(b: Brief) -> str:
    """A restricted title does not belong on a lock screen, nor on the mail servers between."""
    drill = "DRILL " if b.drill else ""
    return f"{drill}{b.name}" if b.visibility == "restricted" else f"{drill}{b.name} {cut(b.title, 120)}"


def _what(b: Brief) -> list[str]:
    if b.visibility == "restricted":
        return ["It is restricted: what it is about stands on the incident page only."]
    return [
        b.title,
        cut(b.description, 1500),
        f"Status {b.status}, severity {b.severity}, priority {b.priority}, reported by {b.reporter}.",
    ]


def _letter(subject: str, paragraphs: Sequence[str], links: Sequence[Link]) -> Letter:
    text = "\n\n".join([*paragraphs, *(f"{label}:\n{url}" for label, url in links)]) + "\n"
    html = Markup("").join(
        [
            *(Markup("<p>{}</p>\n").format(Markup("<br>").join(p.split("\n"))) for p in paragraphs),
            *(Markup('<p><a href="{}">{}</a></p>\n').format(url, label) for label, url in links),
        ]
    )
    return Letter(subject, text, str(html))
