"""How a message carries its key, and how it is found again by it ("once" over a crash)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from dispatch.kit.errors import Refused
from dispatch.kit.slack.client import SlackClient
from dispatch.kit.slack.markup import split_text
from dispatch.kit.slack.rates import Lane
from dispatch.ports.conversations import LONGEST_KEY, Message

log = logging.getLogger(__name__)

#: Slack's clock and ours may differ.
_MARGIN: Final = timedelta(minutes=5)
#: What we look for is mostly among the newest; further pages are as large as Slack allows.
_FIRST_PAGE: Final = 200
_PAGE: Final = 999
_SECTION: Final = 3000


def with_key(message: Message, key: str | None) -> dict[str, Any]:
    """A copy whose first block has the key as its `block_id`; a message without blocks gets sections of its text."""
    copy = dict(message)
    if key is None:
        return copy
    if not 0 < len(key) <= LONGEST_KEY:
        raise ValueError(f"a message's key has 1 to {LONGEST_KEY} characters")
    blocks = [dict(block) for block in copy.get("blocks") or _sections(str(copy.get("text") or ""))]
    if blocks:
        blocks[0]["block_id"] = key
        copy["blocks"] = blocks
    return copy


async def find(
    client: SlackClient,
    channel: str,
    key: str,
    *,
    by: str,
    thread_ts: str | None,
    since: datetime | None,
    lane: Lane,
) -> str | None:
    """The `ts` of the message with this key that the bot user `by` wrote, newest first; None when there is none."""
    method = "conversations.replies" if thread_ts else "conversations.history"
    args: dict[str, Any] = {"channel": channel, "ts": thread_ts, "limit": _FIRST_PAGE}
    if since is not None:
        args["oldest"] = f"{(since - _MARGIN).timestamp():.6f}"
    while True:
        try:
            page = await client.call(method, lane=lane, **args)
        except Refused as why:
            if why.code != "missing_scope":
                raise
            # The seed's scopes lack channels:history: better a message twice than never. Test connection names it.
            log.warning("%s is refused for want of a scope: a repeated message may be there twice", method)
            return None
        for message in page.get("messages") or []:
            if _is_by(message, by) and _has_key(message, key):
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
        args |= {"cursor": cursor, "limit": _PAGE}


def _is_by(message: Mapping[str, Any], bot_user: str) -> bool:
    # An app that posts under another name is not shown as a user.
    return bool(message.get("bot_id")) and message.get("user") in {None, bot_user}


def _has_key(message: Mapping[str, Any], key: str) -> bool:
    return any(block.get("block_id") == key for block in message.get("blocks") or [])


def _sections(text: str) -> list[dict[str, Any]]:
    parts = split_text(text, _SECTION) if text.strip() else []
    return [{"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in parts]
