"""A form as a Slack modal, and back.

block_id and action_id of an input are the field's key, so Slack keeps what was typed when the view is
updated. Where the options hang on another field the block_id is "key@value of that field": after a change
there Slack forgets the old selection instead of sending one that is not offered any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from dispatch.kit.forms.declare import Form, Input, Option, inputs
from dispatch.kit.forms.read import F, clean, name_of, plain, read
from dispatch.kit.slack import blocks as b

ON = "on"
LONGEST = 3000


def to_modal(
    form: type[Form],
    *,
    title: str,
    submit: str,
    callback_id: str,
    choices: Mapping[str, Sequence[Option]] = MappingProxyType({}),
    values: Mapping[str, Any] | None = None,
    private_metadata: str = "",
    intro: Sequence[b.Block] = (),
    edition: str = "",
) -> b.View:
    """The form as a view.

    Args:
        form: the declaration.
        title: cut to 24 characters.
        submit: the label of the button.
        callback_id: who gets the submission.
        choices: options by key; for a `search` those of the present values, so that they have labels.
        values: present values by key, such as `modal_values` gives; defaults for what is missing.
        private_metadata: handed through, at most 3,000 characters.
        intro: blocks shown above.
        edition: where a form replaces one that is open, another word than before: the values given here are shown.
            Without it Slack keeps what the person typed.

    A field that cannot be asked for here (no options, a secret, a text above 3,000 characters) becomes a line
    that says why. Give its value to `from_modal` as `keep`.
    """
    asked = inputs(form)
    present = {key: each.default for key, each in asked.items()} | dict(values or {})
    fields = [_block(each, asked, choices.get(key, ()), present, edition) for key, each in asked.items()]
    return b.modal(title, [*intro, *fields], submit=submit, callback_id=callback_id, private_metadata=private_metadata)


def modal_values(form: type[Form], view: Mapping[str, Any]) -> dict[str, Any]:
    """Raw values of the inputs the modal has, by key, for rendering again; what is strange counts as empty."""
    known = inputs(form)
    found: dict[str, Any] = {}
    for block_id, actions in ((view.get("state") or {}).get("values") or {}).items():
        key = str(block_id).split("@", 1)[0]
        if key in known and isinstance(actions, Mapping) and isinstance(state := actions.get(key), Mapping):
            found[key] = _raw(known[key], state)
    return found


def drawn_for(form: type[Form], view: Mapping[str, Any], key: str) -> set[str]:
    """For which values of the field `key` those that hang on it were drawn; what the person sees there belongs to these.

    Another value may be chosen by now, and the form not drawn again yet.
    """
    hanging = {name for name, each in inputs(form).items() if each.depends_on == key}
    places = (str(block_id).split("@") for block_id in (view.get("state") or {}).get("values") or {})
    return {place[1] for place in places if len(place) > 1 and place[0] in hanging}


def from_modal(
    form: type[F],
    view: Mapping[str, Any],
    *,
    choices: Mapping[str, Sequence[Option]] | None = None,
    keep: Mapping[str, Any] | None = None,
) -> F:
    """The form that was submitted.

    Args:
        form: the declaration.
        view: the view of the submission.
        choices: when given, a choice that is not among them is refused.
        keep: present values, taken for fields the modal did not ask for.

    Raises:
        FormErrors: something has to be corrected; see `FormErrors.for_modal`.
    """
    return read(form, dict(keep or {}) | modal_values(form, view), choices=choices)


def search_options(found: Iterable[Option], query: str = "") -> dict[str, list[b.Block]]:
    """The answer to a search while typing: at most 100 options, those matching the query.

    Labels that begin with the query come first. An option whose value is above 150 characters is not offered:
    cut, it would be another one.
    """
    wanted = query.strip().casefold()
    matching = [each for each in found if wanted in each.label.casefold() and 0 < len(each.value) <= 150]
    matching.sort(key=lambda each: not each.label.casefold().startswith(wanted))
    return {"options": [_option(each) for each in matching[:100]]}


def _block(
    asked: Input, form: Mapping[str, Input], options: Sequence[Option], values: Mapping[str, Any], edition: str
) -> b.Block:
    value = plain(values.get(asked.key))
    parent = form[asked.depends_on] if asked.depends_on else None
    above = plain(values.get(parent.key)) if parent else None
    if reason := _why_not(asked, value) or _nothing_to_choose(asked, options, parent, above):
        return b.context(f"*{b.escape(asked.label)}*: {reason}")
    return b.field(
        asked.label,
        _element(asked, options, value),
        block_id=(f"{asked.key}@{above or ''}" if parent else asked.key) + (f"@{edition}" if edition else ""),
        hint="" if asked.kind == "switch" else asked.help,
        optional=not asked.required,
        dispatch_action=asked.reload,
    )


def _why_not(asked: Input, value: Any) -> str | None:
    if asked.kind == "secret":
        return "is set on the web page."
    if asked.kind in {"text", "long_text"} and len(value or "") > LONGEST:
        return f"has {len(value):,} characters, more than Slack can edit; it stays as it is. Change it on the web page."
    entries = _list(value) if asked.kind == "search" else []
    if len(entries) > 100 or any(len(each) > 150 for each in entries):
        return "has more than Slack can edit; it stays as it is. Change it on the web page."
    return None


def _nothing_to_choose(asked: Input, options: Sequence[Option], parent: Input | None, above: str | None) -> str | None:
    if asked.kind != "choice" or options:
        return None
    if parent is None:
        return "there is nothing to choose from yet."
    return f"nothing is set up for this {name_of(parent)}." if above else f"choose the {name_of(parent)} first."


def _element(asked: Input, options: Sequence[Option], value: Any) -> b.Block:
    match asked.kind:
        case "choice" | "search":
            return _choosing(asked, options, _list(value))
        case "person":
            # Slack refuses an initial user that is no user id, such as a person who is only in our database.
            ids = [each for each in _list(value) if re.fullmatch(r"[UW][A-Z0-9]{2,}", each)]
            many = ids if asked.many else ids[:1]
            return b.users_select(asked.placeholder, action_id=asked.key, initial=many, multi=asked.many)
        case "switch":
            box = b.option("Yes", ON, asked.help)
            return b.checkboxes([box], action_id=asked.key, initial=[ON] if value else [])
        case "number":
            return _number(asked, value)
        case "date":
            day = value if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None
            return {"type": "datepicker", "action_id": asked.key} | ({"initial_date": day} if day else {})
        case "moment":
            start = {"initial_date_time": int(datetime.fromisoformat(value).timestamp())} if value else {}
            return {"type": "datetimepicker", "action_id": asked.key} | start
        case _:
            return b.text_input(
                action_id=asked.key,
                initial=value or "",
                placeholder=asked.placeholder,
                multiline=asked.kind == "long_text",
                max_length=min(asked.max_length or LONGEST, LONGEST),
            )


def _choosing(asked: Input, options: Sequence[Option], wanted: list[str]) -> b.Block:
    offered = {each.value: each for each in options}
    if asked.kind == "choice" and len(options) <= 100:
        made = [_option(each) for each in options]
        first = wanted if asked.many else wanted[:1]
        return b.static_select(asked.placeholder, made, action_id=asked.key, initial=first, multi=asked.many)
    # What was found by searching is not among the options: its value stands for its label.
    strangers = asked.kind == "search"
    chosen = [offered.get(each) or Option(each, each) for each in wanted if each in offered or strangers]
    return b.external_select(
        asked.placeholder or "Type to search",
        action_id=asked.key,
        initial=[_option(each) for each in (chosen if asked.many else chosen[:1])],
        multi=asked.many,
    )


def _number(asked: Input, value: Any) -> b.Block:
    element: b.Block = {"type": "number_input", "action_id": asked.key, "is_decimal_allowed": not asked.whole}
    # Slack refuses an initial value outside the limits, or one that is no number.
    bounds = {"min_value": asked.least, "max_value": asked.most}
    element |= {key: f"{bound:g}" for key, bound in bounds.items() if bound is not None}
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) and _within(asked, float(value)):
        element["initial_value"] = value
    return element | ({"placeholder": b.plain(asked.placeholder, 150)} if asked.placeholder.strip() else {})


def _within(asked: Input, value: float) -> bool:
    low = asked.least is None or value >= asked.least
    return low and (asked.most is None or value <= asked.most)


def _option(option: Option) -> b.Block:
    return b.option(option.label, option.value, option.description)


def _raw(asked: Input, state: Mapping[str, Any]) -> Any:
    if asked.kind == "switch":
        return bool(state.get("selected_options"))
    if asked.kind == "choice" or asked.kind == "search":
        picked = state.get("selected_options") if asked.many else [state.get("selected_option")]
        found = [each["value"] for each in picked or () if isinstance(each, Mapping) and each.get("value")]
        return found if asked.many else next(iter(found), None)
    if asked.kind == "person":
        return list(state.get("selected_users") or ()) if asked.many else state.get("selected_user")
    if asked.kind == "moment":
        picked_at = state.get("selected_date_time")
        return datetime.fromtimestamp(picked_at, UTC).isoformat() if isinstance(picked_at, int) else None
    return clean(state.get("selected_date" if asked.kind == "date" else "value"))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
