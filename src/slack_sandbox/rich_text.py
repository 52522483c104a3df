"""What people type, as Slack stores it: mentions and links resolved, with the matching rich_text block."""

import re
from typing import Any

from . import composing
from .sandbox import Sandbox

Json = dict[str, Any]
_TYPED = re.compile(
    r"\[([^\]\n]+)\]\((https?://[^\s()<>|]+)\)|(?<![\w<@])@([\w.-]*\w)|(?<![\w<#])#([\w-]+)"
    r"|(?<![<|])(https?://[^\s<>|*`]*[^\s<>|*`_~.,;:!?)'\"])"
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_BROADCASTS = ("here", "channel", "everyone")


def stored(box: Sandbox, team: str, text: str) -> str:
    """`@ada`, `#general` and links become `<@U..>`, `<#C..|general>` and `<https://..|words>`; code stays as it was typed."""

    def resolve(match: re.Match[str]) -> str:
        words, leads, name, room, link = match.groups()
        if leads:
            return f"<{leads}|{words}>"
        if link:
            return f"<{link}>"
        if room:
            channel_id = box.state.names.get(f"{team} {room}")
            return f"<#{channel_id}|{room}>" if channel_id else match.group()
        if name in _BROADCASTS:
            return f"<!{name}>"
        for user in box.state.people(team):
            if name in (user.name, user.profile.get("display_name")):
                return f"<@{user.id}>"
        return match.group()

    parts = _CODE.split(text)
    return "".join(part if n % 2 else _TYPED.sub(resolve, part) for n, part in enumerate(parts))


def block(box: Sandbox, text: str) -> Json:
    """The block of a text as `stored` gives it."""
    return {"type": "rich_text", "block_id": block_id(box), "elements": composing.elements(text)}


def block_id(box: Sandbox) -> str:
    return box.ids.secret("block")[:5]


def with_block_ids(box: Sandbox, blocks: list[Json]) -> list[Json]:
    """Blocks as sent, with the ids (of blocks and of interactive elements) that Slack adds where the app gave none."""
    return [_identified(box, dict(block)) for block in blocks]


def _identified(box: Sandbox, block: Json) -> Json:
    block.setdefault("block_id", block_id(box))
    for key in ("accessory", "element"):
        if isinstance(block.get(key), dict):
            block[key] = _element(box, block[key])
    if block.get("type") in ("actions", "context_actions") and isinstance(block.get("elements"), list):
        block["elements"] = [_element(box, element) for element in block["elements"]]
    return block


def _element(box: Sandbox, element: Any) -> Any:
    if not isinstance(element, dict) or element.get("type") in (None, "image"):
        return element
    return {**element, "action_id": element.get("action_id") or block_id(box)}
