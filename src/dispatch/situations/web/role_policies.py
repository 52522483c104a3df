"""Settings → Project → Roles: who takes which role when an incident is opened."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.kit.db import Database, Tx
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.projects.form_pages import FormPage, row_routes
from dispatch.projects.settings_pages import Choices, SettingsForm, Where, enter, show
from dispatch.situations.policies import actions, queries
from dispatch.situations.policies.form import RolePolicyForm
from dispatch.situations.policies.options import rule_options

settings_page(
    "Project", "roles", "Roles", icon="users", position=27,
    about="Who takes which role when an incident is opened.",
)  # fmt: skip

SAVED = {
    "added": "Added. It holds from the next report on.",
    "changed": "Saved. It holds from the next report on.",
    "removed": "Removed.",
}


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/roles`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/roles", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "roles", may="oncall.configure")

    async def options(where: Where) -> Choices:
        async with db.read(where.visit.org.id) as t:
            return await rule_options(t, where.project.id)

    async def form_of(where: Where, policy_id: int | None) -> SettingsForm:
        above, choices = ("Roles", where.path), await options(where)
        if policy_id is None:
            # Sent as it is, it must not mean that nobody is called for any incident.
            begins = {"role": "Commander", "rotation_id": next((each.value for each in choices["rotation_id"]), None)}
            return SettingsForm(
                RolePolicyForm, f"{where.path}/new", "New role rule", begins, choices, save="Add rule",
                above=above, exists=False,
            )  # fmt: skip
        async with db.read(where.visit.org.id) as t:
            policy = await queries.policy(t, policy_id, project_id=where.project.id)
        action = f"{where.path}/{policy.id}"
        return SettingsForm(
            RolePolicyForm, action, f"Rule for the {policy.role}", actions.stored(policy), choices, above=above
        )

    form_page = FormPage(db, pages, "roles", "role_policy.changed")

    async def save(request: Request, where: Where, policy_id: int | None) -> Response:
        asked = await form_of(where, policy_id)

        async def write(t: Tx, form: RolePolicyForm, seen: str) -> None:
            await actions.save_policy(
                t, where.project, form, policy_id=policy_id, seen=seen, by=where.by, choices=asked.choices
            )

        done = f"{where.path}?saved={'added' if policy_id is None else 'changed'}"
        return await form_page.save(request, where, asked, write, then=lambda _: done, item=policy_id)

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        named = await options(where)
        async with db.read(where.visit.org.id) as t:
            found = await queries.policies(t, where.project.id)
        return show(
            pages, "role_policies.html", request, where, policies=found, roles=queries.FILLED,
            names={key: {o.value: o.label for o in offered} for key, offered in named.items()},
            saved=SAVED.get(request.query_params.get("saved", ""), ""),
        )  # fmt: skip

    row_routes(routes, form_page, at=at, form_of=form_of, save=save)

    @routes.post("/{policy_id:int}/delete")
    async def delete(request: Request, org: str, project: str, policy_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            await actions.remove_policy(t, where.project, policy_id, by=where.by)
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    return routes
