"""The link in a page's e-mail: it leads to a page with a button, since mail scanners follow links but press nothing."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from dispatch.kit.db import Database, OrgId, Read
from dispatch.kit.errors import DispatchError
from dispatch.kit.signing import LinkInvalid, Signer
from dispatch.people import queries as people
from dispatch.people.models import Organization, Person
from dispatch.situations import queries
from dispatch.situations.actions import answer_page
from dispatch.situations.queries import Brief, Links

PURPOSE = "acknowledge"
HOURS = 24


def acknowledge_link(signer: Signer, b: Brief, *, org: OrgId, person_id: int) -> tuple[str, int]:
    """The address for one person and incident, and how many hours it works."""
    token = signer.sign(PURPOSE, {"o": org, "s": b.id, "p": person_id}, life=timedelta(hours=HOURS))
    return f"{Links.base}/{b.org_slug}/acknowledge/{token}", HOURS


def router(db: Database, pages: Environment, signer: Signer) -> APIRouter:
    """Routes under `/{org}`. Nobody has to be signed in: the link is for one person, one incident and one act."""
    routes = APIRouter(include_in_schema=False)

    async def meant(org_slug: str, token: str) -> tuple[Organization, int, int]:
        async with db.system() as t:
            org = await people.organization(t, org_slug)
        values = signer.read(PURPOSE, token)
        if org is None or values["o"] != org.id:
            raise LinkInvalid("This link belongs to another organization.")
        return org, int(values["s"]), int(values["p"])

    async def about(t: Read, situation_id: int, person_id: int) -> tuple[Brief, Person]:
        return await queries.brief(t, situation_id), await people.person(t, person_id)

    def show(request: Request, brief: Brief, who: Person, **context: object) -> HTMLResponse:
        page = pages.get_template("acknowledge.html").render(
            viewer=None, org=None, nav="", csrf="", request_path=request.url.path, incident=brief, person=who,
            **{"answered": False, "problem": "", **context},
        )  # fmt: skip
        # Neither a proxy nor the browser's history keeps who was called.
        return HTMLResponse(page, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})

    @routes.get("/{org}/acknowledge/{token}")
    async def ask(request: Request, org: str, token: str) -> Response:
        organization, situation_id, person_id = await meant(org, token)
        async with db.read(organization.id) as t:
            brief, who = await about(t, situation_id, person_id)
        return show(request, brief, who, answered=not brief.acting and brief.commander_id == who.id)

    @routes.post("/{org}/acknowledge/{token}")
    async def answer(request: Request, org: str, token: str) -> Response:
        organization, situation_id, person_id = await meant(org, token)
        problem = ""
        try:
            async with db.tx(organization.id) as t:
                await answer_page(t, situation_id, by=await people.person(t, person_id))
        except DispatchError as why:
            problem = str(why)
        async with db.read(organization.id) as t:
            brief, who = await about(t, situation_id, person_id)
        return show(request, brief, who, answered=not problem, problem=problem)

    return routes
