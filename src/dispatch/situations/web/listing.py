"""The list of incidents: filters, order, pages and saved views, all in the address."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment
from starlette.datastructures import QueryParams

from dispatch.kit.db import Database
from dispatch.people.web import Visit, Visits
from dispatch.situations import actions, queries
from dispatch.situations.web.filters import Query, address, filter_of, query_of, sort_of

PAGE_SIZE = 25
SELECTS = (("severity", "Severity"), ("priority", "Priority"), ("type", "Type"), ("project", "Project"))
#: How a filter is called where it can be taken away.
LABELS = dict(SELECTS) | {
    "q": "Words", "tag": "Tag", "participant": "Participant", "commander": "Commander", "from": "From", "to": "To",
    "visibility": "Visibility", "drill": "Drill",
}  # fmt: skip


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes `/{org}/incidents` and `/{org}/views`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{org}/incidents")
    async def incident_list(request: Request, org: str, page: int = 1) -> Response:
        visit = await visits.of(request, org)
        query = query_of(request.query_params)
        wanted, sort = filter_of(query, visit.viewer), sort_of(query)
        async with db.read(visit.org.id) as t:
            found = await queries.listing(
                t,
                visit.viewer,
                wanted,
                page=max(1, min(page, 100_000)),
                size=PAGE_SIZE,
                sort=sort,
                count_to=queries.COUNTED,
            )
            options = await queries.list_options(t, visit.viewer)
        return visit.page(
            pages, "incident_list.html", request, "incidents",
            items=found.items, page=found.page, size=found.size, total=found.total, counts=found.counts,
            alike=found.alike, more=found.more, most=queries.COUNTED, query=query, address=address(query), sort=sort, **_form(options, query, visit),
        )  # fmt: skip

    @routes.post("/{org}/views")
    async def save(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        query = query_of(QueryParams(str(sent.get("query", ""))[:4000]))
        filter_of(query, visit.viewer)
        sort_of(query)
        async with db.tx(visit.org.id) as t:
            view = await actions.save_view(
                t, visit.viewer, str(sent.get("name", "")), address(query), shared=sent.get("shared") == "1"
            )
        return RedirectResponse(f"/{org}/incidents?{view.query}", 303)

    @routes.post("/{org}/views/{view_id}/remove")
    async def remove(request: Request, org: str, view_id: int) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            await actions.remove_view(t, visit.viewer, view_id)
        return RedirectResponse(f"/{org}/incidents", 303)

    return routes


def _form(options: list[queries.Option], query: Query, visit: Visit) -> dict[str, Any]:
    """What the list can be narrowed to, what it is narrowed to, and the saved views."""
    of = {what: [o for o in options if o.what == what] for what in ("type", "severity", "priority", "project", "view")}
    names = {option.value: option.label for option in of["project"]}
    shown = []
    for key, label in LABELS.items():
        value = query.get(key)
        if not value:
            continue
        together = " and " if key == "tag" and query.get("tags") == "all" else " or "
        words = value if isinstance(value, str) else together.join(value)
        shown.append({"key": key, "label": label, "words": names.get(words, words) if key == "project" else words})
    here = address(query)
    return {
        "filters": [{"key": key, "label": label, "options": of[key]} for key, label in SELECTS],
        "shown": shown,
        "views": [
            {
                "id": v.id, "name": v.label, "query": v.value, "shared": v.shared, "current": v.value == here,
                "removable": v.mine or (v.shared and visit.viewer.is_admin),
            }
            for v in of["view"]
        ],
    }  # fmt: skip
