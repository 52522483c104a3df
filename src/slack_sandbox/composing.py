"""From what a person types to rich_text elements: styles, code, links, lists, quotes, as Slack's composer makes them.

`*bold*`, `_italic_`, `~struck~`, `` `code` ``; three backticks around a block of code; `> ` quotes; `- `, `* ` and `1. ` lists,
two spaces or a tab deeper each level. A mark that is not closed on its line, or stands within a word, is text.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

Json = dict[str, Any]
_TOKEN = re.compile(r"<(@[UW]\w+|#[CG]\w+|![^>|]+|https?://[^>|]+|mailto:[^>|]+)(?:\|([^>]*))?>|:([a-z0-9_+-]+):")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"```(?:\n)?(.*?)(?:\n)?```", re.DOTALL)
_QUOTE = re.compile(r"(?:>|&gt;) ?(.*)")
_ITEM = re.compile(r"([ \t]*)(?:([-*•])|(\d{1,4})\.) +(?=\S)(.*)")
#: Marks looked at to close one, so that a text full of them takes no time.
CANDIDATES = 20
_MARKS = {"*": "bold", "_": "italic", "~": "strike"}


def elements(text: str) -> list[Json]:
    """The elements of a rich_text block; at least one."""
    found: list[Json] = []
    position = 0
    for fence in _FENCE.finditer(text):
        found += _lines(text[position : fence.start()].removesuffix("\n"))
        if fence[1]:
            found.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _plain(fence[1])}]})
        position = fence.end()
    rest = text[position:]
    found += _lines(rest.removeprefix("\n") if position else rest)
    return found or [_section([{"type": "text", "text": text or " "}])]


def _lines(text: str) -> Iterator[Json]:
    if not text:
        return
    for kind, group in groupby(text.split("\n"), key=_kind):
        lines = list(group)
        if kind == "quote":
            said = "\n".join(match[1] for line in lines if (match := _QUOTE.fullmatch(line)))
            yield {"type": "rich_text_quote", "elements": _parts(said) or [{"type": "text", "text": " "}]}
        elif kind:
            yield _list(kind, lines)
        elif parts := _parts("\n".join(lines)):
            yield _section(parts)


def _kind(line: str) -> str:
    """quote, or a list with its style, depth and, for numbers, nothing else; empty for text."""
    if _QUOTE.fullmatch(line):
        return "quote"
    item = _ITEM.fullmatch(line)
    if item is None:
        return ""
    return f"{'bullet' if item[2] else 'ordered'} {len(item[1].replace(chr(9), '  ')) // 2}"


def _list(kind: str, lines: list[str]) -> Json:
    style, _, indent = kind.partition(" ")
    items = [match for line in lines if (match := _ITEM.fullmatch(line))]
    made: Json = {
        "type": "rich_text_list", "style": style, "indent": min(int(indent), 8), "border": 0,
        "elements": [_section(_parts(item[4])) for item in items],
    }  # fmt: skip
    if style == "ordered" and int(items[0][3]) > 1:
        made["offset"] = int(items[0][3]) - 1
    return made


def _section(parts: list[Json]) -> Json:
    return {"type": "rich_text_section", "elements": parts}


def _parts(text: str, style: tuple[str, ...] = ()) -> list[Json]:
    """One run of text: each part with the styles around it."""
    found: list[Json] = []
    plain = ""
    place = 0
    while place < len(text):
        after, made = _one(text, place, style)
        if after == place:
            plain += text[place]
            place += 1
            continue
        if plain:
            found.append(_styled({"type": "text", "text": _plain(plain)}, style))
            plain = ""
        found += made
        place = after
    if plain:
        found.append(_styled({"type": "text", "text": _plain(plain)}, style))
    return found


def _one(text: str, place: int, style: tuple[str, ...]) -> tuple[int, list[Json]]:
    """What begins here: (where it ends, its parts); `place` itself when it is plain text."""
    char = text[place]
    if char in "<:" and (token := _TOKEN.match(text, place)):
        return token.end(), [_styled(_of_token(*token.groups()), style)]
    if char == "`" and (code := _CODE.match(text, place)):
        return code.end(), [_styled({"type": "text", "text": _plain(code[1])}, (*style, "code"))]
    if char in _MARKS and _MARKS[char] not in style and (end := _closing(text, place)):
        return end + 1, _parts(text[place + 1 : end], (*style, _MARKS[char]))
    return place, []


def _closing(text: str, start: int) -> int:
    """Where the mark that begins at `start` is closed; 0 when it is none."""
    if (start and text[start - 1].isalnum()) or text[start + 1 : start + 2].strip() == "":
        return 0
    line_end = text.find("\n", start)
    end = start
    for _ in range(CANDIDATES):
        end = text.find(text[start], end + 1, line_end if line_end > 0 else len(text))
        if end < 0:
            return 0
        if end > start + 1 and not text[end - 1].isspace() and not text[end + 1 : end + 2].isalnum():
            return end
    return 0


def _of_token(target: str | None, label: str | None, emoji: str | None) -> Json:
    if target is None:
        return {"type": "emoji", "name": emoji}
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    return {"type": "link", "url": _plain(target)} | ({"text": _plain(label)} if label else {})


def _styled(part: Json, style: tuple[str, ...]) -> Json:
    # Slack's broadcasts carry no style.
    return part | {"style": dict.fromkeys(style, True)} if style and part["type"] != "broadcast" else part


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
