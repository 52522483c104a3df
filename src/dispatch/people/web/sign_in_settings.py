"""Settings: how people sign in. The organization's OpenID provider, and checking it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.db import Database
from dispatch.kit.errors import Conflict, DispatchError, Invalid
from dispatch.kit.web.settings_area import settings_page
from dispatch.people import identity_providers
from dispatch.people.access import ACTIONS, allows, who_helps
from dispatch.people.models import ROLES
from dispatch.people.oidc import Client, OpenIdProviders
from dispatch.people.provider_checks import check
from dispatch.people.web import Visit, Visits
from dispatch.people.web.provider import client_of, redirect_uri

settings_page(
    "Organization",
    "sign-in",
    "Sign-in",
    icon="login",
    about="Your organization's own login, by OpenID Connect.",
    position=20,
)
FIELDS = (
    "title", "issuer", "client_id", "client_secret", "scopes", "domains", "default_role", "required_claim", "required_values",
    "groups_claim", "role_of_group",
)  # fmt: skip
SWITCHES = ("create_members", "enabled")


def router(
    db: Database, visits: Visits, pages: Environment, vault: Vault, providers: OpenIdProviders, *, base_url: str
) -> APIRouter:
    """Routes under `/{org}/settings/sign-in`."""
    routes = APIRouter(include_in_schema=False)

    async def page(request: Request, visit: Visit, *, status: int = 200, **more: Any) -> Response:
        async with db.read(visit.org.id) as t:
            found = await identity_providers.identity_provider(t)
            helps = (
                ""
                if allows(visit.viewer, "sign_in.configure")
                else await who_helps(t, ACTIONS["sign_in.configure"].least)
            )
        values: dict[str, Any] = {"enabled": True, "scopes": "openid email profile", "default_role": "member"}
        if found is not None:
            values = {key: getattr(found, key) for key in (*FIELDS, *SWITCHES) if key != "client_secret"}
            values["domains"] = " ".join(found.domains)
            values["required_values"] = " ".join(found.required_values)
            values["role_of_group"] = "\n".join(f"{group} = {role}" for group, role in found.role_of_group.items())
        context = {
            "provider": found, "values": values, "errors": {}, "checks": None, "helps": helps,
            "redirect_uri": redirect_uri(base_url, visit.org.slug), "roles": [r for r in ROLES if r != "owner"],
            "saved": request.query_params.get("saved", ""),
        }  # fmt: skip
        return visit.page(pages, "sign_in_settings.html", request, "settings", status=status, **context | more)

    @routes.get("/{org}/settings/sign-in")
    async def show(request: Request, org: str) -> Response:
        return await page(request, await visits.admin(request, org))

    @routes.post("/{org}/settings/sign-in")
    async def save(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="sign_in.configure")
        form = await request.form()
        values: dict[str, Any] = {key: str(form[key]) for key in FIELDS if key in form}
        values |= {key: key in form for key in SWITCHES}
        sent = dict(values)
        if not values.get("client_secret"):
            values.pop("client_secret", None)
        try:
            async with db.tx(visit.org.id) as t:
                await identity_providers.configure(
                    t, values, vault=vault, viewer=visit.viewer, loopback=providers.loopback
                )
        except (Invalid, Conflict) as wrong:
            field = (wrong.field or "") if isinstance(wrong, Invalid) else ""
            sent.pop("client_secret", None)
            return await page(request, visit, status=wrong.status, errors={field: str(wrong)}, values=sent)
        return RedirectResponse(f"/{org}/settings/sign-in?saved=1", 303)

    @routes.post("/{org}/settings/sign-in/check")
    async def check_now(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="sign_in.configure")
        async with db.read(visit.org.id) as t:
            found = await identity_providers.identity_provider(t)
        if found is None:
            return RedirectResponse(f"/{org}/settings/sign-in", 303)
        client: Client | DispatchError
        try:
            client = client_of(found, visit.org.slug, vault=vault, base_url=base_url)
        except CannotDecrypt as why:
            client = why
        return await page(request, visit, checks=[line async for line in check(found, client, providers)])

    return routes
