"""The page that shows the JSON API: what there is, what to send, what comes back; drawn from its own description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment

from dispatch.people.web import Visits


@dataclass(frozen=True)
class Endpoint:
    """One method of one address."""

    method: str
    path: str
    title: str
    about: str
    parameters: list[dict[str, Any]]
    example: str
    answers: str


def endpoints(description: dict[str, Any]) -> dict[str, list[Endpoint]]:
    """By subject, in the order of the description."""
    found: dict[str, list[Endpoint]] = {}
    schemas = description.get("components", {}).get("schemas", {})
    for path, methods in description["paths"].items():
        for method, said in methods.items():
            body = (said.get("requestBody") or {}).get("content", {}).get("application/json", {}).get("schema", {})
            examples = schemas.get(str(body.get("$ref", "")).rsplit("/", 1)[-1], {}).get("examples") or []
            found.setdefault((said.get("tags") or ["other"])[0], []).append(
                Endpoint(
                    method=method.upper(),
                    path=path,
                    title=str(said.get("summary", "")),
                    about=str(said.get("description", "")),
                    parameters=[p for p in said.get("parameters", []) if p["in"] in ("query", "header")],
                    example=orjson.dumps(examples[0], option=orjson.OPT_INDENT_2).decode() if examples else "",
                    answers=", ".join(code for code in said.get("responses", {}) if code.startswith("2")),
                )
            )
    return found


def router(app: FastAPI, visits: Visits, pages: Environment) -> APIRouter:
    """Route `/{org}/api`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/api")
    async def api_page(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        return visit.page(pages, "api.html", request, "api", subjects=endpoints(app.openapi()), base=str(request.base_url).rstrip("/"))

    return routes
