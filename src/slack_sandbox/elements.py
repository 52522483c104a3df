"""What interactive elements hold: their state in payloads, before and after a person touched them."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import Impossible

Json = dict[str, Any]

# Element type -> (key in the state, key of its initial value).
HOLDS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
_SEVERAL = {"selected_options", "selected_users", "selected_conversations", "selected_channels", "files"}
EXTERNAL = {"external_select", "multi_external_select"}


@dataclass(frozen=True)
class Placed:
    """An element where it stands."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element["action_id"])

    @property
    def is_input(self) -> bool:
        return self.block.get("type") == "input"

    @property
    def label(self) -> str:
        """What a person calls it: the input's label, the button's or section's text, the placeholder."""
        for source in (
            self.block.get("label"),
            self.element.get("text"),
            self.block.get("text"),
            self.element.get("placeholder"),
        ):
            if isinstance(source, dict) and source.get("text"):
                return str(source["text"])
        return self.action_id


def placed(blocks: list[Json]) -> Iterator[Placed]:
    """Every interactive element of these blocks, in reading order."""
    for block in blocks:
        candidates = [block.get("accessory"), block.get("element")]
        if block.get("type") in ("actions", "context_actions"):
            candidates += block.get("elements") or []
        for element in candidates:
            if isinstance(element, dict) and "action_id" in element:
                yield Placed(block, element)
        for nested in ("blocks", "children"):
            if isinstance(block.get(nested), list):
                yield from placed(block[nested])


def empty(element: Json) -> Json | None:
    """The untouched state; None for elements that hold nothing (buttons, overflow menus)."""
    held = HOLDS.get(element.get("type", ""))
    if held is None:
        return None
    key, initial = held
    value = element.get(initial)
    if value is None and key in _SEVERAL:
        value = []
    return {"type": element["type"], key: value}


def is_empty(state: Json) -> bool:
    return all(value in (None, "", []) for key, value in state.items() if key not in ("type", "timezone"))


def options(element: Json) -> list[Json]:
    found = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        found += group.get("options") or []
    return found


def choose(choices: list[Json], wanted: Any) -> Json:
    """The option a person means by its value or by its text."""
    if isinstance(wanted, dict):
        wanted = wanted.get("value")
    for key in ("value", "text"):
        for option in choices:
            shown = option.get("value") if key == "value" else (option.get("text") or {}).get("text")
            if shown == str(wanted):
                return option
    offered = ", ".join(str((option.get("text") or {}).get("text")) for option in choices)
    raise Impossible("no_such_option", f"{wanted!r} is not among: {offered}")


def filled(element: Json, value: Any, choices: list[Json]) -> Json:
    """The element's state once a person gave it `value`; `choices` are the options it shows."""
    kind = element["type"]
    key = HOLDS[kind][0]
    if value is None:
        return {"type": kind, key: [] if key in _SEVERAL else None}
    if key == "selected_option":
        return {"type": kind, key: choose(choices, value)}
    if key == "selected_options":
        wanted = value if isinstance(value, list) else [value]
        return {"type": kind, key: [choose(choices, one) for one in wanted]}
    if key in _SEVERAL:
        return {"type": kind, key: value if isinstance(value, list) else [value]}
    if key == "rich_text_value" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": kind, key: {"type": "rich_text", "elements": [section]}}
    if key == "selected_date_time":
        if not str(value).isdigit():
            raise Impossible("no_such_time", f"{value!r} is not a number of seconds")
        return {"type": kind, key: int(value)}
    if key == "selected_date":
        try:
            datetime.date.fromisoformat(str(value))
        except ValueError:
            raise Impossible("no_such_date", f"{value!r} is not YYYY-MM-DD") from None
    return {"type": kind, key: str(value) if key == "value" else value}


def complaint(place: Placed, state: Json) -> str | None:
    """What Slack itself says under an input before it bothers the app."""
    if is_empty(state):
        return None if place.block.get("optional") else "Please complete this required field."
    value = state.get("value")
    if not isinstance(value, str):
        limit = place.element.get("max_selected_items")
        chosen = next((held for held in state.values() if isinstance(held, list)), [])
        return f"You can only select up to {limit} items." if limit and len(chosen) > limit else None
    element = place.element
    longest = element.get("max_length", 3000)
    if element["type"] == "number_input":
        return _number_complaint(element, value)
    if len(value) > longest:
        return f"Must be no more than {longest} characters."
    if len(value) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters."
    if element["type"] == "email_text_input" and ("@" not in value or " " in value):
        return "Please enter a valid email address."
    if element["type"] == "url_text_input" and not value.startswith(("http://", "https://")):
        return "Please enter a valid URL."
    return None


def _number_complaint(element: Json, value: str) -> str | None:
    try:
        number = float(value) if element.get("is_decimal_allowed") else int(value)
    except ValueError:
        return "Please enter a valid number."
    if element.get("min_value") is not None and number < float(element["min_value"]):
        return f"Must be at least {element['min_value']}."
    if element.get("max_value") is not None and number > float(element["max_value"]):
        return f"Must be no more than {element['max_value']}."
    return None
