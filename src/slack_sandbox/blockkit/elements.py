"""Block elements: what stands inside blocks, and on which surface each may."""

from collections.abc import Mapping

from .objects import (
    ACTION_ID,
    BOX_OPTION,
    CONFIRM,
    CONVERSATION_FILTER,
    DATE,
    DISPATCH_ACTION_CONFIG,
    MENU_OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    SLACK_FILE,
    TIME,
    WORKFLOW,
    initial_is_offered,
    plain_text,
)
from .rich_text import RICH_TEXT_VALUE
from .rules import either, not_both, ordered
from .schema import Check, Choice, Fields, Flag, Items, Json, Number, Rule, Text, is_number

_ID: dict[str, Check] = {"type": Text(), "action_id": ACTION_ID}
_CONFIRM: dict[str, Check] = {"confirm": CONFIRM}
_FOCUS: dict[str, Check] = {"focus_on_load": Flag()}
_PLACEHOLDER: dict[str, Check] = {"placeholder": plain_text(150)}
_DISPATCH: dict[str, Check] = {"dispatch_action_config": DISPATCH_ACTION_CONFIG}
_STYLE = Choice(("primary", "danger"))
_LABEL = Text(75)
_PEOPLE = Items(Text(least=1))

_MENU = {**_ID, **_PLACEHOLDER, **_CONFIRM, **_FOCUS}
_MANY: dict[str, Check] = {"max_selected_items": Number(least=1)}
_OFFERS: dict[str, Check] = {
    "options": Items(MENU_OPTION, most=100, least=1),
    "option_groups": Items(OPTION_GROUP, most=100, least=1),
}
_OFFERS_RULES = (either("options", "option_groups"), not_both("options", "option_groups"))
_IDS = Items(Text(least=1), least=1)
_INITIAL_OPTIONS = Items(MENU_OPTION, most=100, least=1)
_INPUT = {**_ID, **_PLACEHOLDER, **_FOCUS}
_TYPED = {**_INPUT, **_DISPATCH}


def _boxes(*, many: bool) -> Fields:
    initial = "initial_options" if many else "initial_option"
    return Fields(
        {
            **_ID,
            **_CONFIRM,
            **_FOCUS,
            "options": Items(BOX_OPTION, most=10, least=1),
            initial: Items(BOX_OPTION, most=10, least=1) if many else BOX_OPTION,
        },
        needs=("options",),
        rules=(initial_is_offered(initial),),
    )


def _select(extra: Mapping[str, Check], *rules: Rule, many: bool = False) -> Fields:
    return Fields({**_MENU, **(_MANY if many else {}), **extra}, rules=rules)


def _image(**extra: Check) -> Fields:
    return Fields(
        {
            "type": Text(),
            "image_url": Text(3000, least=1),
            "slack_file": SLACK_FILE,
            "alt_text": Text(2000),
            **extra,
        },
        needs=("alt_text",),
        rules=(either("image_url", "slack_file"), not_both("image_url", "slack_file")),
    )


def _feedback() -> Fields:
    return Fields({"text": plain_text(75), "value": Text(2000), "accessibility_label": _LABEL}, needs=("text", "value"))


def _decimal(value: Json) -> float | None:
    """Slack takes the limits of a number input as strings."""
    if is_number(value):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


BUTTON = Fields(
    {
        **_ID,
        **_CONFIRM,
        "text": plain_text(75),
        "url": Text(3000),
        "value": Text(2000),
        "style": _STYLE,
        "accessibility_label": _LABEL,
        "agent_prompt": Text(4000),
        "agent_prompt_display": Text(),  # unverified: documented values unknown
        "visible_to_user_ids": _PEOPLE,
    },
    needs=("text",),
)
IMAGE = _image()
IMAGE_BLOCK = _image(block_id=Text(255), title=plain_text(2000))
OVERFLOW = Fields({**_ID, **_CONFIRM, "options": Items(OVERFLOW_OPTION, most=5, least=1)}, needs=("options",))

ELEMENTS: dict[str, Fields] = {
    "button": BUTTON,
    "image": IMAGE,
    "overflow": OVERFLOW,
    "checkboxes": _boxes(many=True),
    "radio_buttons": _boxes(many=False),
    "static_select": _select(
        {**_OFFERS, "initial_option": MENU_OPTION}, *_OFFERS_RULES, initial_is_offered("initial_option")
    ),
    "multi_static_select": _select(
        {**_OFFERS, "initial_options": _INITIAL_OPTIONS},
        *_OFFERS_RULES,
        initial_is_offered("initial_options"),
        many=True,
    ),
    "external_select": _select({"min_query_length": Number(least=0), "initial_option": MENU_OPTION}),
    "multi_external_select": _select(
        {"min_query_length": Number(least=0), "initial_options": _INITIAL_OPTIONS}, many=True
    ),
    "users_select": _select({"initial_user": Text(least=1)}),
    "multi_users_select": _select({"initial_users": _IDS}, many=True),
    "conversations_select": _select(
        {
            "initial_conversation": Text(least=1),
            "default_to_current_conversation": Flag(),
            "response_url_enabled": Flag(),
            "filter": CONVERSATION_FILTER,
        }
    ),
    "multi_conversations_select": _select(
        {
            "initial_conversations": _IDS,
            "default_to_current_conversation": Flag(),
            "filter": CONVERSATION_FILTER,
        },
        many=True,
    ),
    "channels_select": _select({"initial_channel": Text(least=1), "response_url_enabled": Flag()}),
    "multi_channels_select": _select({"initial_channels": _IDS}, many=True),
    "datepicker": Fields({**_MENU, "initial_date": DATE}),
    "timepicker": Fields({**_MENU, "initial_time": TIME, "timezone": Text(least=1)}),
    "datetimepicker": Fields({**_ID, **_CONFIRM, **_FOCUS, "initial_date_time": Number(least=0, most=9_999_999_999)}),
    "plain_text_input": Fields(
        {
            **_TYPED,
            "initial_value": Text(3000),
            "multiline": Flag(),
            "min_length": Number(least=0, most=3000),
            "max_length": Number(least=1, most=3000),
        },
        rules=(ordered("min_length", "max_length"),),
    ),
    "email_text_input": Fields({**_TYPED, "initial_value": Text()}),
    "url_text_input": Fields({**_TYPED, "initial_value": Text()}),
    "number_input": Fields(
        {
            **_TYPED,
            "is_decimal_allowed": Flag(),
            "initial_value": Text(),
            "min_value": Text(),
            "max_value": Text(),
        },
        needs=("is_decimal_allowed",),
        rules=(ordered("min_value", "max_value", read=_decimal),),
    ),
    "rich_text_input": Fields(
        {
            **_TYPED,
            "initial_value": RICH_TEXT_VALUE,
            "min_lines": Number(least=1),  # unverified: range not documented
            "max_lines": Number(least=1),
        }
    ),
    "file_input": Fields(
        {**_ID, "filetypes": Items(Text(least=1)), "max_files": Number(least=1, most=10)},
    ),
    "workflow_button": Fields(
        {**_ID, "text": plain_text(75), "workflow": WORKFLOW, "style": _STYLE, "accessibility_label": _LABEL},
        needs=("text", "workflow"),
    ),
    "feedback_buttons": Fields(
        {**_ID, "positive_button": _feedback(), "negative_button": _feedback()},
        needs=("positive_button", "negative_button"),
    ),
    "icon_button": Fields(
        {
            **_ID,
            **_CONFIRM,
            "icon": Choice(("trash",)),
            "text": plain_text(),
            "value": Text(2000),
            "accessibility_label": _LABEL,
            "visible_to_user_ids": Items(Text(least=1), most=10),
        },
        needs=("icon", "text"),
    ),
}

_MENUS = tuple(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS = ("datepicker", "timepicker", "datetimepicker")
_BOXES = ("checkboxes", "radio_buttons")

IN_SECTION = ("button", "image", "overflow", "workflow_button", *_BOXES, *_MENUS, "datepicker", "timepicker")
IN_ACTIONS = ("button", "overflow", "workflow_button", "rich_text_input", *_BOXES, *_MENUS, *_PICKERS)
IN_INPUT = (
    *_BOXES,
    *_MENUS,
    *_PICKERS,
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
)
IN_CONTEXT_ACTIONS = ("feedback_buttons", "icon_button")

# Elements that not every surface has; all others stand wherever their block does.
_SURFACES = {"workflow_button": ("message",), "file_input": ("modal",)}


def kinds(names: tuple[str, ...], surface: str) -> dict[str, Check]:
    """The elements of `names` that `surface` has."""
    return {name: ELEMENTS[name] for name in names if surface in _SURFACES.get(name, (surface,))}
