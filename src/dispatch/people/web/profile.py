"""What everybody changes of themselves: name and time zone, password, signed-in browsers."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people import membership, passwords, queries, sessions
from dispatch.people.events import SessionsEnded
from dispatch.people.models import Person
from dispatch.people.throttle import Throttle, TooMany
from dispatch.people.web import Visit, Visits


def router(db: Database, visits: Visits, pages: Environment, throttle: Throttle) -> APIRouter:
    """Routes under `/{org}/profile`."""
    routes = APIRouter(include_in_schema=False)

    async def me(visit: Visit) -> Person:
        assert visit.viewer.person_id is not None  # a session is a person's
        async with db.read(visit.org.id) as t:
            return await queries.person(t, visit.viewer.person_id)

    async def page(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
        who = await me(visit)
        async with db.read(visit.org.id) as t:
            has_password = await membership.has_password(t, visit.session)
        async with db.system() as t:
            devices = await sessions.devices(t, visit.session)
        context = {
            "person": who, "zones": zones(), "devices": devices, "has_password": has_password,
            "asks_old": has_password and not visit.session.fresh_link, "only_here": visit.session.org_ids is not None,
            "least": passwords.LEAST, "errors": {}, "values": {"name": who.name, "tz": who.tz},
            "saved": request.query_params.get("saved", ""),
        }  # fmt: skip
        return visit.page(pages, "profile.html", request, "profile", status=status, **context | more)

    @routes.get("/{org}/profile")
    async def profile(request: Request, org: str) -> Response:
        return await page(request, await visits.of(request, org))

    @routes.post("/{org}/profile")
    async def change(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        sent = {key: str(value) for key, value in (await request.form()).items()}
        who = await me(visit)
        try:
            if sent.get("tz") not in zones():
                raise Invalid("Choose a time zone from the list, such as Europe/Berlin.", field="tz")
            async with db.tx(visit.org.id) as t:
                await membership.change_profile(t, who, name=sent.get("name", ""), tz=sent["tz"])
        except Invalid as wrong:
            return await page(request, visit, status=422, errors={wrong.field: str(wrong)}, values=sent)
        return RedirectResponse(f"/{org}/profile?saved=profile", 303)

    @routes.post("/{org}/profile/password")
    async def password(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        sent = {key: str(value) for key, value in (await request.form()).items()}
        who = await me(visit)
        async with db.read(visit.org.id) as t:
            needs_old = await membership.has_password(t, visit.session) and not visit.session.fresh_link
        limit = throttle.of_account(who.email, what="old password")
        try:
            if needs_old:
                await throttle.take(limit)
                async with db.system() as t:
                    known = await passwords.stored(t, visit.session.account_id)
                if await passwords.matching(sent.get("old", ""), known) is None:
                    raise Invalid("That is not your password.", field="old")
                await throttle.forget(limit)
            new = passwords.checked(sent.get("password", ""), email=who.email)
        except TooMany as why:
            return await page(request, visit, status=why.status, errors={"old": str(why)})
        except Invalid as wrong:
            return await page(request, visit, status=422, errors={wrong.field: str(wrong)})
        hashed = await passwords.hashed(new)
        async with db.tx(visit.org.id) as t:
            await membership.change_password(t, who, visit.session, hashed)
            await sessions.end_other_sessions(t, visit.session)
        return RedirectResponse(f"/{org}/profile?saved=password", 303)

    @routes.post("/{org}/profile/sessions/{session_id}/end")
    async def end_one(request: Request, org: str, session_id: int) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            if not await sessions.end_session(t, visit.session, session_id):
                raise NotFound("This browser is signed out already.")
            await _note(t, visit, 1)
        return RedirectResponse(f"/{org}/profile?saved=sessions", 303)

    @routes.post("/{org}/profile/sessions/end-others")
    async def end_others(request: Request, org: str) -> Response:
        visit = await visits.of(request, org)
        async with db.tx(visit.org.id) as t:
            if count := await sessions.end_other_sessions(t, visit.session):
                await _note(t, visit, count)
        return RedirectResponse(f"/{org}/profile?saved=sessions", 303)

    return routes


async def _note(t: Any, visit: Visit, count: int) -> None:
    person = visit.viewer.person_id
    await record(t, SessionsEnded(count=count), about=Subject("member", person or 0), by=person)


@cache
def zones() -> tuple[str, ...]:
    """The time zones to choose from: the places, and UTC."""
    return (
        "UTC",
        *sorted(
            name
            for name in available_timezones()
            if "/" in name and not name.startswith(("Etc/", "posix", "right", "SystemV"))
        ),
    )
