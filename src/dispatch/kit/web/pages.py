"""How a page is made: the template environment that all slices share, with its filters."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

from dispatch.kit import clock
from dispatch.kit.web.assets import static, static_files
from dispatch.kit.web.headers import security_headers
from dispatch.kit.web.settings_area import navigation

__all__ = ["security_headers", "static", "static_files", "templates"]

TEMPLATES = Path(__file__).parent / "templates"
HUES = 8
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
MARKDOWN_TAGS = {"a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}
_SETTINGS = re.compile(r"Settings → Project → Plugins(?: → [A-Z][\w-]*)*")
MARKDOWN_TAGS |= {"h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}


@cache
def templates(*folders: Path) -> Environment:
    """The environment for the templates in `folders`; the kit's own are found behind them. Compiled once per process."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": ago,
        "clock": clock_time,
        "day": day,
        "duration": duration,
        "hue": hue,
        "initials": initials,
        "iso": iso,
        "md": md,
        "moment": moment,
        "since": since,
        "typed": typed,
        "with_settings": with_settings,
    }
    environment.globals |= {
        "now": clock.now,
        "once": once,
        "settings_navigation": navigation,
        "static": static,
        "url": url,
        "values_of": values_of,
    }
    return environment


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def clock_time(at: datetime, zone: str | None = None) -> str:
    return in_zone(at, zone).strftime("%H:%M")


def day(at: datetime, zone: str | None = None) -> str:
    local = in_zone(at, zone)
    return f"{local:%a} {local.day} {local:%b %Y}"


def moment(at: datetime, zone: str | None = None) -> str:
    return f"{day(at, zone)}, {clock_time(at, zone)}"


def typed(at: datetime, zone: str | None = None) -> str:
    """As the value of a datetime-local input."""
    return in_zone(at, zone).strftime("%Y-%m-%dT%H:%M")


def in_zone(at: datetime, zone: str | None) -> datetime:
    """In UTC when the zone is empty or unknown here: a page must not fail for somebody's profile."""
    try:
        return at.astimezone(ZoneInfo(zone) if zone else UTC)
    except (KeyError, ValueError, OSError):
        return at.astimezone(UTC)


def ago(at: datetime, now: datetime | None = None) -> str:
    """ "5 min ago", "in 2 h", "just now"; app.js keeps it up to date on an open page, by the same rule."""
    seconds = int(((now or clock.now()) - at).total_seconds())
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    unit, size = next((unit, size) for unit, size in UNITS if abs(seconds) >= size)
    amount = f"{abs(seconds) // size} {unit}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def since(at: datetime, now: datetime | None = None) -> str:
    """ "42 min": how long that is, in the largest unit; app.js keeps it up to date, too."""
    seconds = max(0, int(((now or clock.now()) - at).total_seconds()))
    unit, size = next(((unit, size) for unit, size in UNITS if seconds >= size and size >= 60), ("", 0))
    return f"{seconds // size} {unit}" if unit else "under 1 min"


def duration(span: timedelta | float) -> str:
    """The two largest units: "2 h 14 min"; accepts seconds."""
    left = int(span.total_seconds() if isinstance(span, timedelta) else span)
    parts: list[str] = []
    for unit, size in UNITS:
        count, left = divmod(max(left, 0), size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def initials(name: str) -> str:
    """At most two letters; "?" for a name without any."""
    firsts = [letter for word in name.split() if (letter := next(filter(str.isalnum, word), ""))]
    return "".join(firsts[:1] + firsts[1:][-1:]).upper() or "?"


def hue(text: str) -> int:
    """The same colour for the same person everywhere; a class, as style attributes are forbidden."""
    return zlib.crc32(text.lower().encode()) % HUES


def once() -> str:
    """A new mark for a form: sent twice, it still counts as one."""
    return secrets.token_hex(8)


def url(path: str, query: Mapping[str, object], **changes: object) -> str:
    """`path` with the query, changed; empty values are left out."""
    kept = {key: value for key, value in {**query, **changes}.items() if value not in (None, "", [])}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def values_of(query: Mapping[str, object], key: str) -> list[object]:
    """What a query says under a key: none, one or several values."""
    value = query.get(key)
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def md(text: str) -> Markup:
    """People's Markdown as HTML that may stand in a page: no raw HTML, no images, no first heading."""
    clean = nh3.clean(
        _MARKDOWN.render(text),
        tags=MARKDOWN_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # sanitised just above


def with_settings(text: str, address: str) -> Markup:
    """The text with the way to the plugin settings that it names as a link to them."""
    made = Markup()
    end = 0
    for found in _SETTINGS.finditer(text):
        made += Markup("{}<a href='{}'>{}</a>").format(text[end : found.start()], address, found[0])
        end = found.end()
    return made + text[end:]


def _lower_headings(state: StateCore) -> None:
    """The page has its own first heading."""
    for token in state.tokens:
        if token.tag in {"h1", "h2", "h3", "h4", "h5"}:
            token.tag = f"h{int(token.tag[1]) + 1}"


_MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": False}).enable(["table", "strikethrough"])
_MARKDOWN.core.ruler.push("lower_headings", _lower_headings)
