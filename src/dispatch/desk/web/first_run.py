"""`/first-run`: the link the server prints for an empty database makes the first owner, organization and project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dispatch.desk.setup_actions import THERE, Beginning, begin
from dispatch.kit.db import Database
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.signing import LinkInvalid, Signer
from dispatch.people import passwords, queries
from dispatch.people.actions import checked_slug
from dispatch.people.membership import checked_email
from dispatch.people.web.sign_in import Door

PURPOSE: Final = "first run"
LIFE: Final = timedelta(hours=24)
#: Field -> longest, in characters.
FIELDS: Final = {
    "name": 100, "email": 254, "password": passwords.MOST, "org_name": 80, "org_slug": 40, "project_name": 80,
}  # fmt: skip
DEFAULTS: Final = {"org_slug": "default", "project_name": "Default"}
WRONG: Final = "This link is not complete, or older than a day. `dispatch setup` prints a new one."


async def first_link(db: Database, signer: Signer, base_url: str) -> str:
    """The address that sets an empty database up, for 24 hours; nothing when somebody has."""
    async with db.system() as t:
        if not await queries.nobody_yet(t):
            return ""
    return f"{base_url.rstrip('/')}/first-run?token={signer.sign(PURPOSE, {}, life=LIFE)}"


def router(door: Door, signer: Signer) -> APIRouter:
    """The route `/first-run`."""
    routes = APIRouter(include_in_schema=False)
    db = door.db

    def allowed(token: str) -> bool:
        try:
            signer.read(PURPOSE, token)
        except LinkInvalid:
            return False
        return True

    async def form(request: Request, token: str, *, status: int = 200, **context: Any) -> Response:
        given = {"values": DEFAULTS, "errors": {}, "problem": ""} | context
        return door.stranger(request, "first_run.html", status=status, token=token, least=passwords.LEAST, **given)

    async def refused(request: Request) -> Response | None:
        """Once somebody is there, nobody learns more than that."""
        async with db.system() as t:
            if await queries.nobody_yet(t):
                return None
        return await door.page(request, error=THERE, status=409)

    @routes.get("/first-run")
    async def first_run(request: Request, token: str = "") -> Response:
        if (there := await refused(request)) is not None:
            return there
        if not allowed(token):
            return await door.page(request, error=WRONG, status=410)
        return await form(request, token)

    @routes.post("/first-run")
    async def start(request: Request) -> Response:
        sent = await door.sent(request)
        token = sent.get("token", "")
        if (there := await refused(request)) is not None:
            return there
        if not allowed(token):
            return await door.page(request, error=WRONG, status=410)
        values = {key: " ".join(sent.get(key, "").split()) for key in FIELDS if key != "password"}
        password = sent.get("password", "")
        wrong = _wrong(values, password)
        if wrong:
            return await form(request, token, status=422, values=values, errors=wrong)
        try:
            account, slug = await begin(db, Beginning(password_hash=await passwords.hashed(password), **values))
        except Conflict as why:
            return await door.page(request, error=str(why), status=why.status)
        return await door.signed_in(request, account, orgs=None, method="password", next=f"/{slug}/setup")

    return routes


def _wrong(values: dict[str, str], password: str) -> dict[str, str]:
    """What has to be corrected, by field."""
    found: dict[str, str] = {}
    for key, value in values.items():
        if not value:
            found[key] = "Please fill this in."
        elif len(value) > FIELDS[key]:
            found[key] = f"At most {FIELDS[key]} characters."
    checks: dict[str, Callable[[], str]] = {
        "email": lambda: checked_email(values["email"]),
        "org_slug": lambda: checked_slug(values["org_slug"]),
        "password": lambda: passwords.checked(password, email=values["email"]),
    }
    for key, check in checks.items():
        try:
            check()
        except Invalid as why:
            found.setdefault(key, str(why))
    return found
