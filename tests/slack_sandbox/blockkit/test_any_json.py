"""Whatever is sent, the answer is a list of problems and never an exception."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slack_sandbox.blockkit import Problem, check_blocks, check_message, check_metadata, check_view, view_size
from slack_sandbox.blockkit.blocks import SURFACES

from .samples import BLOCKS, ELEMENTS, HOME, MODAL, block, element, holding, mrkdwn, plain

KEYS = st.sampled_from(
    [
        "type",
        "text",
        "fields",
        "elements",
        "element",
        "accessory",
        "options",
        "option_groups",
        "initial_option",
        "initial_options",
        "label",
        "value",
        "confirm",
        "block_id",
        "action_id",
        "style",
        "rows",
        "child_blocks",
        "chart",
        "series",
        "axis_config",
        "categories",
        "segments",
        "data",
        "name",
        "tasks",
        "focus_on_load",
        "dispatch_action",
        "title",
        "blocks",
        "submit",
        "column_settings",
        "filter",
        "min_value",
        "max_value",
        "attachments",
    ]
)
KINDS = st.sampled_from([*BLOCKS, *ELEMENTS, "plain_text", "mrkdwn", "modal", "home", "pie", "bar", "raw_text"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()  # Python's JSON reads NaN and Infinity, too
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | KINDS
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5)
)
VALID = st.sampled_from([*BLOCKS.values(), *(holding(one) for one in ELEMENTS.values())])


def _judge_everywhere(value: Any) -> list[Problem]:
    found = check_message(value, attachments=value) + check_view(value) + check_metadata(value)
    for surface in SURFACES:
        found += check_blocks(value, surface=surface)
    for base in (MODAL, HOME):
        found += check_view({**base, "blocks": value})
    assert view_size(value) >= 0
    return found


@settings(max_examples=400, deadline=None)
@given(JSON)
def test_any_json_gives_problems(value: Any) -> None:
    for problem in _judge_everywhere(value) + _judge_everywhere([value]):
        assert problem.text and (problem.pointer == "" or problem.pointer.startswith("/"))
        str(problem)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_valid_block_spoilt_anywhere_gives_problems(data: st.DataObject) -> None:
    spoilt = json.loads(json.dumps(data.draw(VALID)))
    here = spoilt
    while isinstance(here, dict | list) and here:
        place = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        if not isinstance(here[place], dict | list) or data.draw(st.booleans()):
            here[place] = data.draw(JSON)
            break
        here = here[place]
    _judge_everywhere([spoilt])


def _deep(depth: int, key: str | None) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if key is None else {"type": "container", key: [value]}
    return value


def _deep_menu() -> dict[str, Any]:
    deep = _deep(100_000, None)
    return holding(element("static_select", options=[{"text": deep, "value": deep}], initial_option={"text": deep}))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(_deep(100_000, None), id="deep_arrays"),
        pytest.param(_deep(5_000, "child_blocks"), id="deep_objects"),
        pytest.param([_deep_menu()], id="deep_options"),
        pytest.param([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 1_000_000}}], id="long_text"),
        pytest.param([10**5000], id="huge_integer"),
        pytest.param([holding(element("file_input", max_files=10**5000))], id="huge_integer_as_limit"),
        pytest.param([holding(element("number_input", min_value=10**5000, max_value=1))], id="huge_integer_as_range"),
        pytest.param([holding(element("number_input", min_value="9" * 5000, max_value="1"))], id="huge_number_text"),
        pytest.param([{"type": "divider"}] * 100_000, id="many_blocks"),
        pytest.param([{f"field{n}": n for n in range(10_000)} | {"type": "divider"}], id="many_fields"),
        pytest.param([{"type": "divider", "block_id": "\ud800"}] * 2, id="half_a_surrogate_pair"),
    ],
)
def test_extremes_give_problems(value: Any) -> None:
    started = time.perf_counter()
    found = _judge_everywhere(value)
    assert found
    assert time.perf_counter() - started < 20
    str(found[0])


def test_how_long_a_full_message_takes() -> None:
    card = [
        block("header", text=plain("SEV1 Checkout is down")),
        block("section", text=mrkdwn("*Status*: investigating\n" * 10), fields=[mrkdwn("*Lead*\nAda")] * 6),
        block("actions", elements=[element("button", action_id=f"a{n}", value="1") for n in range(5)]),
        block("context", elements=[mrkdwn("opened two minutes ago")]),
        block("divider"),
    ]
    message = [{**one, "block_id": f"{turn}-{n}"} for turn in range(10) for n, one in enumerate(card)]
    assert check_message(message) == []
    started = time.perf_counter()
    for _ in range(100):
        check_message(message)
    print(f"\na message of 50 blocks is judged in {(time.perf_counter() - started) * 10:.2f} ms")  # noqa: T201
