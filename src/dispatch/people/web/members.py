"""Settings: members. The list, inviting, and the page of one member with role, link and deactivation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.events import Subject, history, sentence
from dispatch.kit.web.settings_area import settings_page
from dispatch.people import audit, membership, queries
from dispatch.people.access import grantable, rank
from dispatch.people.web import Visit, Visits
from dispatch.people.web.letters import Letters

settings_page(
    "Organization", "members", "Members", icon="users", about="Who belongs here, and what they may do.", position=10
)
#: What a role means, in the words of the pages.
MEANING = {
    "owner": "Everything, and how people sign in",
    "manager": "Everything but how people sign in",
    "admin": "Settings, plugins, API tokens, inviting people",
    "member": "Reports and works on incidents",
}


SAVED = {
    "role": "The role is changed. It holds at once.",
    "deactivated": "Deactivated: they are signed out, and what they did stays in the history. To bring them back, invite them again.",
}

#: (slug, name) of the projects somebody is project admin of; projects belong to a slice that knows this one.
ProjectsOf = Callable[[Read, int], Awaitable[Sequence[tuple[str, str]]]]


def router(
    db: Database, visits: Visits, pages: Environment, letters: Letters, *, base_url: str, projects_of: ProjectsOf
) -> APIRouter:
    """Routes under `/{org}/settings/members`."""
    routes = APIRouter(include_in_schema=False)

    async def list_page(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
        asked = request.query_params
        number = int(asked["page"]) if asked.get("page", "").isdecimal() else 1
        number = max(1, min(number, 100_000))
        left, q = asked.get("show") == "left", asked.get("q", "")[:200]
        async with db.read(visit.org.id) as t:
            found = await membership.members(t, q=q, left=left, page=number)
        context = {
            "invited": None, "link": "", "mailed": False, "error": "", "wrong_field": "", "values": {},
            "roles": grantable(visit.viewer), "meaning": MEANING, "members": found, "page": number,
            "size": membership.SIZE, "query": {"q": q, "show": "left" if left else ""}, "saved": _said(request),
        }  # fmt: skip
        return visit.page(pages, "members.html", request, "settings", status=status, **context | more)

    async def member_page(
        request: Request, visit: Visit, person_id: int, *, status: int = 200, link: str = "", error: str = ""
    ) -> Response:
        async with db.read(visit.org.id) as t:
            found = await membership.member(t, person_id)
            events = await history(t, Subject("member", person_id), limit=20)
            by = await queries.people(t, [e.actor for e in events if e.actor is not None])
            runs = await projects_of(t, person_id)
        below = rank(found.role) <= rank(visit.viewer.role)
        return visit.page(
            pages, "member.html", request, "settings", status=status, member=found, link=link, error=error, below=below,
            saved="" if link else _said(request), roles=grantable(visit.viewer), meaning=MEANING, runs=runs,
            events=[
                (e.at, sentence(e.fact, e.data, by[e.actor].name if e.actor in by else audit.NOBODY)) for e in events
            ],
        )  # fmt: skip

    @routes.get("/{org}/settings/members")
    async def members(request: Request, org: str) -> Response:
        return await list_page(request, await visits.of(request, org, may="members.read"))

    @routes.post("/{org}/settings/members")
    async def invite(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="members.invite")
        sent = {key: str(value) for key, value in (await request.form()).items()}
        try:
            async with db.tx(visit.org.id) as t:
                made, token = await membership.invite(
                    t, visit.viewer, email=sent.get("email", ""), name=sent.get("name", ""), role=sent.get("role", "")
                )
        except (Invalid, Conflict) as wrong:
            field = (wrong.field or "") if isinstance(wrong, Invalid) else "email"
            return await list_page(
                request, visit, status=wrong.status, error=str(wrong), wrong_field=field, values=sent
            )
        mailed = await letters.possible(visit.org)
        if mailed:
            letters.invite(visit.org, made.person, token, visit.viewer.name)
        link = f"{base_url}/sign-in?token={token}"
        return await list_page(request, visit, invited=made.person, link="" if mailed else link, mailed=mailed)

    @routes.get("/{org}/settings/members/{person_id}")
    async def one(request: Request, org: str, person_id: int) -> Response:
        return await member_page(request, await visits.of(request, org, may="members.read"), person_id)

    @routes.post("/{org}/settings/members/{person_id}/link")
    async def link(request: Request, org: str, person_id: int) -> Response:
        visit = await visits.of(request, org, may="members.invite")
        async with db.tx(visit.org.id) as t:
            _, token = await membership.new_link(t, visit.viewer, person_id)
        return await member_page(request, visit, person_id, link=f"{base_url}/sign-in?token={token}")

    @routes.post("/{org}/settings/members/{person_id}/role")
    async def change_role(request: Request, org: str, person_id: int) -> Response:
        visit = await visits.of(request, org, may="members.change_role")
        role = str((await request.form()).get("role", ""))
        try:
            async with db.tx(visit.org.id) as t:
                await membership.change_role(t, visit.viewer, person_id, role)
        except (Invalid, Conflict) as wrong:
            return await member_page(request, visit, person_id, status=wrong.status, error=str(wrong))
        if person_id == visit.viewer.person_id:
            # They may have given away the right to see the page.
            return RedirectResponse(f"/{org}", 303)
        return RedirectResponse(f"/{org}/settings/members/{person_id}?saved=role", 303)

    @routes.post("/{org}/settings/members/{person_id}/deactivate")
    async def deactivate(request: Request, org: str, person_id: int) -> Response:
        visit = await visits.of(request, org, may="members.deactivate")
        try:
            async with db.tx(visit.org.id) as t:
                await membership.deactivate(t, visit.viewer, person_id)
        except Conflict as wrong:
            return await member_page(request, visit, person_id, status=wrong.status, error=str(wrong))
        return RedirectResponse(f"/{org}/settings/members?show=left&saved=deactivated", 303)

    return routes


def _said(request: Request) -> str:
    """What the page says of the step before it, in the words for what stands in the address."""
    return SAVED.get(request.query_params.get("saved", ""), "") if request.method == "GET" else ""
