"""Signing in and out: by one-time link, password or mailed link. `provider.py` has the way through a provider."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.web.csrf import check_csrf, csrf_token
from dispatch.people import passwords, queries, throttle
from dispatch.people.identity_providers import identity_provider
from dispatch.people.models import Organization
from dispatch.people.sessions import SESSION_LIFE, close_session, open_session, signed_in, use_one_time_link
from dispatch.people.throttle import Throttle, TooMany
from dispatch.people.web import COOKIE, local
from dispatch.people.web.letters import Letters

#: Ties the forms of somebody who is not signed in to their browser.
VISITOR = "dispatch_visitor"
WRONG = "That e-mail address and password do not fit together."
USED = "This link was used already, or is too old. Ask for a new one."

#: Chats open a link that somebody posts to show what is behind it; they must not use it up. Whoever is taken for one by
#: mistake has to click once more.
LOOKS_AHEAD = re.compile(r"bot\b|preview|crawler|spider|whatsapp|facebookexternalhit|embedly|teams", re.IGNORECASE)


@dataclass(frozen=True)
class Door:
    """What the pages before the sign-in share."""

    db: Database
    pages: Environment
    throttle: Throttle
    letters: Letters
    base_url: str

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https")

    async def page(
        self, request: Request, *, next: str = "/", org: str = "", error: str = "", sent_to: str = "", email: str = "",
        mailed: str = "", status: int = 200,
    ) -> Response:  # fmt: skip
        """The sign-in page; which organization it is for is read from where the person wants to go."""
        chosen, alone = await self._organization(org or local(next).strip("/").split("/")[0])
        provider = None
        if chosen is not None:
            async with self.db.read(chosen.id) as t:
                provider = await identity_provider(t)
        async with self.db.system() as t:
            nobody = await queries.nobody_yet(t)
        return self.stranger(
            request, "sign_in.html", status=status, next=local(next), error=error, sent_to=sent_to, email=email, mailed=mailed,
            nobody_yet=nobody, slug=chosen.slug if chosen is not None else "",
            asks_for_organization=chosen is None and not alone,
            provider=provider if provider is not None and provider.enabled else None,
            mail_enabled=chosen is not None and await self.letters.possible(chosen),
        )  # fmt: skip

    def stranger(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page for somebody who is not signed in; its forms are tied to the browser."""
        visitor = request.cookies.get(VISITOR) or secrets.token_urlsafe(24)
        page = self.pages.get_template(template).render(
            viewer=None, org=None, nav="", csrf=csrf_token(visitor), request_path=request.url.path, **context
        )
        answer = HTMLResponse(page, status)
        answer.set_cookie(VISITOR, visitor, httponly=True, samesite="lax", secure=self.secure, max_age=86400)
        return answer

    async def sent(self, request: Request) -> dict[str, str]:
        """The form such a page sent, its token checked."""
        return await _checked_form(request)

    async def signed_in(
        self, request: Request, account: int, *, orgs: list[int] | None, method: str, next: str
    ) -> Response:
        """A new session in the browser's cookie, and on to where the person wanted to go."""
        async with self.db.system() as t:
            session = await open_session(
                t, account, orgs=orgs, method=method, user_agent=request.headers.get("user-agent", ""),
                replaces=request.cookies.get(COOKIE, ""),
            )  # fmt: skip
        answer = RedirectResponse(local(next), 303)
        answer.set_cookie(
            COOKIE,
            session,
            httponly=True,
            samesite="lax",
            secure=self.secure,
            max_age=int(SESSION_LIFE.total_seconds()),
        )
        return answer

    async def _organization(self, slug: str) -> tuple[Organization | None, bool]:
        """(the named organization, or the only one there is; whether it is the only one)."""
        async with self.db.system() as t:
            found = await queries.organization(t, slug) if slug else None
            everyone = await queries.organizations(t, limit=2)
        return found or (everyone[0] if len(everyone) == 1 else None), len(everyone) < 2


def address_of(request: Request) -> str:
    """Where the request comes from; behind a proxy what uvicorn makes of its headers (FORWARDED_ALLOW_IPS)."""
    return request.client.host if request.client is not None else ""


def router(door: Door) -> APIRouter:
    """`/`, `/sign-in` and below, `/sign-out`."""
    routes = APIRouter(include_in_schema=False)
    db = door.db

    @routes.get("/")
    async def home(request: Request) -> Response:
        async with db.system() as t:
            session = await signed_in(t, request.cookies.get(COOKIE, ""))
            orgs = await queries.organizations_of(t, session.account_id, only=session.org_ids) if session else []
        if session is not None and not orgs:
            return await door.page(
                request, error="You are signed in, but no organization lists you as a member any more. Ask an admin of yours.", status=403
            )  # fmt: skip
        return RedirectResponse(f"/{orgs[0].slug}" if orgs else "/sign-in", 303)

    @routes.get("/sign-in")
    async def sign_in(request: Request, token: str = "", next: str = "/", org: str = "") -> Response:
        if not token:
            return await door.page(request, next=next, org=org)
        if LOOKS_AHEAD.search(request.headers.get("user-agent", "")):
            return await door.page(request, next=next, mailed=token[:200])
        return await by_link(request, token, next)

    async def by_link(request: Request, token: str, next: str) -> Response:
        limit = door.throttle.of_address(address_of(request))
        try:
            await door.throttle.take(limit)
        except TooMany as why:
            return await _wait(door, request, why, next)
        async with db.system() as t:
            found = await use_one_time_link(t, token)
        if found is None:
            return await door.page(request, next=next, error=USED, status=401)
        await door.throttle.give_back(limit)
        account, org = found
        orgs = None if org is None else [int(org)]
        return await door.signed_in(request, account, orgs=orgs, method="link", next=next)

    # Mail scanners open every link: the mailed one asks for a click before it is used up.
    @routes.get("/sign-in/mailed")
    async def mailed(request: Request, token: str = "", next: str = "/") -> Response:
        return await door.page(request, next=next, mailed=token[:200])

    @routes.post("/sign-in/mailed")
    async def use_mailed(request: Request) -> Response:
        sent = await _checked_form(request)
        return await by_link(request, sent.get("token", ""), sent.get("next", "/"))

    @routes.post("/sign-in/password")
    async def by_password(request: Request) -> Response:
        sent = await _checked_form(request)
        email, next = sent.get("email", "").strip().lower()[:254], sent.get("next", "/")
        account_limit, address_limit = door.throttle.of_account(email), door.throttle.of_address(address_of(request))
        try:
            await door.throttle.take(account_limit, address_limit)
        except TooMany as why:
            return await _wait(door, request, why, next, email)
        async with db.system() as t:
            account = await queries.account_of_email(t, email)
            known = await passwords.stored(t, account)
        right = await passwords.matching(sent.get("password", ""), known)
        if right is None or account is None:
            return await door.page(request, next=next, email=email, error=WRONG, status=401)
        await door.throttle.forget(account_limit)
        await door.throttle.give_back(address_limit)
        orgs = None if right.org_id is None else [int(right.org_id)]
        return await door.signed_in(request, account, orgs=orgs, method="password", next=next)

    @routes.post("/sign-in")
    async def mail_a_link(request: Request) -> Response:
        sent = await _checked_form(request)
        email, slug, next = (
            sent.get("email", "").strip().lower()[:254],
            sent.get("org", ""),
            local(sent.get("next", "/")),
        )
        limits = (
            door.throttle.of_account(email, most=throttle.MAILS_PER_ACCOUNT, what="mail"),
            door.throttle.of_address(address_of(request), most=throttle.MAILS_PER_ADDRESS, what="mail"),
        )
        try:
            await door.throttle.take(*limits)
        except TooMany as why:
            return await _wait(door, request, why, next, email)
        # Always answered alike, and before the work: nobody learns from the answer or its time who is a member.
        door.letters.answer_request(slug, email, next)
        return await door.page(request, next=next, org=slug, sent_to=email)

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        await check_csrf(request, token)
        async with db.system() as t:
            await close_session(t, token)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=door.secure)
        return answer

    return routes


async def _checked_form(request: Request) -> dict[str, str]:
    await check_csrf(request, request.cookies.get(VISITOR, ""))
    return {key: value for key, value in (await request.form()).items() if isinstance(value, str)}


async def _wait(door: Door, request: Request, why: TooMany, next: str, email: str = "") -> Response:
    answer = await door.page(request, next=next, email=email, error=str(why), status=why.status)
    answer.headers["retry-after"] = str(why.retry_after)
    return answer
