"""Text for Slack: escaping, cutting, splitting, and the marks for links, people and moments.

Lengths are Unicode code points, as Slack counts them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

EMPTY = "–"

_ENTITY = re.compile(r"&(?:amp|lt|gt);|<[^<>\n]*>")
# Skin tones and the tag characters of regional flags; accents and variation selectors are found by category.
_MODIFIER = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_JOINER = "\u200d"


def escape(text: str) -> str:
    """What a person typed, made harmless inside markup: no mention, no link, no broadcast."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int, *, markup: bool = False) -> str:
    """At most `limit` code points, ending in "…" when something was left out.

    Args:
        text: plain text, or markup when `markup` is set.
        limit: code points, at least 1.
        markup: keep `&amp;` and `<…|…>` whole.
    """
    if len(text) <= limit:
        return text
    return text[: _boundary(text, limit - 1, markup=markup)].rstrip() + "…"


def split_text(text: str, limit: int = 3000) -> list[str]:
    """Markup in pieces of at most `limit`, broken at a paragraph, else a line, else a word; only space is lost."""
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        at = _boundary(rest, _natural_end(rest, limit), markup=True)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest] if rest else parts


def link(url: str, label: str = "") -> str:
    """Markup for a link, or the label alone when Slack would not take the address."""
    shown = escape(" ".join(label.split()))
    if not re.match(r"(?:https?://|mailto:)", url, re.IGNORECASE) or len(url) > 2000:
        return shown or escape(url)
    address = re.sub(r"\s", "%20", url).replace("|", "%7C").replace("<", "%3C").replace(">", "%3E")
    address = address.replace("&", "&amp;")
    return f"<{address}|{shown}>" if shown else f"<{address}>"


def user(user_id: str) -> str:
    return f"<@{user_id}>"


def channel(channel_id: str) -> str:
    return f"<#{channel_id}>"


def date(at: datetime, fallback: str | None = None, *, form: str = "{date_short_pretty} at {time}") -> str:
    """Markup for a moment, shown in the reader's own zone.

    Args:
        at: an aware moment; one without a zone raises ValueError.
        fallback: plain text for clients that cannot show it; UTC when left out.
        form: Slack's date format string.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs a zone")
    shown = fallback if fallback is not None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{form}|{escape(shown).replace('|', '/') or EMPTY}>"


def _natural_end(text: str, limit: int) -> int:
    window = text[: limit + 1]
    for mark, least in (("\n\n", limit // 2), ("\n", limit // 3), (" ", limit // 3)):
        if (at := window.rfind(mark)) >= max(least, 1):
            return at
    return limit


def _boundary(text: str, at: int, *, markup: bool) -> int:
    """The last place at or before `at` that splits no accent, emoji, flag, entity or link."""
    place = _outside_markup(text, at) if markup else at
    while place > 0 and _sticks(text, place):
        place -= 1
    # Hostile input (accents without end on one letter, a link longer than the limit) is broken where it stands.
    return place if place > 0 else at


def _outside_markup(text: str, at: int) -> int:
    for mark in "&<":  # the link last: it may hold entities
        opening = text.rfind(mark, 0, at)
        if opening >= 0 and (found := _ENTITY.match(text, opening)) and found.end() > at:
            at = opening
    return at


def _sticks(text: str, at: int) -> bool:
    if at >= len(text):
        return False
    here, before = text[at], text[at - 1]
    if here == _JOINER or before == _JOINER or _MODIFIER.match(here) or unicodedata.category(here)[0] == "M":
        return True
    return bool(_FLAG.match(here)) and _flags_before(text, at) % 2 == 1


def _flags_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _FLAG.match(text[start - 1]):
        start -= 1
    return at - start
