"""Every route of the application, so that tests about all of them include tomorrow's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute

from tests.stage import Stage

VALUES = {
    "org": "default",
    "organization": "default",
    "slug": "default",
    "project": "default",
    "name": "INC-1",
    "part": "summary",
}


def all_routes(stage: Stage) -> list[tuple[str, str]]:
    """(method, path) of every route, static files aside."""
    found = {(method, path) for method, path, _ in _routes(stage)}
    assert len(found) > 30, "the framework keeps its routes elsewhere now"
    return sorted(found)


def _routes(stage: Stage) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    _collect(stage.asgi.routes, "", found)
    return found


def text_questions(stage: Stage) -> dict[tuple[str, str], list[str]]:
    """The texts that a route takes behind the `?`, by (method, path)."""
    return {
        (method, path): [
            each.name for each in route.dependant.query_params if each.field_info.annotation in (str, str | None)
        ]
        for method, path, route in _routes(stage)
        if getattr(route, "dependant", None) is not None
    }


def filled(path: str) -> str:
    """An address of the route."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES.get(found[1], "1"), path)


def _collect(routes: Iterable[BaseRoute], prefix: str, found: list[tuple[str, str, Any]]) -> None:
    for route in routes:
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if path is not None and methods:
            found += [(method, prefix + path, route) for method in methods if method != "HEAD"]
        # FastAPI keeps an included router as one route with its own below.
        inner = getattr(route, "original_router", None)
        if inner is not None:
            _collect(
                inner.routes, prefix + (getattr(getattr(route, "include_context", None), "prefix", "") or ""), found
            )
