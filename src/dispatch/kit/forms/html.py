"""A form as data for an HTML template, and back from what the browser sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from dispatch.kit.forms.declare import Input, Kind, Option, inputs
from dispatch.kit.forms.read import F, plain, read

#: Appended to the key of a secret: the name of the checkbox that takes the secret away.
REMOVE = ".remove"


class MultiDict(Protocol):
    """What of starlette's FormData is used."""

    def getlist(self, key: Any, /) -> list[Any]: ...


Sent = MultiDict | Mapping[str, Sequence[str] | str]


@dataclass(frozen=True)
class HtmlOption:
    value: str
    label: str
    description: str | None
    selected: bool


@dataclass(frozen=True)
class HtmlField:
    """One field. `value` is a text, a list of texts, or True/False; a secret never has one, only `is_set`.

    `max_length` counts code points: show it, but do not make it a maxlength attribute, which counts an emoji twice.
    """

    key: str
    label: str
    kind: Kind
    required: bool
    help: str
    placeholder: str
    max_length: int | None
    value: Any
    options: list[HtmlOption]
    error: str | None
    reload: bool
    source: str | None
    many: bool
    whole: bool
    least: float | None
    most: float | None
    is_set: bool
    remove: str | None
    group: str = ""


@dataclass(frozen=True)
class HtmlForm:
    """All fields in order, and what is wrong with the form as a whole."""

    fields: list[HtmlField]
    errors: list[str] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, list[HtmlField]]]:
        """The fields under their headings, in order; those without one first."""
        found: dict[str, list[HtmlField]] = {}
        for each in self.fields:
            found.setdefault(each.group, []).append(each)
        return list(found.items())


def to_html(
    form: type[BaseModel],
    *,
    choices: Mapping[str, Sequence[Option]],
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> HtmlForm:
    """The form for a template.

    Args:
        form: the declaration.
        choices: options by key; for a `search` those of the present values, so that they have labels.
        values: present values by key, such as `html_values` gives. Of a secret only whether there is one is used.
        errors: `FormErrors.by_field`.
    """
    asked = inputs(form)
    present = {key: each.default for key, each in asked.items()} | dict(values or {})
    wrong = dict(errors or {})
    fields = [_field(each, choices.get(key, ()), present.get(key), wrong.get(key)) for key, each in asked.items()]
    return HtmlForm(fields, [message for key, message in wrong.items() if key not in asked])


def html_values(form: type[BaseModel], data: Sent) -> dict[str, Any]:
    """Raw values by key, for rendering again. An unticked switch and an empty list send nothing, and mean just that."""
    found: dict[str, Any] = {}
    for key, asked in inputs(form).items():
        sent = _sent(data, key)
        if asked.kind == "switch":
            found[key] = bool(sent) and sent[-1].lower() not in {"", "0", "off", "false", "no"}
        elif asked.many:
            found[key] = [each for each in sent if each.strip()]
        elif asked.kind == "secret":
            found |= _secret(data, key, sent)
        elif sent:
            found[key] = sent[-1]
    return found


def from_html(
    form: type[F],
    data: Sent,
    *,
    choices: Mapping[str, Sequence[Option]] | None = None,
    keep: Mapping[str, Any] | None = None,
) -> F:
    """The form that was sent.

    Args:
        form: the declaration.
        data: the fields as the browser sent them.
        choices: when given, a choice that is not among them is refused.
        keep: present values, taken for what was not sent: first of all secrets.

    Raises:
        FormErrors: something has to be corrected.
    """
    return read(form, dict(keep or {}) | html_values(form, data), choices=choices)


def _field(asked: Input, options: Sequence[Option], value: Any, error: str | None) -> HtmlField:
    secret = asked.kind == "secret"
    shown = None if secret else _value(asked, value)
    # A secret that is set need not be given again.
    is_set = secret and bool(value)
    return HtmlField(
        key=asked.key,
        label=asked.label,
        kind=asked.kind,
        required=asked.required and not is_set,
        help=asked.help,
        placeholder=asked.placeholder,
        max_length=asked.max_length,
        value=shown,
        options=_options(asked, options, shown),
        error=error,
        reload=asked.reload,
        source=asked.source,
        many=asked.many,
        whole=asked.whole,
        least=asked.least,
        most=asked.most,
        is_set=is_set,
        remove=asked.key + REMOVE if is_set and not asked.required else None,
        group=asked.group,
    )


def _value(asked: Input, value: Any) -> Any:
    if asked.kind == "switch":
        return bool(value)
    shown = plain(value)
    if asked.many:
        return [shown] if isinstance(shown, str) else list(shown or ())
    # What a browser's field takes: minutes, without a zone.
    return str(shown or "")[:16] if asked.kind == "moment" else shown or ""


def _options(asked: Input, options: Sequence[Option], value: Any) -> list[HtmlOption]:
    picked = set(value if isinstance(value, list) else [value])
    made = [HtmlOption(each.value, each.label, each.description, each.value in picked) for each in options]
    if asked.kind != "search":
        return made
    known = {each.value for each in options}
    strangers: Iterable[str] = value if isinstance(value, list) else [value] if value else []
    return [*made, *(HtmlOption(each, each, None, True) for each in strangers if each not in known)]


def _secret(data: Sent, key: str, sent: list[str]) -> dict[str, Any]:
    if sent and sent[-1].strip():
        return {key: sent[-1]}
    return {key: None} if any(_sent(data, key + REMOVE)) else {}


def _sent(data: Sent, key: str) -> list[str]:
    if isinstance(data, Mapping) and not hasattr(data, "getlist"):
        found = data.get(key, ())
        return [found] if isinstance(found, str) else list(found)
    # An uploaded file is no value of any of our fields.
    return [each for each in data.getlist(key) if isinstance(each, str)]
