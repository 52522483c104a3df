"""Judging the blocks of a whole message, modal or Home tab."""

from .across import judge_together
from .blocks import BLOCKS, Surface
from .problem import Problem
from .schema import Fields, Found, Items, Json, say

_ITEMS: dict[Surface, Items] = {
    "message": Items(BLOCKS["message"], most=50),
    "modal": Items(BLOCKS["modal"], most=100, least=1),
    "home": Items(BLOCKS["home"], most=100, least=1),
}
_ATTACHMENTS = Items(Fields({}, open=True), most=100)
_BESIDE_BLOCKS = {"blocks", "color", "fallback"}


def judge(blocks: Json, surface: Surface, at: str, found: Found) -> None:
    """Add to `found` what is wrong with `blocks`, which stand at the pointer `at`."""
    allowed = _ITEMS[surface]
    allowed.check(blocks, at, found)
    if isinstance(blocks, list):
        judge_together(blocks[: allowed.most], at, found)


def check_blocks(blocks: Json, *, surface: Surface) -> list[Problem]:
    """Blocks on their own. Pointers start at the array, `/0/text`, as those of `blocks.validate` do."""
    found: Found = []
    judge(blocks, surface, "", found)
    return found


def check_message(blocks: Json, *, attachments: Json = None) -> list[Problem]:
    """The blocks of a message and of its attachments; pointers start with `/blocks` or `/attachments`.

    `None` is an argument that was not given. What legacy attachments hold besides blocks is not judged.
    """
    found: Found = []
    if blocks is not None:
        judge(blocks, "message", "/blocks", found)
    if attachments is not None:
        _ATTACHMENTS.check(attachments, "/attachments", found)
        for index, one in enumerate(attachments[: _ATTACHMENTS.most] if isinstance(attachments, list) else ()):
            if isinstance(one, dict) and "blocks" in one:
                _judge_attachment(one, f"/attachments/{index}", found)
    return found


def _judge_attachment(one: dict[str, Json], at: str, found: Found) -> None:
    judge(one["blocks"], "message", f"{at}/blocks", found)
    if legacy := sorted(str(name) for name in one if name not in _BESIDE_BLOCKS):
        say(found, at, "invalid_keys", type="additional_property", got=legacy)
