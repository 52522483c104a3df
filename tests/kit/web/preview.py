"""Shows every page with made-up data: `python -m tests.kit.web.preview`, then open http://127.0.0.1:8055/."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

import dispatch.desk
import dispatch.people
import dispatch.reports.web
import dispatch.situations
import dispatch.tasks
import dispatch.tasks.web
from dispatch.kit.web.pages import security_headers, static_files, templates
from dispatch.reports.slack.messages import LABELS
from dispatch.situations.queries import TIMELINE_KINDS
from dispatch.situations.web import own_parts, questions, timeline
from dispatch.situations.web.dialogs import dialog_named
from dispatch.situations.web.parts import part_named
from dispatch.situations.web.zone import ZONES

from . import cast

SLICE = Path(dispatch.situations.__file__).parent / "templates"
PEOPLE = Path(dispatch.people.__file__).parent / "templates"
REPORTS = Path(dispatch.reports.web.__file__).parent / "templates"
TASKS = Path(dispatch.tasks.web.__file__).parent / "templates"
DESK = Path(dispatch.desk.__file__).parent / "templates"
#: The parts that cast.py has data for, whatever else a test before imported.
PARTS = [
    part_named(key)
    for key in ("summary", "steps", "tasks", "reports", "timeline", "resources", "participants", "related", "pages")
]
_ = own_parts, questions, timeline
CAN = {"retry": True, "acknowledge": True, "take_command": True, "update": True, "move": True, "relate": True}
COMMON: dict[str, Any] = {
    "viewer": cast.VIEWER,
    "orgs": cast.ORGS,
    "org": cast.ORGS[0],
    "nav": "incidents",
    "csrf": "token-of-the-session",
    #: Seconds since 1970: what changed after the page was begun; nothing does here.
    "began": 0.0,
}
LIST: dict[str, Any] = {
    "items": cast.ITEMS,
    "query": {},
    "page": 2,
    "size": 8,
    "total": 31,
    "counts": {"Active": 5, "Stable": 1, "Closed": 25},
    "filters": cast.FILTERS,
    "shown": [],
    "views": cast.VIEWS,
    "alike": False,
    "address": "",
    "sort": "-reported",
}
EMPTY = {"items": [], "page": 1, "total": 0}
INCIDENT: dict[str, Any] = {
    "incident": cast.PLAIN, "participants": cast.PARTICIPANTS, "resources": cast.RESOURCES, "steps": cast.STEPS, "pages": cast.PAGES,
    "timeline": cast.TIMELINE, "can": CAN, "slack_down_since": None, "offer": None,
    "relatives": cast.RELATIVES, "lookalikes": cast.ALIKE, "merged": "",
    "timeline_page": 1, "timeline_total": 12, "timeline_size": 50, "timeline_query": {}, "timeline_kinds": TIMELINE_KINDS,
    "timeline_people": [cast.ADA, cast.BO], "tasks": cast.TASKS, "may_change_task": {n: n != 2 for n in range(9)},
    "may_create_task": True,
    "reports": cast.REPORTS, "report_labels": LABELS, "may_report": True, "shown_zone": "Europe/Berlin", "zones": ZONES,
    "here": {"needs_reason": False, "commander": "Ada Lovelace"}, "parts": PARTS,
}  # fmt: skip
NOTHING: dict[str, Any] = {
    "participants": [],
    "resources": [],
    "steps": [],
    "pages": [],
    "timeline": [],
    "can": {},
    "relatives": [],
    "lookalikes": [],
    "tasks": cast.NO_TASKS,
    "may_create_task": False,
    "reports": [],
    "may_report": False,
}
SIGN_IN: dict[str, Any] = {
    "mail_enabled": True,
    "provider": None,
    "asks_for_organization": False,
    "slug": "default",
    "sent_to": "",
    "mailed": "",
    "email": "",
    "error": "",
    "next": "/default/incidents",
}

#: address -> (template, context); what the tests look at.
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "/default": ("home.html", {"home": cast.HOME, "nav": "home", "backup": None}),
    "/second": ("home.html", {"home": cast.NO_HOME, "nav": "home", "backup": cast.BACKUP}),
    "/default/incidents": ("incident_list.html", LIST),
    "/default/incidents/none-yet": ("incident_list.html", LIST | EMPTY | {"counts": {}}),
    "/default/incidents/none-found": ("incident_list.html", LIST | EMPTY | {"query": {"q": "unicorn", "severity": "High"}, "shown": cast.SHOWN}),
    "/default/incidents/none-active": ("incident_list.html", LIST | EMPTY | {"query": {"status": "Active"}}),
    "/default/incidents/narrowed": ("incident_list.html", LIST | {"query": {"q": "chekcout", "tag": ["payments", "search"], "sort": "title"}, "shown": cast.SHOWN, "alike": True, "sort": "title"}),
    "/default/incidents/bulk": ("bulk.html", {"results": cast.RESULTS, "back": "severity=High"}),
    "/default/incidents/INC-42": ("incident.html", INCIDENT),
    "/default/incidents/INC-43": ("incident.html", INCIDENT | {
        "incident": cast.EXTREME, "participants": cast.MANY, "steps": cast.TROUBLED, "timeline": cast.LONG_TIMELINE, "slack_down_since": cast.ago(minutes=12),
    }),
    "/default/incidents/INC-44": ("incident.html", INCIDENT | NOTHING | {"incident": cast.FRESH}),
    "/default/incidents/INC-12": ("incident.html", INCIDENT | {"incident": cast.CLOSED, "steps": cast.DONE, "can": {"move": True}}),
    "/default/incidents/INC-42/receipt": ("receipt.html", INCIDENT | {"steps": cast.TROUBLED, "resources": cast.RESOURCES[:1]}),
    "/default/report": ("report.html", {"form": cast.FORM, "errors": [], "nav": "report"}),
    "/default/report/wrong": ("report.html", {"form": cast.WRONG, "errors": ["The project “Payments” is closed for reports."], "nav": "report"}),
    "/default/incidents/INC-42/documents/1": ("document.html", {"document": cast.DOCUMENT}),
    "/sign-in": ("sign_in.html", SIGN_IN),
    "/sign-in/sent": ("sign_in.html", SIGN_IN | {"sent_to": "ada@example.com"}),
    "/sign-in/wrong": ("sign_in.html", SIGN_IN | {"mail_enabled": False, "asks_for_organization": True, "error": "This link was used already. Ask for a new one."}),
    "/sign-in/provider": ("sign_in.html", SIGN_IN | {"provider": cast.PROVIDER}),
    "/sign-in/mailed": ("sign_in.html", SIGN_IN | {"mailed": "token"}),
    **{f"/errors/{status}": ("error.html", {"status": status, "reference": "7f3a-91c2"}) for status in (403, 404, 500, 503)},
}  # fmt: skip
BARE = {"sign_in.html": {"csrf": "token"}, "error.html": {}}
FRAGMENTS = {part.key for part in PARTS}
TAGS = [{"value": name, "label": name} for name in ("payments", "search", "eu-west-1", "database", "customer-visible")]


def preview() -> FastAPI:
    app = FastAPI()
    environment = templates(SLICE, PEOPLE, DESK, TASKS, REPORTS)
    app.mount("/static", static_files())
    app.add_middleware(security_headers)  # type: ignore[arg-type]
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)

    listeners: list[asyncio.Queue[str]] = []

    def show(template: str, context: dict[str, Any], request: Request) -> HTMLResponse:
        common = BARE.get(template, COMMON)
        return HTMLResponse(
            environment.get_template(template).render(common | {"request_path": request.url.path} | context)
        )

    def page(address: str) -> None:
        async def answer(request: Request) -> HTMLResponse:
            return show(*PAGES[address], request)

        app.add_api_route(address, answer)

    for address in PAGES:
        page(address)

    @app.get("/")
    async def index() -> HTMLResponse:
        return HTMLResponse("<title>Pages</title><ul>" + "".join(f'<li><a href="{a}">{a}</a>' for a in PAGES) + "</ul>")

    @app.get("/default/jump")
    async def jump(q: str = "") -> JSONResponse:
        return JSONResponse([place for place in cast.PLACES if q.lower() in place["label"].lower()])

    @app.get("/default/home/live")
    async def home_live() -> StreamingResponse:
        return await live("")

    @app.get("/default/incidents/{name}/live")
    async def live(name: str) -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            queue: asyncio.Queue[str] = asyncio.Queue()
            listeners.append(queue)
            yield ": hello\n\n"
            while True:
                yield f"event: {await queue.get()}\ndata: 1\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.post("/preview/happens/{event}")
    async def happens(event: str) -> None:
        for queue in listeners:
            queue.put_nowait(event)

    @app.get("/default/incidents/{name}/fragments/{fragment}")
    async def fragment(name: str, fragment: str, request: Request) -> Response:
        if fragment not in FRAGMENTS:
            return Response(status_code=404)
        return show(f"_{fragment}.html", PAGES[f"/default/incidents/{name}"][1] | app.state.changes, request)

    @app.get("/default/incidents/{name}/dialogs/{dialog}")
    async def dialog(name: str, dialog: str, request: Request) -> Response:
        return show(dialog_named(dialog).template, PAGES[f"/default/incidents/{name}"][1], request)

    @app.post("/default/incidents/{name}/steps/{step}/retry")
    async def retry(name: str, step: str, request: Request) -> Response:
        app.state.retried.append((step, request.headers.get("x-csrf-token")))
        return show("_steps.html", INCIDENT | {"steps": cast.DONE}, request)

    @app.post("/default/report/fields")
    async def fields(request: Request) -> HTMLResponse:
        app.state.reloaded.append(dict(await request.form()))
        return show("_fields.html", {"form": cast.FORM}, request)

    @app.get("/default/options/{source}")
    async def options(source: str, q: str = "") -> JSONResponse:
        return JSONResponse([tag for tag in TAGS if q.lower() in tag["label"]])

    app.state.changes, app.state.retried, app.state.reloaded = {}, [], []
    return app


if __name__ == "__main__":
    uvicorn.run(preview(), host="127.0.0.1", port=8055)
