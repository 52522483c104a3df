"""Rich text: the block of formatted text, from its sections down to a single emoji."""

from .schema import Check, Choice, Fields, Flag, Items, Kinds, Number, Text

_TYPE: dict[str, Check] = {"type": Text()}
_BASIC = {"bold": Flag(), "italic": Flag(), "strike": Flag(), "code": Flag(), "underline": Flag()}
# Mentions may also be highlighted; Slack itself puts these keys into what it sends.
_MENTION = {**_BASIC, "highlight": Flag(), "client_highlight": Flag(), "unlink": Flag()}
_STYLE = Fields(_BASIC)
_MENTION_STYLE = Fields(_MENTION)


def _part(needs: tuple[str, ...], **fields: Check) -> Fields:
    return Fields({**_TYPE, "style": _STYLE, **fields}, needs=needs)


PARTS: dict[str, Check] = {
    "text": _part(("text",), text=Text(least=1)),
    "link": _part(("url",), url=Text(least=1), text=Text(), unsafe=Flag()),
    "emoji": _part(("name",), name=Text(least=1), unicode=Text(), skin_tone=Number(), url=Text(), display_url=Text()),
    "user": _part(("user_id",), user_id=Text(least=1), style=_MENTION_STYLE),
    "usergroup": _part(("usergroup_id",), usergroup_id=Text(least=1), style=_MENTION_STYLE),
    "channel": _part(("channel_id",), channel_id=Text(least=1), style=_MENTION_STYLE),
    "team": _part(("team_id",), team_id=Text(least=1)),
    "broadcast": _part(("range",), range=Choice(("here", "channel", "everyone"))),
    "color": _part(("value",), value=Text(least=1)),
    "date": _part(
        ("timestamp", "format"), timestamp=Number(), format=Text(least=1), url=Text(least=1), fallback=Text()
    ),
}
_ANY_PART = Items(Kinds(PARTS))
_BORDER = Number(least=0)  # documented as 0 or 1; Slack's own payloads have higher ones
_SECTION = Fields({**_TYPE, "elements": _ANY_PART}, needs=("elements",))
# Lists hold sections only, so Slack calls the fields of a list within a list additional properties.
_LINE = Fields({"type": Choice(("rich_text_section",)), "elements": _ANY_PART}, needs=("type", "elements"))

RICH_TEXT_KINDS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_list": Fields(
        {
            **_TYPE,
            "elements": Items(_LINE),
            "style": Choice(("bullet", "ordered")),
            "indent": Number(least=0),  # upper limit unverified
            "offset": Number(least=0),
            "border": _BORDER,
        },
        needs=("elements", "style"),
    ),
    "rich_text_preformatted": Fields(
        {
            **_TYPE,
            "elements": Items(Kinds({name: PARTS[name] for name in ("text", "link", "emoji", "user", "channel")})),
            "border": _BORDER,
            "language": Text(),
        },
        needs=("elements",),
    ),
    "rich_text_quote": Fields({**_TYPE, "elements": _ANY_PART, "border": _BORDER}, needs=("elements",)),
}

RICH_TEXT = Fields({**_TYPE, "block_id": Text(255), "elements": Items(Kinds(RICH_TEXT_KINDS))}, needs=("elements",))
ONLY_RICH_TEXT = Kinds({"rich_text": RICH_TEXT})
# A rich text block; slackblocks' fixture starts with a single part instead, which is unverified.
RICH_TEXT_VALUE = Kinds({"rich_text": RICH_TEXT, **PARTS})
