"""Views: what a modal or a Home tab may say besides its blocks."""

import json

from .blocks import Surface
from .objects import plain_text
from .problem import Problem
from .schema import Anything, Check, Fields, Flag, Found, Json, Kinds, Text, say
from .surfaces import judge

VIEW_MOST_BYTES = 250 * 1024  # unverified: documented as 250 KB

_EVERY: dict[str, Check] = {
    "type": Text(),
    "blocks": Anything(),  # judged by surface afterwards
    "private_metadata": Text(3000),
    "callback_id": Text(255),
    "external_id": Text(255),
}
_MODAL = Fields(
    {
        **_EVERY,
        "title": plain_text(24),
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": Flag(),
        "notify_on_close": Flag(),
    },
    needs=("title", "blocks"),
)
_HOME = Fields(_EVERY, needs=("blocks",))
_VIEW = Kinds({"modal": _MODAL, "home": _HOME})
_SURFACES: dict[str, Surface] = {"modal": "modal", "home": "home"}


def check_view(view: Json) -> list[Problem]:
    """A modal or Home tab; pointers start with `/view`. Its size is the caller's business: `view_size`."""
    found: Found = []
    _VIEW.check(view, "/view", found)
    if isinstance(view, dict):
        kind = view.get("type")
        surface = _SURFACES.get(kind) if isinstance(kind, str) else None
        if surface and "blocks" in view:
            judge(view["blocks"], surface, "/view/blocks", found)
        if surface == "modal" and "submit" not in view:
            _inputs_need_submit(view.get("blocks"), found)
    return found


def _inputs_need_submit(blocks: Json, found: Found) -> None:
    for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict) and block.get("type") == "input":
            # Slack really points at a field `input`, which no block has.
            at = f"/view/blocks/{index}/input"
            say(found, at, "must define `submit` to use an `input` block in modals", type="required", expected="submit")


def view_size(view: Json) -> int:
    """Bytes of the view as compact JSON in UTF-8; more than `VIEW_MOST_BYTES` is `view_too_large`.

    Counted without recursion, as a view may be nested deeper than `json` can follow.
    """
    size, waiting = 0, [view]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            size += 2 + max(2 * len(value) - 1, 0)  # braces, colons, commas
            size += sum(_leaf(name) for name in value)
            waiting += value.values()
        elif isinstance(value, list | tuple):
            size += 2 + max(len(value) - 1, 0)
            waiting += value
        else:
            size += _leaf(value)
    return size


def _leaf(value: Json) -> int:
    if isinstance(value, int) and value.bit_length() > 4_000:  # beyond what Python writes out
        return value.bit_length() * 3 // 10
    return len(json.dumps(value, ensure_ascii=False, default=str).encode(errors="surrogatepass"))
