"""A Web API request's arguments, from wherever Slack accepts them: query, form, JSON, multipart."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import UploadFile
from starlette.requests import Request

from .errors import SlackError

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass
class Arguments:
    values: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    basic: str | None = None
    warnings: list[str] = field(default_factory=list)
    # Set when the body could not be read; raised only after the token was checked, as Slack does.
    problem: SlackError | None = None


async def read(request: Request) -> Arguments:
    given = Arguments(dict(request.query_params))
    if request.method == "POST":
        try:
            await _read_body(request, given)
        except SlackError as error:
            given.problem = error
    in_body = given.values.pop("token", None)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        given.token = bearer.strip()
    elif scheme.lower() == "basic":
        given.basic = bearer.strip()
    elif in_body:
        given.token = str(in_body)
    return given


async def _read_body(request: Request, given: Arguments) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind in _FORMS:
        if kind == _FORMS[0] and "charset" in parameters.lower():
            given.warnings.append("superfluous_charset")
        try:
            form = await request.form()
        except Exception as error:
            raise SlackError("invalid_form_data") from error
        for key, value in form.multi_items():
            given.values[key] = (
                (await value.read()).decode(errors="replace") if isinstance(value, UploadFile) else value
            )
        return
    body = await request.body()
    if kind == "application/json":
        if "charset" not in parameters.lower():
            given.warnings.append("missing_charset")
        if not body.strip():
            return
        try:
            decoded = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise SlackError("invalid_json") from error
        if not isinstance(decoded, dict):
            raise SlackError("json_not_object")
        given.values |= {key: value for key, value in decoded.items() if value is not None}
    elif body:
        raise SlackError("invalid_post_type" if kind else "missing_post_type")
