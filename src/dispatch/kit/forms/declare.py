"""The declaration of a form: a pydantic model whose fields say how a person is asked for them.

A model of settings needs no such words: its types say it, its titles and descriptions are the labels and helps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date as day
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dispatch.kit import clock

Kind = Literal["text", "long_text", "choice", "search", "person", "switch", "number", "date", "moment", "secret"]


@dataclass(frozen=True)
class Option:
    """One choice: what is stored, what is read, and help about it."""

    value: str
    label: str
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Input:
    """How a person is asked for one field.

    `reload`: other fields depend on it, so a change renders the form again at once.
    `depends_on`: the key of the field its options belong to.
    `source`: the name of the search that answers while typing.
    """

    kind: Kind
    label: str
    help: str = ""
    placeholder: str = ""
    max_length: int | None = None
    reload: bool = False
    depends_on: str | None = None
    source: str | None = None
    least: float | None = None
    most: float | None = None
    # Known only once the model is built: see `inputs`.
    key: str = ""
    required: bool = True
    many: bool = False
    whole: bool = False
    default: Any = None
    group: str = ""


class Form(BaseModel):
    """Base of all forms. A field without a default is required, unless its type admits None."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        late = [info for info in cls.model_fields.values() if _gets_default(info)]
        for info in late:
            info.default = None if _admits_none(info) else _nothing(info)
        if late:
            cls.model_rebuild(force=True)


@cache
def inputs(form: type[BaseModel]) -> Mapping[str, Input]:
    """The inputs of a form by key, in the order of their declaration; fields declared otherwise are not asked for.

    Of a model that is no `Form` all fields are asked for, each by its type; `json_schema_extra={"group": ...}` puts
    fields under a heading.
    """
    if not issubclass(form, Form):
        return {key: _setting(key, info) for key, info in form.model_fields.items()}
    return {key: _input(key, info) for key, info in form.model_fields.items() if "form" in _extra(info)}


def enum_choices(form: type[BaseModel]) -> dict[str, list[Option]]:
    """The options of fields whose type is an enum, by key."""
    bare = {key: _bare(info.annotation) for key, info in form.model_fields.items()}
    return {
        key: [Option(str(each.value), str(each.value)) for each in kind]
        for key, kind in bare.items()
        if isinstance(kind, type) and issubclass(kind, Enum)
    }


def text(
    label: str,
    *,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    max_length: int | None = 200,
    depends_on: str | None = None,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """One line of text."""
    asked = Input(
        kind="text", label=label, help=help, placeholder=placeholder, max_length=max_length, depends_on=depends_on
    )
    return _field(asked, default, required, max_length=max_length)


def long_text(
    label: str,
    *,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    max_length: int | None = 40_000,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """Several lines. A modal takes 3,000 characters; a longer text is edited on the web."""
    asked = Input(kind="long_text", label=label, help=help, placeholder=placeholder, max_length=max_length)
    return _field(asked, default, required, max_length=max_length)


def choice(
    label: str,
    *,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    reload: bool = False,
    depends_on: str | None = None,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """One of the options given when it is rendered; several when the type is a list."""
    asked = Input(kind="choice", label=label, help=help, placeholder=placeholder, reload=reload, depends_on=depends_on)
    return _field(asked, default, required)


def search(
    label: str,
    *,
    source: str,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """One or several (when the type is a list) found while typing."""
    return _field(
        Input(kind="search", label=label, help=help, placeholder=placeholder, source=source), default, required
    )


def person(
    label: str,
    *,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """A person: a Slack id from a modal, one of the given options from HTML."""
    return _field(Input(kind="person", label=label, help=help, placeholder=placeholder), default, required)


def switch(label: str, *, default: bool = False, help: str = "") -> Any:
    """Yes or no."""
    return _field(Input(kind="switch", label=label, help=help), default, False)


def number(
    label: str,
    *,
    default: Any = PydanticUndefined,
    required: bool | None = None,
    least: float | None = None,
    most: float | None = None,
    placeholder: str = "",
    help: str = "",
) -> Any:
    """A number, whole when the type is int; `least` and `most` are allowed themselves."""
    asked = Input(kind="number", label=label, help=help, placeholder=placeholder, least=least, most=most)
    return _field(asked, default, required, ge=least, le=most)


def date(label: str, *, default: Any = PydanticUndefined, required: bool | None = None, help: str = "") -> Any:
    """A day."""
    return _field(Input(kind="date", label=label, help=help), default, required)


def moment(label: str, *, default: Any = PydanticUndefined, required: bool | None = None, help: str = "") -> Any:
    """A day and a time, from 1970 to 9000. Slack asks for it in the person's own zone; HTML in UTC, so say so in `help`
    there."""
    return _field(Input(kind="moment", label=label, help=help), default, required, ge=clock.EARLIEST, le=clock.LATEST)


def secret(label: str, *, default: Any = PydanticUndefined, required: bool | None = None, help: str = "") -> Any:
    """Write-only, HTML only: shown as "set", unchanged when nothing is sent."""
    return _field(Input(kind="secret", label=label, help=help), default, required, repr=False)


def _field(asked: Input, default: Any, required: bool | None, **more: Any) -> Any:
    extra: dict[str, Any] = {"form": asdict(asked) | {"required": required}}
    given = {key: value for key, value in more.items() if value is not None}
    make = cast("Callable[..., Any]", Field)
    return make(default, title=asked.label, json_schema_extra=extra, **given)


def _input(key: str, info: FieldInfo) -> Input:
    bare = _bare(info.annotation)
    asked = _extra(info)["form"]
    return Input(
        **asked
        | {
            "key": key,
            "required": _is_required(info) if asked["required"] is None else asked["required"],
            "many": get_origin(bare) in {list, tuple, set, frozenset},
            "whole": bare is int,
            "default": None if info.is_required() else info.get_default(call_default_factory=True, validated_data={}),
        }
    )


def _setting(key: str, info: FieldInfo) -> Input:
    bare = _bare(info.annotation)
    kind = _kind(bare)
    return Input(
        kind=kind,
        label=info.title or key,
        help=info.description or "",
        key=key,
        required=kind != "switch" and _is_required(info),
        whole=bare is int,
        least=_bound(info, "ge"),
        most=_bound(info, "le"),
        default=None if info.is_required() else info.get_default(call_default_factory=True, validated_data={}),
        group=str(_extra(info).get("group", "")),
    )


def _kind(bare: Any) -> Kind:
    if not isinstance(bare, type):
        raise TypeError(f"no input for {bare}: use bool, int, float, str, SecretStr, date or an enum")
    for types, kind in _KINDS.items():
        if issubclass(bare, types):
            return kind
    raise TypeError(f"no input for {bare}: use bool, int, float, str, SecretStr, date or an enum")


# In this order: True is an int, a text enum is a str, and a moment is a date.
_KINDS: Mapping[type | tuple[type, ...], Kind] = {
    bool: "switch",
    Enum: "choice",
    SecretStr: "secret",
    (int, float): "number",
    datetime: "moment",
    day: "date",
    str: "text",
}


def _bound(info: FieldInfo, name: str) -> float | None:
    return next((getattr(each, name) for each in info.metadata if getattr(each, name, None) is not None), None)


def _extra(info: FieldInfo) -> dict[str, Any]:
    extra = info.json_schema_extra
    return cast("dict[str, Any]", extra) if isinstance(extra, dict) else {}


def _gets_default(info: FieldInfo) -> bool:
    asked = _extra(info).get("form")
    return asked is not None and info.is_required() and (_admits_none(info) or asked["required"] is False)


def _is_required(info: FieldInfo) -> bool:
    """With a default that is something and a type that does not admit None, emptying it is a mistake too."""
    if info.is_required():
        return True
    default = info.get_default()
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    return not (_admits_none(info) or plain in ("", None, []))


def _admits_none(info: FieldInfo) -> bool:
    return NoneType in get_args(info.annotation)


def _nothing(info: FieldInfo) -> Any:
    """The empty value of a field that may be left out: no text, no items."""
    bare = _bare(info.annotation)
    return (get_origin(bare) or bare)()


def _bare(annotation: Any) -> Any:
    """The type without None."""
    rest = [each for each in get_args(annotation) if each is not NoneType]
    return rest[0] if NoneType in get_args(annotation) and len(rest) == 1 else annotation
