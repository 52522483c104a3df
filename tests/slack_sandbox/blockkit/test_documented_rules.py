"""Rules Slack documents without saying how it words a breach: asserted by pointer only."""

import json
from typing import Any

import pytest

from slack_sandbox.blockkit import check_blocks, check_message, check_view, view_size
from slack_sandbox.blockkit.views import VIEW_MOST_BYTES

from .samples import (
    CARD,
    IMAGE,
    block,
    cell,
    chart,
    element,
    holding,
    mrkdwn,
    option,
    options,
    plain,
    rich_text,
    rows,
    view,
)


def repeated_series() -> dict[str, Any]:
    made = chart(series=2)
    made["series"][1]["name"] = made["series"][0]["name"]
    return made


def missing_point() -> dict[str, Any]:
    made = chart(points=2)
    made["series"][0]["data"].pop()
    return made


GROUPS = {"type": "static_select", "option_groups": [{"label": plain(), "options": options(2)}]}
BREACHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "select_without_options": (holding({"type": "static_select"}), ["/0/element"]),
    "select_with_options_and_groups": (holding({**GROUPS, "options": options(1)}), ["/0/element"]),
    "initial_option_not_offered": (
        holding(element("static_select", initial_option=option("z"))),
        ["/0/element/initial_option"],
    ),
    "initial_option_worded_otherwise": (
        holding(element("static_select", initial_option={"text": plain("other"), "value": "o0"})),
        ["/0/element/initial_option"],
    ),
    "initial_option_not_in_any_group": (
        holding({**GROUPS, "initial_option": option("z")}),
        ["/0/element/initial_option"],
    ),
    "initial_options_partly_offered": (
        holding(element("checkboxes", options=options(3), initial_options=[option("o1"), option("z")])),
        ["/0/element/initial_options/1"],
    ),
    "radio_not_offered": (holding(element("radio_buttons", initial_option=option("z"))), ["/0/element/initial_option"]),
    "image_without_source": ({"type": "image", "alt_text": "x"}, ["/0"]),
    "image_with_two_sources": (block("image", slack_file={"id": "F1"}), ["/0"]),
    "slack_file_without_id_or_url": ({"type": "image", "alt_text": "x", "slack_file": {}}, ["/0/slack_file"]),
    "filter_empty": (holding(element("conversations_select", filter={})), ["/0/element/filter"]),
    "date_in_another_format": (holding(element("datepicker", initial_date="1/2/2026")), ["/0/element/initial_date"]),
    "time_past_midnight": (holding(element("timepicker", initial_time="24:00")), ["/0/element/initial_time"]),
    "datetime_in_milliseconds": (
        holding(element("datetimepicker", initial_date_time=1_700_000_000_000)),
        ["/0/element/initial_date_time"],
    ),
    "number_range_inverted": (
        holding(element("number_input", min_value="10", max_value="9")),
        ["/0/element/min_value"],
    ),
    "text_range_inverted": (
        holding(element("plain_text_input", min_length=10, max_length=9)),
        ["/0/element/min_length"],
    ),
    "card_with_nothing": ({"type": "card", "subtitle": mrkdwn()}, ["/0"]),
    "card_with_two_icons": ({**CARD, "icon": IMAGE, "slack_icon": {"type": "icon", "name": "bot"}}, ["/0"]),
    "container_without_title": ({"type": "container", "child_blocks": [block("divider")]}, ["/0"]),
    "container_collapsed_but_not_collapsible": (block("container", default_collapsed=True), ["/0/default_collapsed"]),
    "container_collapsible_with_divider": (
        block("container", is_collapsible=True, has_header_divider=True),
        ["/0/has_header_divider"],
    ),
    "table_with_ragged_rows": (block("table", rows=[*rows(1, 2), *rows(1, 3)]), ["/0/rows/1"]),
    "data_table_with_ragged_rows": (block("data_table", rows=[*rows(2, 2), *rows(1, 1)]), ["/0/rows/2"]),
    "chart_with_one_name_twice": (
        block("data_visualization", chart=repeated_series()),
        ["/0/chart/series/1/name"],
    ),
    "chart_with_a_point_missing": (
        block("data_visualization", chart=missing_point()),
        ["/0/chart/series/0/data"],
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_told_at_its_place(name: str) -> None:
    spoilt, pointers = BREACHES[name]
    assert [problem.pointer for problem in check_blocks([spoilt], surface="message")] == pointers


def test_an_initial_option_may_come_from_any_group() -> None:
    assert check_blocks([holding({**GROUPS, "initial_option": option("o1")})], surface="modal") == []


def test_block_ids_differ_within_a_message_or_view_and_its_containers() -> None:
    named = block("divider", block_id="a")
    assert [problem.pointer for problem in check_message([named, named])] == ["/blocks/1/block_id"]
    assert [problem.pointer for problem in check_view(view(blocks=[named, named]))] == ["/view/blocks/1/block_id"]
    within = block("container", child_blocks=[named])
    assert [problem.pointer for problem in check_message([named, within])] == ["/blocks/1/child_blocks/0/block_id"]
    assert check_message([named], attachments=[{"blocks": [named]}]) == []


def test_an_empty_block_id_counts_as_not_given() -> None:
    assert check_message([block("divider", block_id="")] * 2) == []


def test_action_ids_may_repeat_in_different_blocks() -> None:
    assert check_message([holding(element("button", action_id="go"))] * 2) == []


def test_one_element_of_a_view_has_the_focus() -> None:
    focused = block("input", element=element("plain_text_input", focus_on_load=True))
    assert check_view(view(blocks=[focused])) == []
    pointers = [problem.pointer for problem in check_view(view(blocks=[focused, focused]))]
    assert pointers == ["/view/blocks/1/element/focus_on_load"]


def test_files_are_not_dispatched() -> None:
    files = block("input", element=element("file_input"), dispatch_action=True)
    assert [problem.pointer for problem in check_view(view(blocks=[files]))] == ["/view/blocks/0/dispatch_action"]


def test_markdown_blocks_share_their_length() -> None:
    half = block("markdown", text="x" * 6000)
    assert check_message([half, half]) == []
    assert [problem.pointer for problem in check_message([half, half, half])] == ["/blocks/2/text"]


def test_rich_text_cells_stand_below_the_header() -> None:
    assert check_blocks([block("data_table", rows=[[cell()], [rich_text()]])], surface="home") == []


def test_blocks_validate_gets_code_and_constraint() -> None:
    [problem] = check_blocks([block("section", text={"type": "invalid", "text": "x"})], surface="message")
    assert (problem.pointer, problem.text, problem.code) == (
        "/0/text/type",
        "unsupported type: invalid",
        "failed_constraint",
    )
    assert problem.constraint == {"type": "enum", "expected": ["plain_text", "mrkdwn"], "got": "invalid"}


@pytest.mark.parametrize(
    "value", [{}, [], "é😀", 1, None, True, 1.5, {"a": [1, {"b": []}], "ö": "x"}, view(), [[], [[]]]], ids=repr
)
def test_the_size_of_a_view_is_that_of_its_json(value: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert view_size(value) == len(compact.encode())


def test_a_view_too_large_can_be_told() -> None:
    assert view_size(view(private_metadata="x" * VIEW_MOST_BYTES)) > VIEW_MOST_BYTES
