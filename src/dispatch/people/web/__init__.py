"""Who is looking: a request becomes a visit, or the reason why not. Beside it, the pages about people."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import DispatchError, NotFound
from dispatch.kit.web.csrf import check_csrf, csrf_token
from dispatch.people import queries
from dispatch.people.access import allows, allows_somewhere, require
from dispatch.people.machines import viewer_of_token
from dispatch.people.models import Organization, Person
from dispatch.people.queries import Viewer
from dispatch.people.sessions import SignedIn, signed_in

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
    session: SignedIn
    #: Where the session leads: for the switcher.
    orgs: list[Organization]
    #: Seconds since 1970. What is read for it afterwards may be older than a change that comes later; see `following`.
    began: float

    def context(self, request: Request, nav: str) -> dict[str, object]:
        """What every page template needs."""
        return {
            "viewer": self.viewer,
            "org": self.org,
            "orgs": self.orgs,
            "nav": nav,
            "csrf": csrf_token(self.session_token),
            "request_path": request.url.path,
            "allows": lambda action, project=None: allows(self.viewer, action, project),
            "opens": self.opens,
            "began": self.began,
        }

    def opens(self, action: str) -> bool:
        """Whether the visitor may do it, in some project at least: which links to settings they see."""
        return allows_somewhere(self.viewer, action)

    async def person(self, t: Read) -> Person:
        """Who visits, to act under their name.

        Raises:
            NotFound: the session has no person here.
        """
        if self.viewer.person_id is None:
            raise NotFound("There is no such page.")
        return await queries.person(t, self.viewer.person_id)

    def page(
        self, pages: Environment, template: str, request: Request, nav: str, /, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """The template, with what every page needs and `context`."""
        return HTMLResponse(pages.get_template(template).render(**self.context(request, nav), **context), status)


class Visits:
    """Turns a request into a visit, or says why not."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, request: Request, org_slug: str, *, may: str = "") -> Visit:
        """The signed-in member.

        Args:
            may: a key of `access.ACTIONS` that the member must be allowed to do; empty: being a member is enough.

        Raises:
            SignInNeeded: no session, or one that does not open this organization.
            NotFound: no such organization, or not a member; the two are not told apart.
            NotAllowed: a member without the role; names who can help.
        """
        began = time.time()
        token = request.cookies.get(COOKIE, "")
        async with self.db.system() as t:
            session = await signed_in(t, token)
            if session is None:
                raise SignInNeeded("Please sign in first.")
            org = await queries.organization(t, org_slug)
            # Whether the organization exists or not: what one of them vouched for tells nothing about others.
            if session.org_ids is not None and (org is None or not session.opens(org.id)):
                raise SignInNeeded("Please sign in to this organization.")
            orgs = await queries.organizations_of(t, session.account_id, only=session.org_ids)
        if org is None:
            raise NotFound("There is no such page.")
        async with self.db.read(org.id) as t:
            viewer = await queries.viewer_of_account(t, org, session.account_id)
            if viewer is None:
                raise NotFound("There is no such page.")
            if request.method not in ("GET", "HEAD"):
                await check_csrf(request, token)
            if may:
                await require(t, viewer, may)
        return Visit(viewer, org, token, session, orgs, began)

    async def admin(self, request: Request, org_slug: str) -> Visit:
        """The signed-in member, who may see and change settings of the organization.

        Raises:
            SignInNeeded, NotFound, NotAllowed: as `of`.
        """
        return await self.of(request, org_slug, may="settings.read")

    async def machine(self, request: Request, org_slug: str, *, may: str = "") -> tuple[Organization, Viewer]:
        """The API token's viewer.

        Args:
            may: a key of `access.ACTIONS` that the token must be allowed to do.

        Raises:
            SignInNeeded: no or a wrong token.
            TokenStopped: whoever made it was deactivated.
            NotAllowed: its role is not enough.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        async with self.db.system() as t:
            org = await queries.organization(t, org_slug)
        viewer = None
        if org is not None and kind.lower() == "bearer":
            async with self.db.tx(org.id) as t:
                viewer = await viewer_of_token(t, org, token.strip())
                if viewer is not None and may:
                    await require(t, viewer, may)
        if org is None or viewer is None:
            raise SignInNeeded("Send a valid API token of this organization: Authorization: Bearer …")
        return org, viewer


def local(target: str) -> str:
    """The target if it is a path of this site, else the front page: a link must not send people elsewhere."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    inside = target.startswith("/") and not target.startswith("//") and not parts.scheme and not parts.netloc
    plain = "\\" not in target and all(" " < c != "\x7f" for c in target)
    return target if inside and plain and len(target) < 2000 else "/"
