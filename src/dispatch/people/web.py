"""Signing in and out, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database
from dispatch.kit.errors import DispatchError, NotFound
from dispatch.kit.web.csrf import check_csrf, csrf_token
from dispatch.people import actions, queries
from dispatch.people.access import may_configure
from dispatch.people.models import Organization
from dispatch.people.queries import Viewer

COOKIE = "dispatch_session"


class SignInNeeded(DispatchError):
    """Nobody is signed in; the edge sends the browser to the sign-in page."""

    status = 401
    title = "Please sign in"


@dataclass(frozen=True)
class Visit:
    """A signed-in request to an organization's page."""

    viewer: Viewer
    org: Organization
    session_token: str

    def context(self, request: Request, nav: str) -> dict[str, object]:
        """What every page template needs."""
        return {
            "viewer": self.viewer,
            "org": self.org,
            "nav": nav,
            "csrf": csrf_token(self.session_token),
            "request_path": request.url.path,
        }


class Visits:
    """Turns a request into a visit, or says why not."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, request: Request, org_slug: str) -> Visit:
        """The signed-in member.

        Raises:
            SignInNeeded: no session.
            NotFound: no such organization, or not a member; the two are not told apart.
        """
        token = request.cookies.get(COOKIE, "")
        async with self.db.system() as t:
            account = await queries.account_of_session(t, token) if token else None
            if account is None:
                raise SignInNeeded("Please sign in first.")
            org = await queries.organization(t, org_slug)
        if org is None:
            raise NotFound("There is no such page.")
        async with self.db.read(org.id) as t:
            viewer = await queries.viewer_of_account(t, org, account)
        if viewer is None:
            raise NotFound("There is no such page.")
        if request.method not in ("GET", "HEAD"):
            await check_csrf(request, token)
        return Visit(viewer, org, token)

    async def admin(self, request: Request, org_slug: str) -> Visit:
        """The signed-in member, who may see and change settings.

        Raises:
            SignInNeeded, NotFound: as `of`.
            NotAllowed: a member without the role; names who can help.
        """
        visit = await self.of(request, org_slug)
        async with self.db.read(visit.org.id) as t:
            await may_configure(t, visit.viewer)
        return visit

    async def machine(self, request: Request, org_slug: str) -> tuple[Organization, Viewer]:
        """The API token's viewer.

        Raises:
            SignInNeeded: no or a wrong token.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        async with self.db.system() as t:
            org = await queries.organization(t, org_slug)
            viewer = (
                await queries.viewer_of_token(t, org, token) if org is not None and kind.lower() == "bearer" else None
            )
        if org is None or viewer is None:
            raise SignInNeeded("Send a valid API token of this organization: Authorization: Bearer …")
        return org, viewer


def router(db: Database, pages: Environment, *, secure_cookies: bool) -> APIRouter:
    """`/`, `/sign-in`, `/sign-out`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def home(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        async with db.system() as t:
            account = await queries.account_of_session(t, token) if token else None
            orgs = await queries.organizations(t) if account is not None else []
        for org in orgs:
            async with db.read(org.id) as t:
                if account is not None and await queries.viewer_of_account(t, org, account) is not None:
                    return RedirectResponse(f"/{org.slug}/incidents", 303)
        return RedirectResponse("/sign-in", 303)

    @routes.get("/sign-in")
    async def sign_in(request: Request, token: str = "", next: str = "/") -> Response:
        error = ""
        if token:
            async with db.system() as t:
                account = await actions.use_one_time_link(t, token)
                session = await actions.open_session(t, account) if account is not None else None
            if session is not None:
                answer = RedirectResponse(_local(next), 303)
                answer.set_cookie(
                    COOKIE, session, httponly=True, samesite="lax", secure=secure_cookies,
                    max_age=int(actions.SESSION_LIFE.total_seconds()),
                )  # fmt: skip
                return answer
            error = "This link was used already, or is too old. Ask for a new one."
        page = pages.get_template("sign_in.html").render(
            viewer=None, org=None, nav="", csrf="", request_path="/sign-in", sent_to="", error=error,
            mail_enabled=False, password_enabled=False, next=_local(next),
        )  # fmt: skip
        return HTMLResponse(page, 401 if error else 200)

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        await check_csrf(request, token)
        async with db.system() as t:
            await actions.close_session(t, token)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return routes


def _local(target: str) -> str:
    """Only paths of this site: a link must not send people elsewhere."""
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target else "/"
