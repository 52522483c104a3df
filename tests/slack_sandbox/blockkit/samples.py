"""The smallest valid payload of every type, to be spoilt by the tests."""

from copy import deepcopy
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"


def plain(text: str = "text") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "text") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "a", **more: Any) -> dict[str, Any]:
    return {"text": plain(), "value": value, **more}


def options(count: int) -> list[dict[str, Any]]:
    return [option(f"o{n}") for n in range(count)]


def group(count: int = 1) -> dict[str, Any]:
    return {"label": plain("label"), "options": options(count)}


def rich_text() -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
    }


def cell(text: str = "x") -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


def rows(count: int, columns: int = 1, text: str = "x") -> list[list[dict[str, Any]]]:
    return [[cell(text) for _ in range(columns)] for _ in range(count)]


def chart(points: int = 1, series: int = 1) -> dict[str, Any]:
    names = [f"c{n}" for n in range(points)]
    data = [{"label": name, "value": 1} for name in names]
    return {
        "type": "bar",
        "series": [{"name": f"s{n}", "data": deepcopy(data)} for n in range(series)],
        "axis_config": {"categories": names},
    }


def pie(segments: int = 1) -> dict[str, Any]:
    return {"type": "pie", "segments": [{"label": f"s{n}", "value": 1} for n in range(segments)]}


CONFIRM = {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain()}
WORKFLOW = {"trigger": {"url": "https://slack.com/shortcuts/x/y"}}
FEEDBACK = {"text": plain(), "value": "v"}
IMAGE = {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "alt"}

ELEMENTS: dict[str, dict[str, Any]] = {
    "button": {"type": "button", "text": plain()},
    "image": IMAGE,
    "overflow": {"type": "overflow", "options": options(1)},
    "checkboxes": {"type": "checkboxes", "options": options(1)},
    "radio_buttons": {"type": "radio_buttons", "options": options(1)},
    "static_select": {"type": "static_select", "options": options(1)},
    "multi_static_select": {"type": "multi_static_select", "options": options(1)},
    "number_input": {"type": "number_input", "is_decimal_allowed": False},
    "workflow_button": {"type": "workflow_button", "text": plain(), "workflow": WORKFLOW},
    "feedback_buttons": {"type": "feedback_buttons", "positive_button": FEEDBACK, "negative_button": FEEDBACK},
    "icon_button": {"type": "icon_button", "icon": "trash", "text": plain()},
    **{
        name: {"type": name}
        for name in (
            "external_select",
            "multi_external_select",
            "users_select",
            "multi_users_select",
            "conversations_select",
            "multi_conversations_select",
            "channels_select",
            "multi_channels_select",
            "datepicker",
            "timepicker",
            "datetimepicker",
            "plain_text_input",
            "email_text_input",
            "url_text_input",
            "rich_text_input",
            "file_input",
        )
    },
}

CARD = {"type": "card", "title": mrkdwn()}
TASK = {"type": "task_card", "task_id": "t", "title": "title", "status": "complete"}
BLOCKS: dict[str, dict[str, Any]] = {
    "section": {"type": "section", "text": mrkdwn()},
    "divider": {"type": "divider"},
    "header": {"type": "header", "text": plain()},
    "context": {"type": "context", "elements": [mrkdwn()]},
    "actions": {"type": "actions", "elements": [ELEMENTS["button"]]},
    "input": {"type": "input", "label": plain(), "element": ELEMENTS["plain_text_input"]},
    "image": IMAGE,
    "rich_text": rich_text(),
    "call": {"type": "call", "call_id": "R1"},
    "file": {"type": "file", "external_id": "x", "source": "remote"},
    "video": {
        "type": "video",
        "alt_text": "alt",
        "title": plain(),
        "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t",
    },
    "markdown": {"type": "markdown", "text": "x"},
    "table": {"type": "table", "rows": rows(1)},
    "alert": {"type": "alert", "text": plain()},
    "card": CARD,
    "carousel": {"type": "carousel", "elements": [CARD]},
    "container": {"type": "container", "title": plain(), "child_blocks": [{"type": "divider"}]},
    "context_actions": {"type": "context_actions", "elements": [ELEMENTS["icon_button"]]},
    "plan": {"type": "plan", "title": "title", "tasks": [TASK]},
    "task_card": TASK,
    "data_table": {"type": "data_table", "caption": "caption", "rows": rows(2)},
    "data_visualization": {"type": "data_visualization", "title": "title", "chart": pie()},
}

MODAL = {"type": "modal", "title": plain("title"), "submit": plain("Save"), "blocks": [{"type": "divider"}]}
HOME = {"type": "home", "blocks": [{"type": "divider"}]}


def block(kind: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(BLOCKS[kind]), **changes}


def element(kind: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(ELEMENTS[kind]), **changes}


def view(base: dict[str, Any] = MODAL, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(base), **changes}


def holding(one: dict[str, Any]) -> dict[str, Any]:
    """A block of a modal or message in which the element may stand."""
    kind = one["type"]
    if kind in ("feedback_buttons", "icon_button"):
        return block("context_actions", elements=[one])
    if kind in ("button", "overflow", "workflow_button"):
        return block("actions", elements=[one])
    if kind == "image":
        return block("context", elements=[one])
    return block("input", element=one)
