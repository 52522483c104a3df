"""Every route of the application, so that tests about all of them include tomorrow's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.routing import BaseRoute

from tests.stage import Stage

VALUES = {"org": "default", "organization": "default", "slug": "default", "project": "default", "name": "INC-1", "part": "summary"}


def all_routes(stage: Stage) -> list[tuple[str, str]]:
    """(method, path) of every route, static files aside."""
    routes = stage.asgi.routes
    found: set[tuple[str, str]] = set()
    _collect(routes, "", found)
    assert len(found) > 30, "the framework keeps its routes elsewhere now"
    return sorted(found)


def filled(path: str) -> str:
    """An address of the route."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES.get(found[1], "1"), path)


def _collect(routes: Iterable[BaseRoute], prefix: str, found: set[tuple[str, str]]) -> None:
    for route in routes:
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if path is not None and methods:
            found |= {(method, prefix + path) for method in methods if method != "HEAD"}
        # FastAPI keeps an included router as one route with its own below.
        inner = getattr(route, "original_router", None)
        if inner is not None:
            _collect(inner.routes, prefix + (getattr(getattr(route, "include_context", None), "prefix", "") or ""), found)
