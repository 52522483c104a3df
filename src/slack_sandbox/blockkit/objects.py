"""Composition objects: the pieces that blocks and elements share."""

import re
from collections.abc import Mapping

from .rules import either, not_both
from .schema import Check, Choice, Fields, Flag, Found, Items, Json, Kinds, Rule, Text, say

ACTION_ID = BLOCK_ID = Text(255)
URL = Text(3000, least=1)


def plain_text(most: int = 3000, *, least: int = 1) -> Kinds:
    """A text object that has to be `plain_text`."""
    return Kinds({"plain_text": _plain(most, least)})


def mrkdwn(most: int = 3000) -> Kinds:
    return Kinds({"mrkdwn": _mrkdwn(most)})


def any_text(most: int = 3000) -> Kinds:
    return Kinds({"plain_text": _plain(most, 1), "mrkdwn": _mrkdwn(most)})


def _plain(most: int, least: int) -> Fields:
    return Fields({"type": Text(), "text": Text(most, least), "emoji": Flag()}, needs=("text",))


def _mrkdwn(most: int) -> Fields:
    return Fields({"type": Text(), "text": Text(most, 1), "verbatim": Flag()}, needs=("text",))


CONFIRM = Fields(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": Choice(("primary", "danger")),
    },
    needs=("title", "text"),  # `confirm` and `deny` have defaults
)


def option(text: Check, description: Check, **more: Check) -> Fields:
    return Fields({"text": text, "value": Text(150), "description": description, **more}, needs=("text", "value"))


# Select menus take plain text only; lists of boxes and buttons also take mrkdwn; only overflow menus take links.
MENU_OPTION = option(plain_text(75), plain_text(75))
BOX_OPTION = option(any_text(75), any_text(75))
OVERFLOW_OPTION = option(plain_text(75), plain_text(75), url=URL)

OPTION_GROUP = Fields(
    {"label": plain_text(75), "options": Items(MENU_OPTION, most=100, least=1)}, needs=("label", "options")
)

_CONVERSATION_KINDS = ("im", "mpim", "private", "public")
CONVERSATION_FILTER = Fields(
    {
        "include": Items(Choice(_CONVERSATION_KINDS), least=1),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    },
    rules=(either("include", "exclude_external_shared_channels", "exclude_bot_users"),),
)

DISPATCH_ACTION_CONFIG = Fields(
    {"trigger_actions_on": Items(Choice(("on_enter_pressed", "on_character_entered")), least=1)},
    needs=("trigger_actions_on",),
)

SLACK_FILE = Fields({"id": Text(least=1), "url": URL}, rules=(either("id", "url"), not_both("id", "url")))

INPUT_PARAMETER = Fields({"name": Text(least=1), "value": Text()}, needs=("name", "value"))
TRIGGER = Fields({"url": URL, "customizable_input_parameters": Items(INPUT_PARAMETER)}, needs=("url",))
WORKFLOW = Fields({"trigger": TRIGGER}, needs=("trigger",))

DATE = Text(pattern=re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"), says="must be in the format YYYY-MM-DD")
TIME = Text(pattern=re.compile(r"([01]\d|2[0-3]):[0-5]\d"), says="must be in the format HH:mm")


def offered(value: Mapping[str, Json]) -> list[Json]:
    """Every option of a menu, those inside its groups included."""
    options = value.get("options")
    offers: list[Json] = list(options) if isinstance(options, list) else []
    groups = value.get("option_groups")
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict) and isinstance(inside := group.get("options"), list):
            offers += inside
    return offers


def _likeness(value: Json) -> tuple[Json, ...]:
    """What two options must share to be the same one: flat, so that odd nesting can do no harm."""
    if not isinstance(value, dict):
        return ()
    texts = (value.get("text"), value.get("description"))
    parts = [(part.get("type"), part.get("text")) if isinstance(part, dict) else () for part in texts]
    flat = [value.get("value"), *(item for part in parts for item in part)]
    return tuple(item for item in flat if item is None or isinstance(item, str))


def initial_is_offered(name: str) -> Rule:
    """`initial_option` (one) or `initial_options` (several) must be among the options."""

    def rule(value: Mapping[str, Json], here: str, found: Found) -> None:
        if name not in value:
            return
        offers = {_likeness(offer) for offer in offered(value)}
        given = value[name]
        chosen = [("", given)] if isinstance(given, dict) else []
        if isinstance(given, list):
            chosen = [(f"/{index}", item) for index, item in enumerate(given)]
        for at, item in chosen:
            if isinstance(item, dict) and _likeness(item) not in offers:
                say(found, f"{here}/{name}{at}", f"`{name}` must be one of the options", type="enum")  # unverified

    return rule
