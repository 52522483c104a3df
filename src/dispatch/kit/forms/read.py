"""From raw values to a form, or to what the person has to correct."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dispatch.kit import clock
from dispatch.kit.errors import Invalid
from dispatch.kit.forms.declare import Form, Input, Option, inputs

F = TypeVar("F", bound=Form)


class FormErrors(Invalid, ValueError):
    """What has to be corrected, by field; the key "" is about the form as a whole. Holds no value that was typed."""

    def __init__(self, by_field: Mapping[str, str], *, labels: Mapping[str, str] | None = None) -> None:
        self.by_field = dict(by_field)
        self.labels = dict(labels or {})
        super().__init__(" ".join(self._named(key) for key in self.by_field), field=next(iter(self.by_field), None))

    def for_modal(self, view: Mapping[str, Any]) -> dict[str, str]:
        """Messages by block_id. Slack takes only input blocks that are there: the rest is said at the first.

        Empty when the modal has no input; the caller then has to show `str(error)`.
        """
        blocks = [each["block_id"] for each in view.get("blocks", ()) if each.get("type") == "input"]
        known = {block_id.split("@", 1)[0]: block_id for block_id in blocks}
        shown = {known[key]: message for key, message in self.by_field.items() if key in known}
        rest = [self._named(key) for key in self.by_field if key not in known]
        if rest and blocks:
            shown[blocks[0]] = " ".join([*filter(None, [shown.get(blocks[0])]), *rest])
        return shown

    def _named(self, key: str) -> str:
        label = self.labels.get(key)
        return f"{label}: {self.by_field[key]}" if label else self.by_field[key]


def read(form: type[F], values: Mapping[str, Any], *, choices: Mapping[str, Sequence[Option]] | None = None) -> F:
    """The form made of raw values (texts, lists of texts, True and False).

    Args:
        form: the declaration.
        values: raw values by key; what is missing takes its default.
        choices: when given, a value of a `choice` that is not among its options is refused.

    Raises:
        FormErrors: something has to be corrected.
    """
    asked = inputs(form)
    cleaned = {
        key: _in_utc(clean(value)) if key in asked and asked[key].kind == "moment" else clean(value)
        for key, value in values.items()
    }
    wrong = {key: _ask(each) for key, each in asked.items() if _lacks(each, cleaned)}
    for key, each in asked.items():
        if key not in wrong and choices is not None and each.kind == "choice" and _unknown(each, cleaned, choices):
            wrong[key] = "That choice is not available any more; please choose again."
    try:
        made = form.model_validate(
            {key: value for key, value in cleaned.items() if not _default_applies(asked, key, value)}
        )
    except ValidationError as error:
        wrong = explain(form, error) | wrong
    else:
        if not wrong:
            return made
    ordered = {key: wrong[key] for key in [*asked, *(set(wrong) - set(asked))] if key in wrong}
    # Without its cause: a validation error quotes what was typed.
    raise FormErrors(ordered, labels={key: each.label for key, each in asked.items()}) from None


def explain(form: type[BaseModel], error: ValidationError) -> dict[str, str]:
    """A validation error in plain English, by field."""
    asked = inputs(form)
    told: dict[str, str] = {}
    for each in error.errors(include_url=False):
        key = str(each["loc"][0]) if each["loc"] else ""
        told.setdefault(key, _sentence(each, asked.get(key)))
    return told


def clean(value: Any) -> Any:
    """Trimmed, with plain line ends and without what a database cannot store; None for nothing."""
    if isinstance(value, str):
        usable = value.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "ignore").decode()
        return usable.strip() or None
    if isinstance(value, list | tuple):
        return [usable for each in value if (usable := clean(each)) is not None]
    return value


def _in_utc(value: Any) -> Any:
    """A moment a browser sent without its zone is in UTC; the form says so."""
    return (
        f"{value}+00:00"
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", value)
        else value
    )


def plain(value: Any) -> Any:
    """Numbers and days as text; enum members by their value."""
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()[:10]
    if value is None or isinstance(value, bool | str):
        return getattr(value, "value", value)
    return str(getattr(value, "value", value))


def _lacks(asked: Input, values: Mapping[str, Any]) -> bool:
    return asked.required and values.get(asked.key, asked.default) in (None, "", [])


def _default_applies(asked: Mapping[str, Input], key: str, value: Any) -> bool:
    # An emptied field is empty, not its default: only where the type cannot hold nothing does the empty default help.
    return value is None and key in asked and not asked[key].required and asked[key].default in ("", None, [])


def _unknown(asked: Input, values: Mapping[str, Any], choices: Mapping[str, Sequence[Option]]) -> bool:
    value = values.get(asked.key)
    picked = value if isinstance(value, list) else [value] if value is not None else []
    return bool(set(picked) - {each.value for each in choices.get(asked.key, ())})


def _sentence(error: ErrorDetails, asked: Input | None) -> str:
    context = error.get("ctx", {})
    kind = error["type"]
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", error["msg"])).strip() or "Please check this."
    if kind == "missing" or (kind in {"string_type", "string_too_short", "too_short"} and not error["input"]):
        return _ask(asked) if asked else "This is missing."
    if kind == "string_too_long":
        return f"At most {context['max_length']:,} characters; this has {len(error['input']):,}."
    if kind == "string_too_short":
        return f"At least {context['min_length']:,} characters; this has {len(error['input']):,}."
    if asked is not None and asked.kind == "moment" and kind in {"greater_than_equal", "less_than_equal"}:
        return clock.OUT_OF_RANGE
    if kind == "greater_than_equal":
        return f"At least {context['ge']:g}."
    if kind == "less_than_equal":
        return f"At most {context['le']:g}."
    return _KINDS.get(kind.split("_")[0], error["msg"])


_KINDS = {
    "int": "Please give a whole number.",
    "float": "Please give a number.",
    "decimal": "Please give a number.",
    "date": "Please give a date, such as 2026-03-31.",
    "datetime": "Please give a date and time.",
    "url": "Please give a web address, such as https://example.com.",
    "literal": "That choice is not available any more; please choose again.",
    "enum": "That choice is not available any more; please choose again.",
    "bool": "Please answer yes or no.",
}


def name_of(asked: Input) -> str:
    """The label as it reads inside a sentence: "Signing Secret" is "signing secret", "App ID" is "app ID"."""
    return " ".join(word.lower() if word[1:].islower() or len(word) == 1 else word for word in asked.label.split())


def _ask(asked: Input) -> str:
    verb = "choose" if asked.kind in {"choice", "search", "person"} else "give"
    return f"Please {verb} {_article(name_of(asked), asked)}{name_of(asked)}."


def _article(name: str, asked: Input) -> str:
    if asked.many or (name.endswith("s") and not name.endswith(("ss", "us"))):
        return ""
    first = name.split(" ", 1)[0]
    spelled = first.isupper() and len(first) > 1
    vowel = name.startswith(tuple("AEFHILMNORSX")) if spelled else name.startswith(("a", "e", "i", "o", "un", "up"))
    return "an " if vowel else "a "
