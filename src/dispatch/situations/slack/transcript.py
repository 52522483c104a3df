"""Reading messages of a channel as they stand now: what an event says may be overtaken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dispatch.kit.db import Database
from dispatch.kit.errors import Refused, Unavailable
from dispatch.kit.slack import payloads
from dispatch.kit.slack.markup import cut
from dispatch.kit.slack.registry import Installation, Request
from dispatch.people.models import Person
from dispatch.situations.slack.actor import can_be_known, everybody, names_of

PAGE: Final = 200
#: Slack's words for a message, or its thread, that is not there any more.
GONE: Final = ("thread_not_found", "message_not_found", "channel_not_found")
NO_TEXT: Final = "(a message without text)"
LONGEST: Final = 39_000
SOMEBODY: Final = "Somebody"

_TS: Final = re.compile(r"\d{1,11}\.\d{1,6}")
_MARK: Final = re.compile(r"<([^<>]*)>")
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True)
class Message:
    """A message as Slack has it now."""

    ts: str
    #: The thread's first message; empty outside of threads.
    thread: str
    #: Empty for apps that write under no user.
    user: str
    #: The name an app writes under; empty for people.
    app: str
    #: Slack's markup, still.
    text: str
    at: datetime

    def mentions(self) -> set[str]:
        """Users named in it."""
        return set(_MENTION.findall(self.text))

    def plain(self, names: Mapping[str, str], *, by: str = "") -> str:
        """What people read; `names` by user id. What an app wrote begins with the app's name.

        Args:
            by: the name it begins with when it is of a person we do not know.
        """
        text = cut(unmarked(self.text, names).strip() or NO_TEXT, LONGEST)
        return f"{self.app or by}: {text}" if self.app or by else text

    def link(self, channel_url: str) -> str:
        """The message's address, made as Slack makes it."""
        if not channel_url:
            return ""
        place = f"{channel_url.rstrip('/')}/p{self.ts.replace('.', '')}"
        channel = channel_url.rstrip("/").rpartition("/")[2]
        return f"{place}?thread_ts={self.thread}&cid={channel}" if self.thread else place


async def read_messages(installation: Installation, channel: str, wanted: Iterable[str]) -> dict[str, Message]:
    """Messages by `ts`, replies in threads included; those that are gone are missing. Many cost few calls.

    Raises:
        Unavailable, Refused: as the Web API.
    """
    missing = set(wanted)
    found: dict[str, Mapping[str, Any]] = {}
    pending = sorted(missing, key=us)
    while pending:
        page = await installation.client.call(
            "conversations.history", channel=channel, oldest=pending[0], latest=pending[-1], inclusive=True, limit=PAGE
        )
        rows = payloads.rows(page, "messages")
        found |= {str(row.get("ts")): row for row in rows if row.get("ts") in missing}
        if not page.get("has_more") or not rows:
            break
        reached = min(us(str(row.get("ts"))) for row in rows)
        pending = [ts for ts in pending if us(ts) < reached]
    for ts in sorted(missing - found.keys(), key=us):
        if (row := await _reply(installation, channel, ts)) is not None:
            found[ts] = row
    return {ts: made for ts, row in found.items() if (made := _message(row)) is not None}


@dataclass(frozen=True)
class Quote:
    """A message as an entry: what people read, and who said it; None for apps and whom we do not know, whom the text names."""

    text: str
    author: Person | None


async def quotations(installation: Installation, db: Database, messages: Iterable[Message]) -> dict[str, Quote]:
    """The messages as entries by their `ts`. Call it while no transaction is open: it may ask Slack."""
    wanted = list(messages)
    authors = await everybody(installation, db, (each.user for each in wanted))
    unknown = {each.user for each in wanted if each.user} - authors.keys()
    names = await names_of(installation, db, unknown.union(*(each.mentions() for each in wanted)))
    return {
        each.ts: Quote(
            each.plain(names, by=names.get(each.user, SOMEBODY) if each.user in unknown else ""),
            authors.get(each.user),
        )
        for each in wanted
    }


async def quoted(asked: Request, *, entry: bool = False) -> str:
    """The message that a shortcut was used on, as people read it; empty when it says nothing.

    As an entry of the timeline it begins with the name of a writer whom we cannot know.

    Of apps, which often write blocks or attachments only, what stands in those. Call it while no transaction is open: it
    may ask Slack who is mentioned.
    """
    message = _message(payloads.part(asked.payload, "message"))
    if message is None or not message.text.strip():
        return ""
    wanted = message.mentions()
    try:
        by = entry and message.user and not await can_be_known(asked.installation, asked.db, message.user)
        wanted |= {message.user} if by else set()
        names = await names_of(asked.installation, asked.db, wanted) if wanted else {}
    except Unavailable:
        return message.plain({})  # An id in the text is better than no form.
    return message.plain(names, by=names.get(message.user, SOMEBODY) if by else "")


def message_ts(value: Any) -> str:
    """The value when it can be a message's `ts`, else nothing."""
    return value if isinstance(value, str) and _TS.fullmatch(value) else ""


def us(ts: str) -> int:
    """A message's `ts` in microseconds, for comparing."""
    return payloads.micros({"event_ts": ts}, {})


def moment(ts: str) -> datetime:
    """When it was written."""
    return datetime.fromtimestamp(us(ts) / 1_000_000, UTC)


def unmarked(text: str, names: Mapping[str, str]) -> str:
    """Slack's markup as people read it: names for mentions, channels with #, links with their label."""

    def shown(found: re.Match[str]) -> str:
        inside, _, label = found[1].partition("|")
        if inside.startswith("@"):
            return f"@{names.get(inside[1:]) or label or inside[1:]}"
        if inside.startswith("#"):
            return f"#{label or inside[1:]}"
        if inside.startswith("!"):
            return label or f"@{inside[1:].partition('^')[0]}"
        return f"{label} ({inside})" if label and label not in inside else inside

    return _MARK.sub(shown, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


async def _reply(installation: Installation, channel: str, ts: str) -> Mapping[str, Any] | None:
    """A reply in a thread, found by its own `ts`: Slack answers with the thread's first message and it."""
    try:
        page = await installation.client.call(
            "conversations.replies", channel=channel, ts=ts, oldest=ts, latest=ts, inclusive=True, limit=5
        )
    except Refused as why:
        if why.code in GONE:
            return None
        raise
    return next((row for row in payloads.rows(page, "messages") if row.get("ts") == ts), None)


def _message(row: Mapping[str, Any]) -> Message | None:
    """None for the stone that a deleted first message of a thread leaves."""
    if row.get("subtype") == "tombstone":
        return None
    ts, thread = message_ts(row.get("ts")), message_ts(row.get("thread_ts"))
    by_app = bool(row.get("bot_id") or row.get("app_id") or row.get("subtype") == "bot_message")
    name = payloads.text(row.get("username"), 80) or payloads.text(payloads.part(row, "bot_profile").get("name"), 80)
    return Message(
        ts=ts,
        thread="" if thread == ts else thread,
        user="" if by_app else payloads.ident(row.get("user")),
        app=(name or "An app") if by_app else "",
        text=_text(row),
        at=moment(ts),
    )


def _text(row: Mapping[str, Any]) -> str:
    """The text; for apps that write only blocks or attachments what stands in them; for files their names."""
    if text := payloads.text(row.get("text")).strip():
        return text
    found = [_in_blocks(block) for block in payloads.rows(row, "blocks")]
    for each in payloads.rows(row, "attachments"):
        found += [payloads.text(each.get(key)) for key in ("pretext", "title", "text", "fallback")]
        found += [_in_blocks(block) for block in payloads.rows(each, "blocks")]
    found += [
        f"(file: {payloads.text(each.get('name') or each.get('title'), 200)})" for each in payloads.rows(row, "files")
    ]
    return "\n".join(dict.fromkeys(line for line in found if line.strip()))


def _in_blocks(block: Mapping[str, Any]) -> str:
    texts = [payloads.part(block, "text"), *payloads.rows(block, "fields"), *payloads.rows(block, "elements")]
    return "\n".join(text for each in texts if (text := payloads.text(each.get("text"))))
