"""What is wrong is said in Slack's words at Slack's place; each case has exactly these problems.

Words that nobody has seen Slack say (marked unverified in the source) are asserted by pointer only: `UNSEEN` here,
and all of `test_documented_rules.py`.
"""

from typing import Any

import pytest

from slack_sandbox.blockkit import Problem, check_message, check_metadata, check_view

from .samples import (
    CARD,
    HOME,
    IMAGE,
    TASK,
    block,
    cell,
    chart,
    element,
    group,
    holding,
    mrkdwn,
    option,
    options,
    pie,
    plain,
    rich_text,
    rows,
    view,
)

UNSEEN = "…"


def actions(*elements: Any) -> dict[str, Any]:
    return block("actions", elements=list(elements))


def inputs(**changes: Any) -> dict[str, Any]:
    return block("input", **changes)


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def part(**part: Any) -> dict[str, Any]:
    return rich({"type": "rich_text_section", "elements": [part]})


def without(value: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != field}


# name: (one block of a message, what Slack says at which pointer below /blocks/0)
BLOCKS: dict[str, tuple[Any, dict[str, str]]] = {
    # the block itself
    "block_is_a_number": (7, {"": "must provide an object"}),
    "block_is_a_string": ("section", {"": "must provide an object"}),
    "block_is_null": (None, {"": "must provide an object"}),
    "block_is_an_array": ([], {"": "must provide an object"}),
    "block_without_type": ({"text": mrkdwn()}, {"": "failed to match all allowed schemas"}),
    "block_of_unknown_type": ({"type": "sections"}, {"/type": "unsupported type: sections"}),
    "block_type_is_a_number": ({"type": 1}, {"/type": "must provide a string"}),
    "block_with_unknown_field": (block("divider", style="x"), {"": "invalid additional property: style"}),
    "block_id_is_a_number": (block("divider", block_id=1), {"/block_id": "must provide a string"}),
    # text objects
    "section_text_too_long": (
        block("section", text=mrkdwn("x" * 3001)),
        {"/text/text": "must be less than 3001 characters"},
    ),
    "section_text_empty": (block("section", text=mrkdwn("")), {"/text/text": "must be more than 0 characters"}),
    "text_is_a_string": (block("section", text="hello"), {"/text": "must provide an object"}),
    "text_without_type": (block("section", text={"text": "x"}), {"/text": "failed to match all allowed schemas"}),
    "text_without_text": (block("section", text={"type": "mrkdwn"}), {"/text": "missing required field: text"}),
    "text_text_is_null": (
        block("section", text={"type": "mrkdwn", "text": None}),
        {"/text/text": "must provide a string"},
    ),
    "text_of_unknown_type": (
        block("section", text={"type": "markdown", "text": "x"}),
        {"/text/type": "unsupported type: markdown"},
    ),
    "mrkdwn_with_emoji": (
        block("section", text={**mrkdwn(), "emoji": True}),
        {"/text": "invalid additional property: emoji"},
    ),
    "plain_text_with_verbatim": (
        block("section", text={**plain(), "verbatim": True}),
        {"/text": "invalid additional property: verbatim"},
    ),
    "plain_text_emoji_is_a_string": (
        block("section", text={**plain(), "emoji": "yes"}),
        {"/text/emoji": UNSEEN},
    ),
    # section
    "section_without_content": ({"type": "section"}, {"/type": "must define either `text` or `fields`"}),
    "section_with_eleven_fields": (
        block("section", fields=[mrkdwn()] * 11),
        {"/fields": "no more than 10 items allowed"},
    ),
    "section_with_empty_fields": (
        {"type": "section", "fields": []},
        {"/fields": "must provide at least 1 items"},
    ),
    "section_field_too_long": (
        block("section", fields=[mrkdwn(), plain("x" * 2001)]),
        {"/fields/1/text": "must be less than 2001 characters"},
    ),
    "section_field_empty": (
        block("section", fields=[plain("")]),
        {"/fields/0/text": "must be more than 0 characters"},
    ),
    "section_fields_is_an_object": (
        {"type": "section", "fields": {}},
        {"/fields": UNSEEN},
    ),
    "section_with_input_accessory": (
        block("section", accessory=element("plain_text_input")),
        {"/accessory/type": "unsupported type: plain_text_input"},
    ),
    "section_with_datetimepicker_accessory": (
        block("section", accessory=element("datetimepicker")),
        {"/accessory/type": "unsupported type: datetimepicker"},
    ),
    "accessory_options_empty": (
        block("section", accessory=element("static_select", options=[])),
        {"/accessory/options": "must provide at least 1 items"},
    ),
    # header, context, image, video, markdown, file
    "header_with_mrkdwn": (block("header", text=mrkdwn()), {"/text/type": "unsupported type: mrkdwn"}),
    "header_without_text": ({"type": "header"}, {"": "missing required field: text"}),
    "header_too_long": (
        block("header", text=plain("x" * 151)),
        {"/text/text": "must be less than 151 characters"},
    ),
    "context_without_elements": ({"type": "context"}, {"": "missing required field: elements"}),
    "context_with_button": (
        block("context", elements=[element("button")]),
        {"/elements/0/type": "unsupported type: button"},
    ),
    "context_with_eleven": (
        block("context", elements=[mrkdwn()] * 11),
        {"/elements": "no more than 10 items allowed"},
    ),
    "image_without_alt_text": (without(IMAGE, "alt_text"), {"": "missing required field: alt_text"}),
    "image_title_mrkdwn": (block("image", title=mrkdwn()), {"/title/type": "unsupported type: mrkdwn"}),
    "image_element_with_title": (
        block("context", elements=[{**IMAGE, "title": plain()}]),
        {"/elements/0": "invalid additional property: title"},
    ),
    "video_without_title": (without(block("video"), "title"), {"": "missing required field: title"}),
    "video_title_is_a_string": (block("video", title="x"), {"/title": "must provide an object"}),
    "markdown_text_is_an_object": (block("markdown", text=mrkdwn()), {"/text": "must provide a string"}),
    "markdown_empty": (block("markdown", text=""), {"/text": "must be more than 0 characters"}),
    "file_without_source": (
        without(block("file"), "source"),
        {"": "missing required field: source"},
    ),
    # actions
    "actions_without_elements": ({"type": "actions"}, {"": "missing required field: elements"}),
    "actions_empty": (actions(), {"/elements": "must provide at least 1 items"}),
    "actions_with_text_input": (
        actions(element("plain_text_input")),
        {"/elements/0/type": "unsupported type: plain_text_input"},
    ),
    "actions_with_image": (actions(IMAGE), {"/elements/0/type": "unsupported type: image"}),
    "actions_with_two_the_same": (
        actions(element("button", action_id="go"), element("button", action_id="go")),
        {"/elements/1/action_id": '`action_id` "go" already exists'},
    ),
    # buttons
    "button_without_text": (actions({"type": "button"}), {"/elements/0": "missing required field: text"}),
    "button_text_is_a_string": (
        actions({"type": "button", "text": "Go"}),
        {"/elements/0/text": "must provide an object"},
    ),
    "button_text_mrkdwn": (
        actions({"type": "button", "text": mrkdwn()}),
        {"/elements/0/text/type": "unsupported type: mrkdwn"},
    ),
    "button_text_too_long": (
        actions(element("button", text=plain("x" * 76))),
        {"/elements/0/text/text": "must be less than 76 characters"},
    ),
    "button_disabled": (
        actions(element("button", disabled=True)),
        {"/elements/0": "invalid additional property: disabled"},
    ),
    "button_style_default": (
        actions(element("button", style="default")),
        {"/elements/0/style": "must be a valid enum value"},
    ),
    "button_value_is_a_number": (
        actions(element("button", value=1)),
        {"/elements/0/value": "must provide a string"},
    ),
    "button_with_options": (
        actions(element("button", options=options(1))),
        {"/elements/0": "invalid additional property: options"},
    ),
    "workflow_button_without_workflow": (
        actions({"type": "workflow_button", "text": plain()}),
        {"/elements/0": "missing required field: workflow"},
    ),
    "workflow_without_url": (
        actions(element("workflow_button", workflow={"trigger": {}})),
        {"/elements/0/workflow/trigger": "missing required field: url"},
    ),
    "icon_button_in_actions": (
        actions(element("icon_button")),
        {"/elements/0/type": "unsupported type: icon_button"},
    ),
    "button_in_context_actions": (
        block("context_actions", elements=[element("button")]),
        {"/elements/0/type": "unsupported type: button"},
    ),
    "icon_button_of_unknown_icon": (
        block("context_actions", elements=[element("icon_button", icon="rocket")]),
        {"/elements/0/icon": "must be a valid enum value"},
    ),
    "feedback_without_negative": (
        block("context_actions", elements=[without(element("feedback_buttons"), "negative_button")]),
        {"/elements/0": "missing required field: negative_button"},
    ),
    # confirm
    "confirm_without_text": (
        actions(element("button", confirm={"title": plain()})),
        {"/elements/0/confirm": "missing required field: text"},
    ),
    "confirm_title_mrkdwn": (
        actions(element("button", confirm={"title": mrkdwn(), "text": mrkdwn()})),
        {"/elements/0/confirm/title/type": "unsupported type: mrkdwn"},
    ),
    "confirm_text_too_long": (
        actions(element("button", confirm={"title": plain(), "text": plain("x" * 301)})),
        {"/elements/0/confirm/text/text": "must be less than 301 characters"},
    ),
    "confirm_style_unknown": (
        actions(element("button", confirm={"title": plain(), "text": plain(), "style": "red"})),
        {"/elements/0/confirm/style": "must be a valid enum value"},
    ),
    # menus and options
    "select_with_101_options": (
        holding(element("static_select", options=options(101))),
        {"/element/options": "no more than 100 items allowed"},
    ),
    "checkboxes_with_eleven": (
        actions(element("checkboxes", options=options(11))),
        {"/elements/0/options": "no more than 10 items allowed"},
    ),
    "overflow_with_six": (
        actions(element("overflow", options=options(6))),
        {"/elements/0/options": "no more than 5 items allowed"},
    ),
    "select_option_mrkdwn": (
        holding(element("static_select", options=[{"text": mrkdwn(), "value": "a"}])),
        {"/element/options/0/text/type": "unsupported type: mrkdwn"},
    ),
    "option_without_value": (
        holding(element("static_select", options=[{"text": plain()}])),
        {"/element/options/0": "missing required field: value"},
    ),
    "option_with_label": (
        holding(element("static_select", options=[option(label="x")])),
        {"/element/options/0": "invalid additional property: label"},
    ),
    "select_option_with_url": (
        holding(element("static_select", options=[option(url="https://x")])),
        {"/element/options/0": "invalid additional property: url"},
    ),
    "option_value_is_a_number": (
        holding(element("static_select", options=[{"text": plain(), "value": 3}])),
        {"/element/options/0/value": "must provide a string"},
    ),
    "option_group_without_label": (
        holding({"type": "static_select", "option_groups": [{"options": options(1)}]}),
        {"/element/option_groups/0": "missing required field: label"},
    ),
    "option_group_empty": (
        holding({"type": "static_select", "option_groups": [group(0)]}),
        {"/element/option_groups/0/options": "must provide at least 1 items"},
    ),
    "users_select_with_initial_users": (
        holding(element("users_select", initial_users=["U1"])),
        {"/element": "invalid additional property: initial_users"},
    ),
    "multi_users_select_with_initial_user": (
        holding(element("multi_users_select", initial_user="U1")),
        {"/element": "invalid additional property: initial_user"},
    ),
    "initial_options_empty": (
        holding(element("checkboxes", initial_options=[])),
        {"/element/initial_options": "must provide at least 1 items"},
    ),
    "select_with_max_selected_items": (
        holding(element("static_select", max_selected_items=2)),
        {"/element": "invalid additional property: max_selected_items"},
    ),
    "filter_includes_unknown": (
        holding(element("conversations_select", filter={"include": ["dm"]})),
        {"/element/filter/include/0": "must be a valid enum value"},
    ),
    # inputs
    "input_without_element": (without(block("input"), "element"), {"": "missing required field: element"}),
    "input_without_label": (without(block("input"), "label"), {"": "missing required field: label"}),
    "input_label_mrkdwn": (inputs(label=mrkdwn()), {"/label/type": "unsupported type: mrkdwn"}),
    "input_with_button": (inputs(element=element("button")), {"/element/type": "unsupported type: button"}),
    "input_with_overflow": (inputs(element=element("overflow")), {"/element/type": "unsupported type: overflow"}),
    "input_optional_is_a_string": (inputs(optional="true"), {"/optional": UNSEEN}),
    "text_input_with_options": (
        inputs(element=element("plain_text_input", options=[])),
        {"/element": "invalid additional property: options"},
    ),
    "number_input_without_decimal_choice": (
        inputs(element={"type": "number_input"}),
        {"/element": "missing required field: is_decimal_allowed"},
    ),
    "dispatch_action_on_unknown": (
        inputs(element=element("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_blur"]})),
        {"/element/dispatch_action_config/trigger_actions_on/0": "must be a valid enum value"},
    ),
    "file_input_in_a_message": (
        inputs(element=element("file_input")),
        {"/element/type": "unsupported type: file_input"},
    ),
    # rich text
    "rich_text_without_elements": ({"type": "rich_text"}, {"": "missing required field: elements"}),
    "rich_text_holding_text": (
        rich({"type": "text", "text": "x"}),
        {"/elements/0/type": "unsupported type: text"},
    ),
    "rich_text_unknown_part": (
        part(type="bold", text="x"),
        {"/elements/0/elements/0/type": "unsupported type: bold"},
    ),
    "rich_text_style_is_a_string": (
        part(type="text", text="x", style="bold"),
        {"/elements/0/elements/0/style": "must provide an object"},
    ),
    "rich_text_link_without_url": (
        part(type="link", text="x"),
        {"/elements/0/elements/0": "missing required field: url"},
    ),
    "rich_text_broadcast_unknown": (
        part(type="broadcast", range="all"),
        {"/elements/0/elements/0/range": "must be a valid enum value"},
    ),
    "rich_text_list_without_style": (
        rich({"type": "rich_text_list", "elements": []}),
        {"/elements/0": "missing required field: style"},
    ),
    "rich_text_list_in_list": (
        rich(
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_list", "style": "bullet", "elements": []}],
            }
        ),
        {
            "/elements/0/elements/0/type": "must be a valid enum value",
            "/elements/0/elements/0": "invalid additional property: style",
        },
    ),
    # surfaces
    "alert_in_a_message": (block("alert"), {"/type": "unsupported type: alert"}),
    # cards and containers
    "card_title_is_a_string": (block("card", title="x"), {"/title": "must provide an object"}),
    "card_in_carousel_title_is_a_string": (
        block("carousel", elements=[{**CARD, "title": "x"}]),
        {"/elements/0/title": "must provide an object"},
    ),
    "carousel_with_section": (
        block("carousel", elements=[block("section")]),
        {"/elements/0/type": "unsupported type: section"},
    ),
    "slack_icon_without_name": (
        block("card", slack_icon={"type": "icon"}),
        {"/slack_icon": "missing required field: name"},
    ),
    "slack_icon_unknown": (
        block("card", slack_icon={"type": "icon", "name": "fire"}),
        {"/slack_icon/name": "must be a valid enum value"},
    ),
    "container_in_container": (
        block("container", child_blocks=[block("container")]),
        {"/child_blocks/0/type": "unsupported type: container"},
    ),
    "container_with_card": (
        block("container", child_blocks=[CARD]),
        {"/child_blocks/0/type": "unsupported type: card"},
    ),
    "container_child_broken": (
        block("container", child_blocks=[{"type": "section"}]),
        {"/child_blocks/0/type": "must define either `text` or `fields`"},
    ),
    "plan_title_is_a_text_object": (block("plan", title=plain()), {"/title": "must provide a string"}),
    "task_status_unknown": (
        block("plan", tasks=[{**TASK, "status": "done"}]),
        {"/tasks/0/status": "must be a valid enum value"},
    ),
    "task_output_is_a_section": (
        block("task_card", output=block("section")),
        {"/output/type": "unsupported type: section"},
    ),
    # tables and charts
    "number_cell_without_value": (
        block("table", rows=[[{"type": "raw_number", "text": "1"}]]),
        {"/rows/0/0": "missing required field: value"},
    ),
    "table_cell_is_a_string": (block("table", rows=[["x"]]), {"/rows/0/0": "must provide an object"}),
    "table_cell_mrkdwn": (block("table", rows=[[mrkdwn()]]), {"/rows/0/0/type": "unsupported type: mrkdwn"}),
    "table_with_page_size": (
        block("table", page_size=5),
        {"": "invalid additional property: page_size"},
    ),
    "table_align_unknown": (
        block("table", column_settings=[None, {"align": "middle"}]),
        {"/column_settings/1/align": "must be a valid enum value"},
    ),
    "data_table_without_caption": (
        {"type": "data_table", "rows": rows(2)},
        {"": "missing required field: caption"},
    ),
    "data_table_header_rich_text": (
        block("data_table", rows=[[rich_text()], [cell()]]),
        {"/rows/0/0/type": "unsupported type: rich_text"},
    ),
    "chart_of_unknown_type": (
        block("data_visualization", chart={**pie(), "type": "donut"}),
        {"/chart/type": "unsupported type: donut"},
    ),
    "chart_without_axes": (
        block("data_visualization", chart=without(chart(), "axis_config")),
        {"/chart": "missing required field: axis_config"},
    ),
}


def _said(problems: list[Problem], expected: dict[str, str]) -> dict[str, str]:
    """What was said at each pointer, and by no more than one problem."""
    assert len({problem.pointer for problem in problems}) == len(problems)
    return {
        problem.pointer: UNSEEN if expected.get(problem.pointer) == UNSEEN else problem.text for problem in problems
    }


def _lines(problems: list[Problem]) -> list[str]:
    return sorted(str(problem) for problem in problems)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_spoilt_block_is_refused(name: str) -> None:
    spoilt, said = BLOCKS[name]
    expected = {f"/blocks/0{at}": text for at, text in said.items()}
    assert _said(check_message([spoilt]), expected) == expected


# name: (view, what Slack says at which pointer)
VIEWS: dict[str, tuple[Any, dict[str, str]]] = {
    "view_is_a_string": ("modal", {"/view": "must provide an object"}),
    "view_of_unknown_type": (view(type="dialog"), {"/view/type": "unsupported type: dialog"}),
    "view_without_type": (without(view(), "type"), {"/view": "failed to match all allowed schemas"}),
    "modal_without_title": (without(view(), "title"), {"/view": "missing required field: title"}),
    "modal_without_blocks": (without(view(), "blocks"), {"/view": "missing required field: blocks"}),
    "modal_title_too_long": (
        view(title=plain("x" * 25)),
        {"/view/title/text": "must be less than 25 characters"},
    ),
    "modal_title_empty": (view(title=plain("")), {"/view/title/text": "must be more than 0 characters"}),
    "modal_title_is_a_string": (view(title="Incident"), {"/view/title": "must provide an object"}),
    "modal_title_mrkdwn": (view(title=mrkdwn()), {"/view/title/type": "unsupported type: mrkdwn"}),
    "modal_sent_back_with_its_id": (view(id="V1"), {"/view": "invalid additional property: id"}),
    "modal_with_submit_disabled": (
        view(submit_disabled=True),
        {"/view": "invalid additional property: submit_disabled"},
    ),
    "modal_notify_is_a_string": (view(notify_on_close="yes"), {"/view/notify_on_close": UNSEEN}),
    "modal_metadata_is_an_object": (view(private_metadata={}), {"/view/private_metadata": "must provide a string"}),
    "modal_without_submit": (
        without(view(blocks=[block("divider"), block("divider"), block("input")]), "submit"),
        {"/view/blocks/2/input": "must define `submit` to use an `input` block in modals"},
    ),
    "modal_with_too_many_fields": (
        view(blocks=[block("section", fields=[plain()] * 11)]),
        {"/view/blocks/0/fields": "no more than 10 items allowed"},
    ),
    "modal_with_chart": (
        view(blocks=[block("data_visualization")]),
        {"/view/blocks/0/type": "unsupported type: data_visualization"},
    ),
    "modal_with_markdown": (view(blocks=[block("markdown")]), {"/view/blocks/0/type": "unsupported type: markdown"}),
    "modal_with_file": (view(blocks=[block("file")]), {"/view/blocks/0/type": "unsupported type: file"}),
    "modal_with_workflow_button": (
        view(blocks=[actions(element("workflow_button"))]),
        {"/view/blocks/0/elements/0/type": "unsupported type: workflow_button"},
    ),
    "modal_without_any_block": (view(blocks=[]), {"/view/blocks": "must provide at least 1 items"}),
    "modal_blocks_is_a_string": (view(blocks="[]"), {"/view/blocks": UNSEEN}),
    "home_with_alert": (view(HOME, blocks=[block("alert")]), {"/view/blocks/0/type": "unsupported type: alert"}),
    "home_with_submit": (view(HOME, submit=plain()), {"/view": "invalid additional property: submit"}),
    "home_with_file_input": (
        view(HOME, blocks=[inputs(element=element("file_input"))]),
        {"/view/blocks/0/element/type": "unsupported type: file_input"},
    ),
    "two_problems_in_two_blocks": (
        view(blocks=[{"type": "section"}, block("header", text=plain(""))]),
        {
            "/view/blocks/0/type": "must define either `text` or `fields`",
            "/view/blocks/1/text/text": "must be more than 0 characters",
        },
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_spoilt_view_is_refused(name: str) -> None:
    spoilt, expected = VIEWS[name]
    assert _said(check_view(spoilt), expected) == expected


def test_blocks_of_attachments_are_judged_at_their_own_pointer() -> None:
    problems = check_message([block("divider")], attachments=[{"text": "legacy"}, {"blocks": [{"type": "section"}]}])
    assert _lines(problems) == ["must define either `text` or `fields` [json-pointer:/attachments/1/blocks/0/type]"]


def test_an_attachment_has_blocks_or_legacy_fields() -> None:
    [problem] = check_message(None, attachments=[{"blocks": [block("divider")], "text": "x", "color": "#fff"}])
    assert (problem.pointer, problem.text) == ("/attachments/0", "invalid_keys")


def test_messages_without_blocks_have_no_problems() -> None:
    assert check_message(None) == check_message([]) == []


def test_metadata_is_an_event_with_a_payload() -> None:
    assert check_metadata({"event_type": "incident_opened", "event_payload": {"id": 1}}) == []
    assert check_metadata({"entities": [{}]}) == []
    assert _lines(check_metadata({"event_type": "x"})) == [
        "missing required field: event_payload [json-pointer:/metadata]"
    ]
    assert _lines(check_metadata("x")) == ["must provide an object [json-pointer:/metadata]"]


def test_there_are_more_than_a_hundred_cases() -> None:
    assert len(BLOCKS) + len(VIEWS) > 100
