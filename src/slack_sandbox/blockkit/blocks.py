"""Blocks: what each type may hold on each surface."""

from collections.abc import Mapping
from typing import Literal

from .data import DATA_TABLE, DATA_VISUALIZATION, TABLE
from .elements import (
    BUTTON,
    IMAGE,
    IMAGE_BLOCK,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    kinds,
)
from .icons import SLACK_ICONS
from .objects import BLOCK_ID, URL, any_text, plain_text
from .rich_text import ONLY_RICH_TEXT, RICH_TEXT
from .rules import either, needs, not_both
from .schema import Check, Choice, Fields, Flag, Found, Items, Json, Kinds, Text, say

Surface = Literal["message", "modal", "home"]
SURFACES: tuple[Surface, ...] = ("message", "modal", "home")

_BASE: dict[str, Check] = {"type": Text(), "block_id": BLOCK_ID}
_IMAGE = Kinds({"image": IMAGE})

_DIVIDER = Fields(_BASE)
_HEADER = Fields({**_BASE, "text": plain_text(150)}, needs=("text",))
_CONTEXT = Fields(
    {**_BASE, "elements": Items(Kinds({**any_text().of, "image": IMAGE}), most=10, least=1)}, needs=("elements",)
)
_MARKDOWN = Fields({**_BASE, "text": Text(12_000, least=1)}, needs=("text",))
_FILE = Fields({**_BASE, "external_id": Text(least=1), "source": Text(least=1)}, needs=("external_id", "source"))
_CALL = Fields({**_BASE, "call_id": Text(least=1)}, needs=("call_id",))
_VIDEO = Fields(
    {
        **_BASE,
        "alt_text": Text(200, least=1),
        "title": plain_text(200),
        "video_url": URL,
        "thumbnail_url": URL,
        "title_url": URL,
        "author_name": Text(50),
        "description": plain_text(200),
        "provider_icon_url": URL,
        "provider_name": Text(50),
    },
    needs=("alt_text", "title", "video_url", "thumbnail_url"),
)
_ALERT = Fields(
    {**_BASE, "text": any_text(200), "level": Choice(("default", "info", "warning", "error", "success"))},
    needs=("text",),
)
_SLACK_ICON = Fields({"type": Choice(("icon",)), "name": Choice(SLACK_ICONS)}, needs=("type", "name"))
_CARD = Fields(
    {
        **_BASE,
        "hero_image": _IMAGE,
        "icon": _IMAGE,
        "slack_icon": _SLACK_ICON,
        "title": any_text(150),
        "subtitle": any_text(150),
        "body": any_text(200),
        "subtext": any_text(200),
        "actions": Items(Kinds({"button": BUTTON}), most=3),
    },
    rules=(either("hero_image", "title", "actions", "body"), not_both("icon", "slack_icon")),
)
_CAROUSEL = Fields({**_BASE, "elements": Items(Kinds({"card": _CARD}), most=10, least=1)}, needs=("elements",))
_SOURCE = Kinds({"url": Fields({"type": Text(), "url": URL, "text": Text(least=1)}, needs=("url", "text"))})
_TASK: dict[str, Check] = {
    **_BASE,
    "task_id": Text(least=1),
    "title": Text(least=1),
    "status": Choice(("pending", "in_progress", "complete", "error")),
    "details": ONLY_RICH_TEXT,
    "output": ONLY_RICH_TEXT,
    "sources": Items(_SOURCE),
}
# One measurement says that a card outside a plan may not be `pending`, against Slack's own example: unverified.
_TASK_CARD = Fields(_TASK, needs=("task_id", "title"))
_PLAN = Fields(
    {**_BASE, "title": Text(least=1), "status": _TASK["status"], "tasks": Items(_TASK_CARD, most=50)},
    needs=("title",),
)


def _section(surface: Surface) -> Fields:
    return Fields(
        {
            **_BASE,
            "text": any_text(3000),
            "fields": Items(any_text(2000), most=10, least=1),
            "accessory": Kinds(kinds(IN_SECTION, surface)),
            "expand": Flag(),
        },
        rules=(either("text", "fields", at="/type"),),
    )


def _actions(surface: Surface) -> Fields:
    elements = Items(Kinds(kinds(IN_ACTIONS, surface)), most=25, least=1)
    return Fields({**_BASE, "elements": elements}, needs=("elements",))


def _context_actions(surface: Surface) -> Fields:
    elements = Items(Kinds(kinds(IN_CONTEXT_ACTIONS, surface)), most=5, least=1)
    return Fields({**_BASE, "elements": elements}, needs=("elements",))


def _files_are_not_dispatched(value: Mapping[str, Json], here: str, found: Found) -> None:
    element = value.get("element")
    if value.get("dispatch_action") is True and isinstance(element, dict) and element.get("type") == "file_input":
        text = "cannot use `dispatch_action` with `file_input`"  # documented; the text is unverified
        say(found, f"{here}/dispatch_action", text, type="incompatible")


def _input(surface: Surface) -> Fields:
    return Fields(
        {
            **_BASE,
            "label": plain_text(2000),
            "element": Kinds(kinds(IN_INPUT, surface)),
            "hint": plain_text(2000),
            "optional": Flag(),
            "dispatch_action": Flag(),
        },
        needs=("label", "element"),
        rules=(_files_are_not_dispatched,),
    )


def _container(children: Mapping[str, Check]) -> Fields:
    return Fields(
        {
            **_BASE,
            "title": plain_text(150),
            "rich_text_title": ONLY_RICH_TEXT,
            "subtitle": any_text(150),
            "child_blocks": Items(Kinds(children), most=10, least=1),
            "width": Choice(("narrow", "standard", "wide", "full")),
            "icon": _IMAGE,
            "is_collapsible": Flag(),
            "default_collapsed": Flag(),
            "has_header_divider": Flag(),
        },
        needs=("child_blocks",),
        rules=(
            either("title", "rich_text_title"),
            needs("is_collapsible", True, when="default_collapsed"),
            needs("is_collapsible", False, when="has_header_divider"),
        ),
    )


_CHILDREN = (
    "actions",
    "context",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "table",
    "video",
)
# Blocks that not every surface has (docs.slack.dev/reference/block-kit/blocks, each page); all others stand everywhere.
_ONLY_ON: dict[str, tuple[Surface, ...]] = {
    "alert": ("modal",),
    "call": ("message",),
    "carousel": ("message", "home"),
    "container": ("message", "home"),
    "context_actions": ("message",),
    "data_table": ("message", "home"),
    "data_visualization": ("message",),
    "file": ("message",),
    "markdown": ("message",),
    "plan": ("message",),
    "table": ("message", "home"),
    "task_card": ("message",),
}


def _blocks(surface: Surface) -> dict[str, Check]:
    every: dict[str, Check] = {
        "section": _section(surface),
        "divider": _DIVIDER,
        "header": _HEADER,
        "context": _CONTEXT,
        "actions": _actions(surface),
        "input": _input(surface),
        "image": IMAGE_BLOCK,
        "rich_text": RICH_TEXT,
        "file": _FILE,
        "call": _CALL,
        "video": _VIDEO,
        "markdown": _MARKDOWN,
        "table": TABLE,
        "alert": _ALERT,
        "card": _CARD,
        "carousel": _CAROUSEL,
        "context_actions": _context_actions(surface),
        "plan": _PLAN,
        "task_card": _TASK_CARD,
        "data_table": DATA_TABLE,
        "data_visualization": DATA_VISUALIZATION,
    }
    every["container"] = _container({name: every[name] for name in _CHILDREN})
    return {name: block for name, block in every.items() if surface in _ONLY_ON.get(name, SURFACES)}


BLOCKS: dict[Surface, Kinds] = {surface: Kinds(_blocks(surface)) for surface in SURFACES}
