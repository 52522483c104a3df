"""The page that shows the JSON API: what there is, what to send, what comes back; drawn from its own description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment

from dispatch.people.web import Visits

#: Subjects in the order people meet them; another one comes last.
SUBJECTS = ("incidents", "participants", "tasks", "timeline", "reports", "steps", "persons", "projects", "settings")


@dataclass(frozen=True)
class Endpoint:
    """One method of one address. `sends`: an example of each body there may be; `gets`: one of the answer."""

    method: str
    path: str
    title: str
    about: str
    parameters: list[dict[str, Any]]
    sends: list[str]
    code: str
    gets: str


def endpoints(description: dict[str, Any]) -> dict[str, list[Endpoint]]:
    """By subject."""
    found: dict[str, list[Endpoint]] = {subject: [] for subject in SUBJECTS}
    schemas = description.get("components", {}).get("schemas", {})
    for path, methods in description["paths"].items():
        for method, said in methods.items():
            code = next((code for code in said.get("responses", {}) if code.startswith("2")), "")
            body = _schema(said.get("requestBody") or {})
            answer = _schema(said["responses"].get(code, {}))
            found.setdefault((said.get("tags") or ["other"])[0], []).append(
                Endpoint(
                    method=method.upper(),
                    path=path,
                    title=str(said.get("summary", "")),
                    about=str(said.get("description", "")),
                    parameters=[p for p in said.get("parameters", []) if p["in"] in ("query", "header")],
                    sends=[_pretty(sample(each, schemas)) for each in (body.get("oneOf") or [body] if body else [])],
                    code=code,
                    gets=_pretty(sample(answer, schemas)) if answer else "",
                )
            )
    return {subject: rows for subject, rows in found.items() if rows}


def sample(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """What something of this schema looks like: its own example, or one put together from its fields."""
    if "$ref" in schema:
        schema = schemas.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
    if schema.get("examples"):
        return schema["examples"][0]
    kinds = [each for each in schema.get("anyOf") or schema.get("oneOf") or [] if each.get("type") != "null"]
    if kinds:
        return sample(kinds[0], schemas)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {key: sample(each, schemas) for key, each in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {}), schemas)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return "2026-03-31T09:00:00Z" if schema.get("format") == "date-time" else "…"


def _schema(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def router(app: FastAPI, visits: Visits, pages: Environment) -> APIRouter:
    """Route `/{org}/api`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/api")
    async def api_page(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        return visit.page(
            pages, "api.html", request, "api", subjects=endpoints(app.openapi()), base=str(request.base_url).rstrip("/")
        )

    return routes
