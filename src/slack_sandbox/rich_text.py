"""What people type, as Slack stores it: mentions and links resolved, with the matching rich_text block."""

import re
from typing import Any

from .sandbox import Sandbox

Json = dict[str, Any]
_TYPED = re.compile(r"(?<![\w<@])@([\w.-]*\w)|(?<![\w<#])#([\w-]+)|(?<![<|])(https?://[^\s<>|]+)")
_STORED = re.compile(r"<(@[UW]\w+|#[CG]\w+|![^>|]+|https?://[^>|]+|mailto:[^>|]+)(?:\|([^>]*))?>|:([a-z0-9_+-]+):")
_BROADCASTS = ("here", "channel", "everyone")


def stored(box: Sandbox, team: str, text: str) -> str:
    """`@ada`, `#general` and bare links become `<@U..>`, `<#C..|general>` and `<https://..>`."""

    def resolve(match: re.Match[str]) -> str:
        name, room, link = match.groups()
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

    return _TYPED.sub(resolve, text)


def block(box: Sandbox, text: str) -> Json:
    elements: list[Json] = []
    position = 0

    def plain(until: int) -> None:
        if until > position:
            elements.append({"type": "text", "text": text[position:until]})

    for match in _STORED.finditer(text):
        plain(match.start())
        position = match.end()
        target, label, emoji = match.groups()
        if emoji:
            elements.append({"type": "emoji", "name": emoji})
        elif target.startswith("@"):
            elements.append({"type": "user", "user_id": target[1:]})
        elif target.startswith("#"):
            elements.append({"type": "channel", "channel_id": target[1:]})
        elif target.startswith("!"):
            elements.append({"type": "broadcast", "range": target[1:]})
        else:
            elements.append({"type": "link", "url": target} | ({"text": label} if label else {}))
    plain(len(text))
    return {
        "type": "rich_text",
        "block_id": block_id(box),
        "elements": [{"type": "rich_text_section", "elements": elements or [{"type": "text", "text": text}]}],
    }


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
