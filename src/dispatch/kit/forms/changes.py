"""What a form changed: for the notice that somebody else was faster, and for the audit log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from dispatch.kit.forms.declare import Option, inputs
from dispatch.kit.forms.read import plain


def fingerprint(form: type[BaseModel], values: Mapping[str, Any]) -> str:
    """Stands in the page for what was stored when it was opened: another one at saving means that somebody else saved."""
    stored = {key: plain(values.get(key)) for key in inputs(form)}
    return hashlib.sha256(orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


def differences(
    form: type[BaseModel],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    choices: Mapping[str, Sequence[Option]] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was and what is, by label, of the fields that differ; values of a choice as people read them."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for key, asked in inputs(form).items():
        old, new = plain(before.get(key)), plain(after.get(key))
        if (old or "") == (new or "") and bool(old) == bool(new):
            continue
        labels = {each.value: each.label for each in (choices or {}).get(key, ())}
        was[asked.label], now[asked.label] = _read(old, labels), _read(new, labels)
    return was, now


def _read(value: Any, labels: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [labels.get(each, each) for each in value]
    return labels.get(value, value) if isinstance(value, str) else value
