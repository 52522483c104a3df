"""Every numeric limit holds on both sides of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from slack_sandbox.blockkit import Problem, check_blocks, check_message, check_view

from .samples import ELEMENTS, FIXTURES, block, element, holding, plain
from .subjects import LIMITS, MORE, Subject

# What a limit says, the size still allowed and the first one that is not, counted from the limit, and Slack's words
# (none where they are unverified).
KINDS: dict[str, tuple[int, int, str]] = {
    "max_length": (0, 1, "must be less than {next} characters"),
    "min_length": (0, -1, "must be more than {previous} characters"),
    "max_items": (0, 1, "no more than {limit} items allowed"),
    "min_items": (0, -1, "must provide at least {limit} items"),
    "max": (0, 1, ""),
    "min": (0, -1, ""),
    "exclusive_min": (1, 0, ""),
}


def _leaves(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, int]]:
    for name, inside in value.items():
        if isinstance(inside, dict):
            yield from _leaves(inside, f"{path}.{name}" if path else name)
        elif name == "item_max_length":
            yield f"{path}.item", "max_length", inside
        else:
            yield path, name, inside


DOCUMENTED = list(_leaves(json.loads((FIXTURES / "limits.json").read_text())))
FURTHER = [(path, kind, limit) for path, (_, limits) in MORE.items() for kind, limit in limits.items()]


def _judge(subject: Subject, size: int) -> list[Problem]:
    made = subject.make(size)
    if isinstance(made, dict) and made["type"] == "modal":
        return check_view(made)
    return check_blocks(made if isinstance(made, list) else [made], surface=subject.surface)


def test_every_documented_limit_has_a_subject_and_a_meaning() -> None:
    assert {path for path, _, _ in DOCUMENTED} == set(LIMITS)
    assert {kind for _, kind, _ in DOCUMENTED + FURTHER} <= set(KINDS)


@pytest.mark.parametrize(("path", "kind", "limit"), DOCUMENTED + FURTHER, ids=str)
def test_a_limit_holds_on_both_sides(path: str, kind: str, limit: int) -> None:
    subject = LIMITS[path] if path in LIMITS else MORE[path][0]
    inside, outside, words = KINDS[kind]
    assert _judge(subject, limit + inside) == []
    text = words.format(limit=limit, next=limit + 1, previous=limit - 1)
    said = [problem.text for problem in _judge(subject, limit + outside) if problem.pointer == subject.pointer]
    assert text in said if text else said


@pytest.mark.parametrize("kind", [kind for kind in ELEMENTS if kind.endswith(("_select", "_input", "picker"))])
def test_every_placeholder_has_the_same_limit(kind: str) -> None:
    if kind in ("datetimepicker", "file_input"):  # these two have none
        text = "invalid additional property: placeholder"
        [problem] = check_blocks([holding(element(kind, placeholder=plain()))], surface="modal")
        assert problem.text == text
        return
    assert check_blocks([holding(element(kind, placeholder=plain("x" * 150)))], surface="modal") == []
    [problem] = check_blocks([holding(element(kind, placeholder=plain("x" * 151)))], surface="modal")
    assert str(problem) == "must be less than 151 characters [json-pointer:/0/element/placeholder/text]"


def test_a_message_has_fifty_blocks_and_a_view_a_hundred() -> None:
    [problem] = check_message([block("divider")] * 51)
    assert str(problem) == "no more than 50 items allowed [json-pointer:/blocks]"
    for surface in ("modal", "home"):
        [problem] = check_blocks([block("divider")] * 101, surface=surface)
        assert problem.text == "no more than 100 items allowed"


def test_a_message_has_a_hundred_attachments() -> None:
    assert check_message(None, attachments=[{"text": "x"}] * 100) == []
    [problem] = check_message(None, attachments=[{"text": "x"}] * 101)
    assert str(problem) == "no more than 100 items allowed [json-pointer:/attachments]"


def test_a_message_has_two_charts() -> None:
    assert check_message([block("data_visualization")] * 2) == []
    [problem] = check_message([block("data_visualization")] * 3)
    assert problem.pointer == "/blocks"
