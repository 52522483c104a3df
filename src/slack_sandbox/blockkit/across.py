"""Rules that hold across the blocks of one message or view."""

from collections.abc import Iterator

from .schema import Found, Json, say

_INSIDE = {"actions": "elements", "context_actions": "elements", "card": "actions"}


def judge_together(blocks: list[Json], at: str, found: Found) -> None:
    every = list(_every_block(blocks, at))
    _block_ids_differ(every, found)
    _focus_once(every, found)
    for block, here in every:
        _action_ids_differ(block, here, found)
    _markdown_fits(every, at, found)
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
        say(found, f"{at}/focus_on_load", "only one element can have `focus_on_load` set to true", type="unique")


def _markdown_fits(every: list[tuple[dict[str, Json], str]], at: str, found: Found) -> None:
    """All markdown blocks of a message share 12,000 characters; one that is too long itself is told already."""
    texts = [block.get("text") for block, _ in every if block.get("type") == "markdown"]
    lengths = [len(text) for text in texts if isinstance(text, str)]
    if sum(lengths) > 12_000 >= max(lengths):
        say(found, at, "must be less than 12001 characters", type="max_length", expected=12_000)


def _few_charts(every: list[tuple[dict[str, Json], str]], at: str, found: Found) -> None:
    if sum(block.get("type") == "data_visualization" for block, _ in every) > 2:
        say(found, at, "too many data_visualization blocks", type="max_items", expected=2)
