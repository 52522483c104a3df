"""For every limit: how to build a payload of just that size, and where Slack would point if it is too much."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .samples import (
    CARD,
    CONFIRM,
    FEEDBACK,
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
    rows,
    view,
)


@dataclass(frozen=True)
class Subject:
    make: Callable[[int], Any]  # of a block, a list of blocks, or a view
    pointer: str
    surface: Literal["message", "modal"] = "message"


def s(size: int) -> str:
    """One character outside the basic plane is one code point, two UTF-16 units and four bytes."""
    return "😀" * size


def p(size: int) -> dict[str, Any]:
    return plain(s(size))


def on_block(kind: str, field: str, make: Callable[[int], Any], at: str = "", surface: Any = "message") -> Subject:
    return Subject(lambda n: block(kind, **{field: make(n)}), f"/0/{field}{at}", surface)


def on_element(kind: str, make: Callable[[int], dict[str, Any]], at: str, surface: Any = "message") -> Subject:
    where = "element" if "element" in holding(element(kind)) else "elements/0"
    return Subject(lambda n: holding(element(kind, **make(n))), f"/0/{where}/{at}", surface)


def on_view(field: str, make: Callable[[int], Any], at: str = "") -> Subject:
    return Subject(lambda n: view(**{field: make(n)}), f"/view/{field}{at}")


def on_chart(make: Callable[[int], dict[str, Any]], at: str) -> Subject:
    return Subject(lambda n: block("data_visualization", chart=make(n)), f"/0/chart/{at}")


def on_confirm(field: str) -> Subject:
    return on_element("button", lambda n: {"confirm": {**CONFIRM, field: p(n)}}, f"confirm/{field}/text")


def on_option(field: str, make: Callable[[int], Any], at: str = "") -> Subject:
    return on_element("static_select", lambda n: {"options": [option(**{field: make(n)})]}, f"options/0/{field}{at}")


def relabelled(n: int) -> dict[str, Any]:
    made = chart()
    made["series"][0]["data"][0]["label"] = made["axis_config"]["categories"][0] = s(n)
    return made


def renamed(n: int) -> dict[str, Any]:
    made = chart()
    made["series"][0]["name"] = s(n)
    return made


def titled(n: int) -> dict[str, Any]:
    made = chart()
    made["axis_config"]["y_label"] = s(n)
    return made


def buttons(n: int) -> list[dict[str, Any]]:
    return [element("button") for _ in range(n)]


LIMITS: dict[str, Subject] = {
    "text": on_block("section", "text", p, "/text"),
    "action_id": on_element("button", lambda n: {"action_id": s(n)}, "action_id"),
    "block_id": on_block("divider", "block_id", s),
    "button.text": on_element("button", lambda n: {"text": p(n)}, "text/text"),
    "button.url": on_element("button", lambda n: {"url": s(n)}, "url"),
    "button.value": on_element("button", lambda n: {"value": s(n)}, "value"),
    "button.accessibility_label": on_element("button", lambda n: {"accessibility_label": s(n)}, "accessibility_label"),
    "confirmation.title": on_confirm("title"),
    "confirmation.text": on_confirm("text"),
    "confirmation.confirm": on_confirm("confirm"),
    "confirmation.deny": on_confirm("deny"),
    "option.text": on_option("text", p, "/text"),
    "option.value": on_option("value", s),
    "option.description": on_option("description", p, "/text"),
    "option.url": on_element("overflow", lambda n: {"options": [option(url=s(n))]}, "options/0/url"),
    "option_group.label": Subject(
        lambda n: holding({"type": "static_select", "option_groups": [{**group(), "label": p(n)}]}),
        "/0/element/option_groups/0/label/text",
    ),
    "option_group.options": Subject(
        lambda n: holding({"type": "static_select", "option_groups": [group(n)]}),
        "/0/element/option_groups/0/options",
    ),
    "select.placeholder": on_element("static_select", lambda n: {"placeholder": p(n)}, "placeholder/text"),
    "select.options": on_element("static_select", lambda n: {"options": options(n)}, "options"),
    "select.option_groups": Subject(
        lambda n: holding({"type": "static_select", "option_groups": [group() for _ in range(n)]}),
        "/0/element/option_groups",
    ),
    "overflow.options": on_element("overflow", lambda n: {"options": options(n)}, "options"),
    "checkboxes.options": on_element("checkboxes", lambda n: {"options": options(n)}, "options"),
    "radio_buttons.options": on_element("radio_buttons", lambda n: {"options": options(n)}, "options"),
    "url_source.url": Subject(
        lambda n: block("task_card", sources=[{"type": "url", "url": s(n), "text": "x"}]), "/0/sources/0/url"
    ),
    "file_input.max_files": on_element("file_input", lambda n: {"max_files": n}, "max_files", "modal"),
    "plain_text_input.max_length": on_element("plain_text_input", lambda n: {"max_length": n}, "max_length"),
    "actions.elements": on_block("actions", "elements", buttons),
    "alert.text": on_block("alert", "text", p, "/text", "modal"),
    "card.title": on_block("card", "title", p, "/text"),
    "card.subtitle": on_block("card", "subtitle", p, "/text"),
    "card.body": on_block("card", "body", p, "/text"),
    "card.subtext": on_block("card", "subtext", p, "/text"),
    "card.actions": on_block("card", "actions", buttons),
    "carousel.elements": on_block("carousel", "elements", lambda n: [CARD] * n),
    "container.title": on_block("container", "title", p, "/text"),
    "container.subtitle": on_block("container", "subtitle", p, "/text"),
    "container.child_blocks": on_block("container", "child_blocks", lambda n: [{"type": "divider"}] * n),
    "context.elements": on_block("context", "elements", lambda n: [mrkdwn()] * n),
    "context_actions.elements": on_block("context_actions", "elements", lambda n: [element("icon_button")] * n),
    "feedback_button.text": on_element(
        "feedback_buttons", lambda n: {"positive_button": {**FEEDBACK, "text": p(n)}}, "positive_button/text/text"
    ),
    "feedback_button.value": on_element(
        "feedback_buttons", lambda n: {"negative_button": {**FEEDBACK, "value": s(n)}}, "negative_button/value"
    ),
    "feedback_button.accessibility_label": on_element(
        "feedback_buttons",
        lambda n: {"positive_button": {**FEEDBACK, "accessibility_label": s(n)}},
        "positive_button/accessibility_label",
    ),
    "icon_button.visible_to_user_ids": on_element(
        "icon_button", lambda n: {"visible_to_user_ids": ["U1"] * n}, "visible_to_user_ids"
    ),
    "data_table.rows": on_block("data_table", "rows", rows),
    "data_table.columns": on_block("data_table", "rows", lambda n: rows(2, n), "/1"),
    "data_table.page_size": on_block("data_table", "page_size", lambda n: n),
    "data_table.cell_text": on_block("data_table", "rows", lambda n: [[cell()], [cell(s(n))]], "/1/0/text"),
    "data_table.content": on_block("data_table", "rows", lambda n: [[cell()], [cell(s(n - 1))]]),
    "data_visualization.title": on_block("data_visualization", "title", s),
    "data_visualization.segments": on_chart(pie, "segments"),
    "data_visualization.segment.label": on_chart(
        lambda n: {"type": "pie", "segments": [{"label": s(n), "value": 1}]}, "segments/0/label"
    ),
    "data_visualization.segment.value": on_chart(
        lambda n: {"type": "pie", "segments": [{"label": "x", "value": n}]}, "segments/0/value"
    ),
    "data_visualization.series": on_chart(lambda n: chart(series=n), "series"),
    "data_visualization.series_name": on_chart(renamed, "series/0/name"),
    "data_visualization.data": on_chart(chart, "series/0/data"),
    "data_visualization.point_label": on_chart(relabelled, "series/0/data/0/label"),
    "data_visualization.categories": on_chart(chart, "axis_config/categories"),
    "data_visualization.category_label": on_chart(relabelled, "axis_config/categories/0"),
    "data_visualization.axis_label": on_chart(titled, "axis_config/y_label"),
    "header.text": on_block("header", "text", p, "/text"),
    "image.image_url": on_block("image", "image_url", s),
    "image.alt_text": on_block("image", "alt_text", s),
    "input.label": on_block("input", "label", p, "/text"),
    "input.hint": on_block("input", "hint", p, "/text"),
    "markdown.text": on_block("markdown", "text", s),
    "section.text": on_block("section", "text", p, "/text"),
    "section.fields": on_block("section", "fields", lambda n: [mrkdwn()] * n),
    "section.fields.item": on_block("section", "fields", lambda n: [p(n)], "/0/text"),
    "video.alt_text": on_block("video", "alt_text", s),
    "video.title": on_block("video", "title", p, "/text"),
    "video.author_name": on_block("video", "author_name", s),
    "video.description": on_block("video", "description", p, "/text"),
    "video.provider_name": on_block("video", "provider_name", s),
    "view.blocks": on_view("blocks", lambda n: [{"type": "divider"}] * n),
    "view.private_metadata": on_view("private_metadata", s),
    "view.callback_id": on_view("callback_id", s),
    "view.title": on_view("title", p, "/text"),
    "view.close": on_view("close", p, "/text"),
    "view.submit": on_view("submit", p, "/text"),
}

# Limits Slack documents or slack_sdk has, which slackblocks' limits.json does not list.
MORE: dict[str, tuple[Subject, dict[str, int]]] = {
    "message.blocks": (Subject(lambda n: [block("divider") for _ in range(n)], ""), {"max_items": 50}),
    "view.external_id": (on_view("external_id", s), {"max_length": 255}),
    "image.title": (on_block("image", "title", p, "/text"), {"max_length": 2000}),
    "image element.alt_text": (on_element("image", lambda n: {"alt_text": s(n)}, "alt_text"), {"max_length": 2000}),
    "card.hero_image.image_url": (
        on_block("card", "hero_image", lambda n: {**IMAGE, "image_url": s(n)}, "/image_url"),
        {"min_length": 1, "max_length": 3000},
    ),
    "button.agent_prompt": (
        on_element("button", lambda n: {"agent_prompt": s(n)}, "agent_prompt"),
        {"max_length": 4000},
    ),
    "icon_button.value": (on_element("icon_button", lambda n: {"value": s(n)}, "value"), {"max_length": 2000}),
    "plain_text_input.min_length": (
        on_element("plain_text_input", lambda n: {"min_length": n}, "min_length"),
        {"min": 0, "max": 3000},
    ),
    "multi_users_select.max_selected_items": (
        on_element("multi_users_select", lambda n: {"max_selected_items": n}, "max_selected_items"),
        {"min": 1},
    ),
    "datetimepicker.initial_date_time": (
        on_element("datetimepicker", lambda n: {"initial_date_time": n}, "initial_date_time"),
        {"min": 0, "max": 9_999_999_999},
    ),
    "plan.tasks": (on_block("plan", "tasks", lambda n: [TASK] * n), {"max_items": 50}),
    "table.rows": (on_block("table", "rows", rows), {"min_items": 1, "max_items": 100}),
    "table.columns": (on_block("table", "rows", lambda n: rows(1, n), "/0"), {"min_items": 1, "max_items": 20}),
    "table.column_settings": (
        on_block("table", "column_settings", lambda n: [{"align": "left"}] * n),
        {"max_items": 20},
    ),
    "table.content": (on_block("table", "rows", lambda n: [[cell(s(n))]]), {"max_length": 10_000}),
    "tables.content": (
        Subject(lambda n: [block("table"), block("table", rows=[[cell(s(n - 1))]])], "/1/rows"),
        {"max_length": 10_000},
    ),
    "markdowns.text": (
        Subject(lambda n: [block("markdown"), block("markdown", text=s(n - 1))], "/1/text"),
        {"max_length": 12_000},
    ),
}
