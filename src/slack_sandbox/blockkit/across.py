"""Rules that hold across the blocks of one message or view."""

from collections.abc import Iterator

from .schema import Found, Json, say

# Characters which all blocks of a type have together in one message: the field they are in, and how many.
_SHARED = {"markdown": ("text", 12_000), "table": ("rows", 10_000), "data_table": ("rows", 20_000)}
_INSIDE = {"actions": "elements", "context_actions": "elements", "card": "actions"}


def judge_together(blocks: list[Json], at: str, found: Found) -> None:
    every = list(_every_block(blocks, at))
    _block_ids_differ(every, found)
    _focus_once(every, found)
    for block, here in every:
        _action_ids_differ(block, here, found)
    _shared_lengths(every, found)
    _few_charts(every, at, found)


def _every_block(blocks: list[Json], at: str) -> Iterator[tuple[dict[str, Json], str]]:
    """Each block with its pointer, those in containers and carousels after the one that holds them."""
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        here = f"{at}/{index}"
        yield block, here
        kind = block.get("type")
        holder = "child_blocks" if kind == "container" else "elements" if kind == "carousel" else None
        inside = block.get(holder) if holder else None
        for inner, child in enumerate(inside if isinstance(inside, list) else ()):
            if isinstance(child, dict):
                yield child, f"{here}/{holder}/{inner}"


def _elements(block: dict[str, Json], at: str) -> Iterator[tuple[dict[str, Json], str]]:
    for name in ("element", "accessory"):
        if isinstance(one := block.get(name), dict):
            yield one, f"{at}/{name}"
    kind = block.get("type")
    holder = _INSIDE.get(kind) if isinstance(kind, str) else None
    several = block.get(holder) if holder else None
    for index, one in enumerate(several if isinstance(several, list) else ()):
        if isinstance(one, dict):
            yield one, f"{at}/{holder}/{index}"


def _block_ids_differ(every: list[tuple[dict[str, Json], str]], found: Found) -> None:
    """Documented as "should be unique"; that messages are refused too, and the text, is unverified."""
    seen: set[str] = set()
    for block, here in every:
        name = block.get("block_id")
        if not isinstance(name, str) or not name:  # an empty one counts as not given
            continue
        if name in seen:
            say(found, f"{here}/block_id", f'`block_id` "{name}" already exists', type="unique", got=name)
        seen.add(name)


def _action_ids_differ(block: dict[str, Json], here: str, found: Found) -> None:
    seen: set[str] = set()
    for element, at in _elements(block, here):
        name = element.get("action_id")
        if not isinstance(name, str):
            continue
        if name in seen:
            say(found, f"{at}/action_id", f'`action_id` "{name}" already exists', type="unique", got=name)
        seen.add(name)


def _focus_once(every: list[tuple[dict[str, Json], str]], found: Found) -> None:
    focused = [at for block, here in every for one, at in _elements(block, here) if one.get("focus_on_load") is True]
    for at in focused[1:]:
        # Documented; the text is unverified.
        say(found, f"{at}/focus_on_load", "only one element can have `focus_on_load` set to true", type="unique")


def _shared_lengths(every: list[tuple[dict[str, Json], str]], found: Found) -> None:
    """Told at the block with which the sum goes over; a text too long by itself is told by its own description."""
    spent = dict.fromkeys(_SHARED, 0)
    for block, here in every:
        kind = block.get("type")
        if not isinstance(kind, str) or kind not in _SHARED:
            continue
        name, most = _SHARED[kind]
        length = _characters(block.get(name))
        before, spent[kind] = spent[kind], spent[kind] + length
        if before <= most < spent[kind] and not (name == "text" and length > most):
            text = f"must be less than {most + 1} characters"
            say(found, f"{here}/{name}", text, type="max_length", expected=most)


def _characters(value: Json) -> int:
    """Of a text, or of all raw cells in rows; how Slack counts rich text cells is unverified: not at all, here."""
    if isinstance(value, str):
        return len(value)
    cells = [cell for row in value if isinstance(row, list) for cell in row] if isinstance(value, list) else []
    texts = [cell.get("text") for cell in cells if isinstance(cell, dict)]
    return sum(len(text) for text in texts if isinstance(text, str))


def _few_charts(every: list[tuple[dict[str, Json], str]], at: str, found: Found) -> None:
    if sum(block.get("type") == "data_visualization" for block, _ in every) > 2:
        say(found, at, "too many data_visualization blocks", type="max_items", expected=2)  # text unverified
