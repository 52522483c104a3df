"""Settings: API tokens of programs. A token is shown once, when it is made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit import clock
from dispatch.kit.db import Database
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.web.settings_area import settings_page
from dispatch.people import machines
from dispatch.people.access import grantable, rank
from dispatch.people.web import Visit, Visits

settings_page(
    "Organization",
    "tokens",
    "API tokens",
    icon="key",
    about="What programs sign in with, and when they last did.",
    position=30,
)
#: Days a token works; 0: until it is revoked.
LIVES = {"30": "30 days", "90": "90 days", "365": "one year", "0": "until it is revoked"}


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/tokens`."""
    routes = APIRouter(include_in_schema=False)

    async def page(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
        async with db.read(visit.org.id) as t:
            rows = await machines.machines(t)
        mine = rank(visit.viewer.role)
        context = {
            "token": "", "made": "", "error": "", "wrong_field": "", "values": {}, "lives": LIVES,
            "revoked": request.method == "GET" and request.query_params.get("saved") == "revoked",
            "roles": [role for role in grantable(visit.viewer) if role != "owner"],
            "rows": [(row, rank(row.machine.role) <= mine) for row in rows],
        }  # fmt: skip
        return visit.page(pages, "tokens.html", request, "settings", status=status, **context | more)

    @routes.get("/{org}/settings/tokens")
    async def tokens(request: Request, org: str) -> Response:
        return await page(request, await visits.of(request, org, may="tokens.manage"))

    @routes.post("/{org}/settings/tokens")
    async def create(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="tokens.manage")
        sent = {key: str(value) for key, value in (await request.form()).items()}
        days = int(sent["days"]) if sent.get("days") in LIVES else 90
        try:
            async with db.tx(visit.org.id) as t:
                _, token = await machines.grant_token(
                    t,
                    visit.viewer,
                    name=sent.get("name", ""),
                    role=sent.get("role", ""),
                    expires_at=clock.now() + timedelta(days=days) if days else None,
                )
        except (Invalid, Conflict) as wrong:
            field = (wrong.field or "") if isinstance(wrong, Invalid) else "name"
            return await page(request, visit, status=wrong.status, error=str(wrong), wrong_field=field, values=sent)
        return await page(request, visit, token=token, made=sent.get("name", ""))

    @routes.post("/{org}/settings/tokens/{machine_id}/revoke")
    async def revoke(request: Request, org: str, machine_id: int) -> Response:
        visit = await visits.of(request, org, may="tokens.manage")
        async with db.tx(visit.org.id) as t:
            await machines.revoke_token(t, visit.viewer, machine_id)
        return RedirectResponse(f"/{org}/settings/tokens?saved=revoked", 303)

    return routes
