"""The link in a call's e-mail: it leads to a page with a button, since mail scanners follow links but press nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from dispatch.kit.db import Database, OrgId, Read, Tx
from dispatch.kit.errors import DispatchError
from dispatch.kit.signing import LinkInvalid, Signer
from dispatch.people import queries as people
from dispatch.people.models import Person
from dispatch.situations import queries
from dispatch.situations.actions import answer_engagement, answer_page
from dispatch.situations.models import Engagement
from dispatch.situations.queries import Brief, Links
from dispatch.situations.queries.engagements import engagement

PURPOSE = "acknowledge"
HOURS = 24


def acknowledge_link(
    signer: Signer, b: Brief, *, org: OrgId, person_id: int, engagement_id: int = 0
) -> tuple[str, int]:
    """The address for one person and incident, and how many hours it works.

    Args:
        engagement_id: which call of who is on call; 0 for the call to the commander.
    """
    called = {"e": engagement_id} if engagement_id else {}
    token = signer.sign(PURPOSE, {"o": org, "s": b.id, "p": person_id, **called}, life=timedelta(hours=HOURS))
    return f"{Links.base}/{b.org_slug}/acknowledge/{token}", HOURS


@dataclass(frozen=True)
class _Meant:
    """What a link is for. `engagement` is 0 for the call to the commander."""

    org: OrgId
    situation: int
    person: int
    engagement: int


@dataclass(frozen=True)
class _Call:
    """The call as it stands now. `engaged` is None for the call to the commander."""

    brief: Brief
    who: Person
    engaged: Engagement | None

    @property
    def answered(self) -> bool:
        """Whether this person has answered it."""
        if self.engaged is not None:
            return self.engaged.acknowledged_at is not None
        return not self.brief.acting and self.brief.commander_id == self.who.id


def router(db: Database, pages: Environment, signer: Signer) -> APIRouter:
    """Routes under `/{org}`. Nobody has to be signed in: the link is for one person, one incident and one act."""
    routes = APIRouter(include_in_schema=False)

    async def meant(org_slug: str, token: str) -> _Meant:
        async with db.system() as t:
            org = await people.organization(t, org_slug)
        values = signer.read(PURPOSE, token)
        if org is None or values["o"] != org.id:
            raise LinkInvalid("This link belongs to another organization.")
        async with db.read(org.id) as t:
            who = await people.person(t, int(values["p"]))
        if who.left_at is not None:
            raise LinkInvalid("This link was for somebody who is no member here any more.")
        return _Meant(org.id, int(values["s"]), who.id, int(values.get("e", 0)))

    async def call(t: Read, link: _Meant) -> _Call:
        return _Call(
            await queries.brief(t, link.situation),
            await people.person(t, link.person),
            await engagement(t, link.situation, link.engagement) if link.engagement else None,
        )

    async def answer_it(t: Tx, link: _Meant) -> None:
        who = await people.person(t, link.person)
        if link.engagement:
            await answer_engagement(t, link.engagement, by=who)
        else:
            await answer_page(t, link.situation, by=who)

    def show(request: Request, found: _Call, *, answered: bool, problem: str = "") -> HTMLResponse:
        page = pages.get_template("acknowledge.html").render(
            viewer=None, org=None, nav="", csrf="", request_path=request.url.path, incident=found.brief,
            person=found.who, engaged=found.engaged, answered=answered, problem=problem,
        )  # fmt: skip
        # Neither a proxy nor the browser's history keeps who was called.
        return HTMLResponse(page, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})

    @routes.get("/{org}/acknowledge/{token}")
    async def ask(request: Request, org: str, token: str) -> Response:
        link = await meant(org, token)
        async with db.read(link.org) as t:
            found = await call(t, link)
        return show(request, found, answered=found.answered)

    @routes.post("/{org}/acknowledge/{token}")
    async def answer(request: Request, org: str, token: str) -> Response:
        link = await meant(org, token)
        problem = ""
        try:
            async with db.tx(link.org) as t:
                await answer_it(t, link)
        except DispatchError as why:
            problem = str(why)
        async with db.read(link.org) as t:
            found = await call(t, link)
        return show(request, found, answered=not problem, problem=problem)

    return routes
