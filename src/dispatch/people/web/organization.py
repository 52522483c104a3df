"""Settings: the organization itself."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment
from pydantic import field_validator

from dispatch.kit.db import Database
from dispatch.kit.errors import Stale
from dispatch.kit.forms import Form, FormErrors, fingerprint, from_html, html_values, text, to_html
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.actions import rename_organization
from dispatch.people.web import Visit, Visits

settings_page(
    "Organization", "organization", "General", icon="building", about="What the organization is called.", position=1
)


class OrganizationForm(Form):
    """The organization itself."""

    name: str = text("Name", max_length=80, help="Stands on every page, in mails and in Slack.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return " ".join(value.split())


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """The route `/{org}/settings/organization`."""
    routes = APIRouter(include_in_schema=False)

    def show(request: Request, visit: Visit, *, status: int = 200, **context: Any) -> Response:
        form = to_html(OrganizationForm, choices={}, values=context.pop("values", {"name": visit.org.name}),
                       errors=context.get("wrong"))  # fmt: skip
        asked = {
            "title": "Organization", "action": f"/{visit.org.slug}/settings/organization", "save": "Save", "above": None,
            "lead": f"Its short name is {visit.org.slug}: that stands in addresses and commands, and stays.",
        }  # fmt: skip
        given = {"seen": fingerprint(OrganizationForm, {"name": visit.org.name}), "page_key": "organization"} | context
        return visit.page(
            pages, "settings_form.html", request, "settings", status=status, form=form, asked=asked, **given
        )

    @routes.get("/{org}/settings/organization")
    async def look(request: Request, org: str) -> Response:
        visit = await visits.admin(request, org)
        return show(request, visit, saved="Saved." if request.query_params.get("saved") else "")

    @routes.post("/{org}/settings/organization")
    async def save(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="organization.configure")
        sent = await request.form()
        seen = str(sent.get("seen", ""))
        try:
            form = from_html(OrganizationForm, sent)
            async with db.tx(visit.org.id) as t:
                await rename_organization(
                    t,
                    form.name,
                    unless=lambda now: fingerprint(OrganizationForm, {"name": now}) != seen,
                    by=visit.viewer.person_id,
                )
        except FormErrors as why:
            typed = html_values(OrganizationForm, sent)
            return show(request, visit, status=422, values=typed, wrong=why.by_field, seen=seen)
        except Stale as why:
            return show(
                request, visit, status=why.status, values=html_values(OrganizationForm, sent), stale=str(why), told=[]
            )
        return RedirectResponse(f"/{org}/settings/organization?saved=1", 303)

    return routes
