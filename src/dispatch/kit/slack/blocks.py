"""Block Kit builders that cannot exceed a Slack limit: plain dicts out, nothing sent.

What people wrote is cut or paged, with a visible sign of it. What programmers wrote (ids, values, the
number of buttons) raises `BlockError`, because a cut id would silently mean something else.
Arguments named `text` are Slack markup unless they say plain: put what a person typed through `escape`.
Lengths are Unicode code points, as Slack counts them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from dispatch.kit.slack.markup import EMPTY as EMPTY
from dispatch.kit.slack.markup import channel as channel
from dispatch.kit.slack.markup import cut as cut
from dispatch.kit.slack.markup import date as date
from dispatch.kit.slack.markup import escape as escape
from dispatch.kit.slack.markup import link as link
from dispatch.kit.slack.markup import split_text as split_text
from dispatch.kit.slack.markup import user as user

Block = dict[str, Any]
"""A block, an element or a composition object, ready for JSON."""
View = dict[str, Any]
Style = Literal["primary", "danger"]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Slack refuses a view above 250 KB; the rest of the view and the form's encoding need some room.
VIEW_BYTES = 240_000


class BlockError(ValueError):
    """A programming error: something that must not be cut is longer than Slack takes."""


# --- text objects ----------------------------------------------------------------------------------------------------


def plain(text: str, limit: int = 3000) -> Block:
    """A plain-text object; Slack shows it as it is."""
    return {"type": "plain_text", "text": cut(text.strip() or EMPTY, limit), "emoji": True}


def mrkdwn(text: str, limit: int = 3000) -> Block:
    """A markup text object."""
    return {"type": "mrkdwn", "text": cut(text.strip() or EMPTY, limit, markup=True)}


# --- blocks ----------------------------------------------------------------------------------------------------------


def section(
    text: str, *, fields: Sequence[str] | None = None, accessory: Block | None = None, block_id: str | None = None
) -> Block:
    """A section; with fields the text may be empty. More than ten fields end in a count of the rest."""
    shown = _some([mrkdwn(each, 2000) for each in fields or () if each.strip()], 10, "fields")
    block: Block = {"type": "section"}
    if text.strip() or not shown:
        block["text"] = mrkdwn(text)
    return block | _given(fields=shown or None, accessory=accessory, block_id=_id(block_id))


def sections(text: str) -> list[Block]:
    """Markup of any length, as many sections as it needs; none for empty text."""
    return [section(part) for part in split_text(text)]


def header(text: str, *, block_id: str | None = None) -> Block:
    """A header of plain text on one line."""
    return {"type": "header", "text": plain(" ".join(text.split()), 150)} | _given(block_id=_id(block_id))


def context(*texts: str | Block, block_id: str | None = None) -> Block:
    """Small print. A dict is taken as an element (an image). More than ten elements end in a count of the rest."""
    shown = [
        mrkdwn(each) if isinstance(each, str) else each for each in texts if not isinstance(each, str) or each.strip()
    ]
    elements = _some(shown, 10, "entries") or [mrkdwn(EMPTY)]
    return {"type": "context", "elements": elements} | _given(block_id=_id(block_id))


def divider(*, block_id: str | None = None) -> Block:
    return {"type": "divider"} | _given(block_id=_id(block_id))


def actions(*elements: Block, block_id: str | None = None) -> Block:
    """One row of 1 to 25 buttons and selects."""
    if not 1 <= len(elements) <= 25:
        raise BlockError(f"a row of actions holds 1 to 25 elements, not {len(elements)}")
    return {"type": "actions", "elements": list(elements)} | _given(block_id=_id(block_id))


def image(url: str, alt: str, *, title: str | None = None, block_id: str | None = None) -> Block:
    """An image by its address; an address Slack would not take becomes its description in small print."""
    if not re.match(r"https?://", url) or len(url) > 3000:
        return context(escape(alt), block_id=block_id)
    shown = plain(title, 2000) if title and title.strip() else None
    alt_text = cut(alt.strip() or EMPTY, 2000)
    return {"type": "image", "image_url": url, "alt_text": alt_text} | _given(title=shown, block_id=_id(block_id))


def rich(
    *parts: str | Block, style: Literal["section", "quote", "preformatted"] = "section", block_id: str | None = None
) -> Block:
    """Rich text: strings are shown exactly as a person typed them, dicts are elements (`{"type": "user", …}`).

    Slack documents no limit of length here; each string is held to the 3,000 of other texts.
    """
    shown = [
        {"type": "text", "text": cut(each, 3000)} if isinstance(each, str) else each
        for each in parts
        if not isinstance(each, str) or each.strip()
    ]
    element = {"type": f"rich_text_{style}", "elements": shown or [{"type": "text", "text": EMPTY}]}
    return {"type": "rich_text", "elements": [element]} | _given(block_id=_id(block_id))


def field(
    label: str,
    element: Block,
    *,
    block_id: str,
    hint: str = "",
    optional: bool = False,
    dispatch_action: bool = False,
) -> Block:
    """An input block: a labelled element of a modal. `dispatch_action` reports a change at once."""
    block: Block = {"type": "input", "block_id": _id(block_id), "label": plain(label, 2000), "element": element}
    block |= {"optional": optional} | ({"dispatch_action": True} if dispatch_action else {})
    return block | _given(hint=plain(hint, 2000) if hint.strip() else None)


# --- elements --------------------------------------------------------------------------------------------------------


def confirm(title: str, text: str, *, yes: str = "Yes", no: str = "Cancel", style: Style | None = None) -> Block:
    """The question asked before a click counts; all of it plain text."""
    question = {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}
    return question | _given(style=style)


def button(
    text: str,
    *,
    action_id: str,
    value: str | None = None,
    url: str | None = None,
    style: Style | None = None,
    confirm: Block | None = None,
) -> Block:
    """A button with plain text. An address Slack would not take is left out: the label still tells what was meant."""
    address = url if url and len(url) <= 3000 else None
    block: Block = {"type": "button", "text": plain(text, 75), "action_id": _id(action_id)}
    return block | _given(value=_whole(value, 2000, "value"), url=address, style=style, confirm=confirm)


def option(text: str, value: str, description: str | None = None) -> Block:
    """One choice; text and description are cut to 75, the value must be 1 to 150."""
    if not value:
        raise BlockError("an option needs a value")
    told = plain(description, 75) if description and description.strip() else None
    return {"text": plain(text, 75), "value": _whole(value, 150, "value")} | _given(description=told)


def static_select(
    placeholder: str,
    options: Sequence[Block],
    *,
    action_id: str,
    initial: str | Sequence[str] | None = None,
    multi: bool = False,
    confirm: Block | None = None,
) -> Block:
    """A select of 1 to 100 options. `initial` names values; those that are no option are left out, as Slack demands."""
    if not 1 <= len(options) <= 100:
        raise BlockError(f"a select holds 1 to 100 options, not {len(options)}: use external_select")
    wanted = [initial] if isinstance(initial, str) else list(initial or ())
    chosen = [each for each in options if each["value"] in wanted]
    block = _select("static_select", placeholder, action_id, multi=multi, chosen=chosen)
    return block | {"options": list(options)} | _given(confirm=confirm)


def external_select(
    placeholder: str,
    *,
    action_id: str,
    initial: Sequence[Block] = (),
    multi: bool = False,
    min_query_length: int = 0,
    confirm: Block | None = None,
) -> Block:
    """A select whose options are asked of the server as the person types."""
    block = _select("external_select", placeholder, action_id, multi=multi, chosen=initial)
    return block | {"min_query_length": min_query_length} | _given(confirm=confirm)


def users_select(
    placeholder: str, *, action_id: str, initial: Sequence[str] = (), multi: bool = False, confirm: Block | None = None
) -> Block:
    """A select over the people of the workspace, by Slack id."""
    block = _select("users_select", placeholder, action_id, multi=multi, chosen=())
    many = {"initial_users": list(initial)} if multi else {"initial_user": initial[0]} if initial else {}
    return block | (many if initial else {}) | _given(confirm=confirm)


def checkboxes(options: Sequence[Block], *, action_id: str, initial: Sequence[str] = ()) -> Block:
    """One to ten boxes; `initial` names the values that are ticked."""
    if not 1 <= len(options) <= 10:
        raise BlockError(f"checkboxes hold 1 to 10 options, not {len(options)}")
    ticked = [each for each in options if each["value"] in initial]
    block: Block = {"type": "checkboxes", "action_id": _id(action_id), "options": list(options)}
    return block | _given(initial_options=ticked or None)


def text_input(
    *, action_id: str, initial: str = "", placeholder: str = "", multiline: bool = False, max_length: int | None = None
) -> Block:
    """A text field of a modal. An initial text above 3,000 raises: cut, it would be lost on submit."""
    # Slack refuses an initial text longer than max_length; the person must be able to see and shorten it.
    longest = max(min(max_length, 3000), len(initial)) if max_length else None
    block: Block = {"type": "plain_text_input", "action_id": _id(action_id), "multiline": multiline}
    start = _whole(initial, 3000, "initial text") or None
    return block | _given(initial_value=start, max_length=longest, placeholder=_placeholder(placeholder))


def overflow(options: Sequence[Block], *, action_id: str, confirm: Block | None = None) -> Block:
    """The "⋯" menu of 1 to 5 options."""
    if not 1 <= len(options) <= 5:
        raise BlockError(f"an overflow menu holds 1 to 5 options, not {len(options)}")
    return {"type": "overflow", "action_id": _id(action_id), "options": list(options)} | _given(confirm=confirm)


def _select(kind: str, placeholder: str, action_id: str, *, multi: bool, chosen: Sequence[Block]) -> Block:
    block: Block = {"type": f"multi_{kind}" if multi else kind, "action_id": _id(action_id)}
    block |= _given(placeholder=_placeholder(placeholder))
    if not chosen:
        return block
    return block | ({"initial_options": list(chosen[:100])} if multi else {"initial_option": chosen[0]})


# --- messages and views ----------------------------------------------------------------------------------------------


def paged(blocks: Sequence[Block], limit: int = MESSAGE_BLOCKS) -> list[list[Block]]:
    """The blocks in as many messages (50) or views (100) as they need; none for no blocks."""
    return [list(blocks[at : at + limit]) for at in range(0, len(blocks), limit)]


def message(blocks: Sequence[Block], text: str) -> dict[str, Any]:
    """Keyword arguments of a post: always with a text, which notifications and screen readers use.

    Beside blocks the text is held to 4,000, above which Slack splits posts and refuses updates; alone to 40,000.

    Raises:
        BlockError: more than 50 blocks (see `paged`), or one block_id twice.
    """
    if len(blocks) > MESSAGE_BLOCKS:
        raise BlockError(f"a message holds {MESSAGE_BLOCKS} blocks, not {len(blocks)}: use paged()")
    _distinct(blocks)
    fallback = cut(text.strip() or _first_text(blocks) or EMPTY, 4000 if blocks else 40_000, markup=True)
    return {"text": fallback, "blocks": list(blocks)} if blocks else {"text": fallback}


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    private_metadata: str = "",
    notify_on_close: bool = False,
) -> View:
    """A modal view. What does not fit (100 blocks, 240 KB) is left out from the end, inputs last, and counted.

    Raises:
        BlockError: inputs without `submit`, one block_id twice, or an id or metadata that is too long.
    """
    if submit is None and any(each["type"] == "input" for each in blocks):
        raise BlockError("a modal with inputs needs a submit button")
    view: View = {
        "type": "modal",
        "callback_id": _id(callback_id),
        "title": plain(title, 24),
        "close": plain(close, 24),
        "blocks": _fitting(blocks),
    }
    view |= _given(submit=plain(submit, 24) if submit is not None else None)
    view |= _given(private_metadata=_whole(private_metadata, 3000, "private_metadata") or None)
    return view | ({"notify_on_close": True} if notify_on_close else {})


def home(blocks: Sequence[Block], *, callback_id: str = "home", private_metadata: str = "") -> View:
    """The App Home view, cut like a modal."""
    view: View = {"type": "home", "callback_id": _id(callback_id), "blocks": _fitting(blocks)}
    return view | _given(private_metadata=_whole(private_metadata, 3000, "private_metadata") or None)


def placeholder(title: str, text: str = "One moment…", *, private_metadata: str = "") -> View:
    """What a modal shows between the click, whose trigger lives three seconds, and the real view."""
    return modal(title, [section(text)], callback_id="placeholder", private_metadata=private_metadata)


def notice(title: str, text: str) -> View:
    """A modal that only says something, at any length."""
    return modal(title, sections(text), callback_id="notice")


def _fitting(blocks: Sequence[Block]) -> list[Block]:
    _distinct(blocks)
    kept = list(blocks) or [section(EMPTY)]
    sizes = [len(json.dumps(each)) for each in kept]
    if len(kept) <= VIEW_BLOCKS and sum(sizes) <= VIEW_BYTES:
        return kept
    dropped: set[int] = set()
    total = sum(sizes)
    # Inputs go last: a form that lost a field could not be sent.
    for at in sorted(range(len(kept)), key=lambda i: (kept[i]["type"] == "input", -i)):
        if len(kept) - len(dropped) < VIEW_BLOCKS and total <= VIEW_BYTES:
            break
        dropped.add(at)
        total -= sizes[at]
    shown = [each for at, each in enumerate(kept) if at not in dropped]
    return [*shown, context(f"… and {len(dropped)} more, which Slack has no room for here.")]


def _first_text(blocks: Sequence[Block]) -> str:
    for block in blocks:
        if isinstance(text := block.get("text"), dict):
            return str(text["text"] if text["type"] == "mrkdwn" else escape(text["text"]))
    return ""


def _distinct(blocks: Iterable[Block]) -> None:
    seen: set[str] = set()
    for block_id in (each["block_id"] for each in blocks if "block_id" in each):
        if block_id in seen:
            raise BlockError(f"block_id {block_id!r} is used twice")
        seen.add(block_id)


def _some(elements: list[Block], limit: int, what: str) -> list[Block]:
    if len(elements) <= limit:
        return elements
    return [*elements[: limit - 1], mrkdwn(f"… and {len(elements) - limit + 1} more {what}")]


def _placeholder(text: str) -> Block | None:
    return plain(text, 150) if text.strip() else None


def _id(value: str | None) -> str | None:
    return _whole(value, 255, "id")


def _whole(value: str | None, limit: int, what: str) -> str | None:
    if value is not None and len(value) > limit:
        raise BlockError(f"{what} holds {limit} characters, not {len(value)}")
    return value


def _given(**parts: Any) -> Block:
    return {key: value for key, value in parts.items() if value is not None}
