"""Everything slackblocks documents as valid is valid here."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slack_sandbox.blockkit import Problem, check_blocks, check_message, check_view
from slack_sandbox.blockkit.blocks import SURFACES

from .samples import BLOCKS, ELEMENTS, FIXTURES, block, holding, plain

PATHS = sorted((FIXTURES / "valid").rglob("*.json"))
ONLY_MODAL = {"alert", "file_input"}

# slackblocks repeats its fixed "fake_block_id" where it tests webhooks; Slack documents block ids as unique.
REPEATED = {"webhook_message_basic": "/blocks/1/block_id", "webhook_message_delete": "/blocks/1/block_id"}

OBJECTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "confirmation_dialogue": lambda value: block("actions", elements=[{**ELEMENTS["button"], "confirm": value}]),
    "conversation_filter": lambda value: holding({**ELEMENTS["conversations_select"], "filter": value}),
    "dispatch_action_configuration": lambda value: holding(
        {**ELEMENTS["plain_text_input"], "dispatch_action_config": value}
    ),
    "option_group": lambda value: holding({"type": "static_select", "option_groups": [value]}),
    "option": lambda value: holding({"type": "static_select", "options": [value]}),
    "input_parameter": lambda value: _workflow({"url": "https://x", "customizable_input_parameters": [value]}),
    "trigger": lambda value: _workflow(value),
    "workflow": lambda value: _workflow(value["trigger"]),
    "text": lambda value: block("section", text=value),
}


def _workflow(trigger: Any) -> dict[str, Any]:
    return block("actions", elements=[{**ELEMENTS["workflow_button"], "workflow": {"trigger": trigger}}])


def _rich_text(value: dict[str, Any]) -> dict[str, Any]:
    if value["type"] == "rich_text_section" or value["type"].startswith("rich_text_"):
        return {"type": "rich_text", "elements": [value]}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [value]}]}


def _blocks_of(path: Path, value: dict[str, Any]) -> list[dict[str, Any]]:
    match path.parent.name:
        case "blocks":
            return [value]
        case "rich_text":
            return [_rich_text(value)]
        case "objects":
            return [next(make(value) for name, make in OBJECTS.items() if path.stem.startswith(name))]
        case "elements" if value["type"] == "url":
            return [block("task_card", sources=[value])]
        case "elements":
            return [holding(value)]
    raise AssertionError(f"unknown kind of fixture: {path.parent.name}")


def _judge(path: Path) -> list[Problem]:
    value = json.loads(path.read_text())
    match path.parent.name:
        case "messages":
            return check_message(value.get("blocks"), attachments=value.get("attachments"))
        case "attachments":
            return check_message(None, attachments=[value])
        case "views":
            return check_view(value)
    blocks = _blocks_of(path, value)
    kinds = {blocks[0]["type"], blocks[0].get("element", {}).get("type")}
    return check_blocks(blocks, surface="modal" if kinds & ONLY_MODAL else "message")


def test_all_hundred_are_here() -> None:
    assert len(PATHS) == 100


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in PATHS])
def test_a_valid_fixture_has_no_problems(path: Path) -> None:
    pointers = [problem.pointer for problem in _judge(path)]
    assert pointers == ([REPEATED[path.stem]] if path.stem in REPEATED else [])


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_smallest_block_has_no_problems(kind: str) -> None:
    assert check_blocks([block(kind)], surface="modal" if kind in ONLY_MODAL else "message") == []


@pytest.mark.parametrize("kind", ELEMENTS)
def test_the_smallest_element_has_no_problems(kind: str) -> None:
    surface = "modal" if kind in ONLY_MODAL else "message"
    assert check_blocks([holding(ELEMENTS[kind])], surface=surface) == []


@pytest.mark.parametrize("surface", SURFACES)
def test_common_blocks_stand_everywhere(surface: Any) -> None:
    common = ["section", "divider", "header", "context", "actions", "input", "image", "rich_text", "video", "card"]
    assert check_blocks([block(kind) for kind in common], surface=surface) == []


def test_a_view_may_use_every_field() -> None:
    full = {
        "type": "modal",
        "title": plain("t"),
        "submit": plain("s"),
        "close": plain("c"),
        "blocks": [block("input")],
        "private_metadata": "{}",
        "callback_id": "id",
        "external_id": "x",
        "clear_on_close": True,
        "notify_on_close": True,
    }
    assert check_view(full) == []
