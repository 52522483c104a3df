"""What all JSON endpoints share: bearer tokens and errors in the description, lists, ETags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from dispatch.kit.errors import Invalid, Stale

T = TypeVar("T")
LARGEST_PAGE = 100
#: Beyond this nobody pages; it keeps the offset within what the database takes.
LAST_PAGE = 100_000
#: Of an id in an address; more the database does not take.
LARGEST_ID = 2**63 - 1


class Problem(BaseModel):
    """An error, RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    reference: str | None = Field(None, description="Stands in the log beside what went wrong on our side")


class Listed(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    page: int
    size: int
    total: int
    next: str | None = Field(None, description="Address of the next page")


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("The body is not JSON"),
    401: _problem("No token, or one that does not work here"),
    403: _problem("The token's role is not enough; the detail says what is missing"),
    404: _problem("There is none, or not for this token"),
    409: _problem("The thing changed, or exists already"),
    412: _problem("It changed since the version of If-Match"),
    413: _problem("The body is too large"),
    422: _problem("The input breaks a rule; the detail names the field"),
    503: _problem("The database does not answer"),
}

#: Only describes; `Visits.machine` checks, for it needs the organization.
bearer = HTTPBearer(auto_error=False, description="An API token of the organization, see Settings → API tokens")


def api_router(tag: str) -> APIRouter:
    """Routes of one subject, described with token and errors."""
    return APIRouter(tags=[tag], responses=PROBLEMS, dependencies=[Depends(bearer)])


def window(page: int, size: int) -> tuple[int, int]:
    """The page and size asked for.

    Raises:
        Invalid: out of bounds.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise Invalid(f"size is 1 to {LARGEST_PAGE}.", field="size")
    if not 1 <= page <= LAST_PAGE:
        raise Invalid(f"page is 1 to {LAST_PAGE:,}.", field="page")
    return page, size


def listed(
    items: list[T], *, page: int, size: int, total: int, path: str, asked: Mapping[str, Any] | None = None
) -> Listed[T]:
    """A page with the address of the next one.

    Args:
        asked: the filters of this one, which the next one keeps; what is empty is left out.
    """
    following = None
    if page * size < total:
        kept = {key: value for key, value in (asked or {}).items() if value}
        following = f"{path}?{urlencode({'page': page + 1, 'size': size, **kept}, doseq=True)}"
    return Listed(items=items, page=page, size=size, total=total, next=following)


def etag(version: int | str) -> str:
    """The version as an ETag."""
    return f'"{version}"'


def matched(if_match: str | None) -> str | None:
    """What `If-Match` names, as `etag` was given it; None for none and for `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


def expected(if_match: str | None) -> int | None:
    """The version `If-Match` names; None for none and for `*`.

    Raises:
        Stale: it is not a version of ours, so it cannot match.
    """
    number = matched(if_match)
    if number is None:
        return None
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Stale("If-Match is not a version we gave out. Read it again.")
    return int(number)
