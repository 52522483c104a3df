"""Settings → Project → Announcements: which incidents are announced where."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.announcements import actions, queries
from dispatch.announcements.forms import RuleForm
from dispatch.announcements.queries import personal
from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.forms import Option, inputs
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.projects.form_pages import FormPage, row_routes
from dispatch.projects.settings_pages import Choices, SettingsForm, Where, enter, show
from dispatch.situations.queries import list_options

settings_page(
    "Project", "announcements", "Announcements", icon="speakerphone", position=45,
    about="Which incidents are announced to which channel or mail addresses.",
)  # fmt: skip

SAVED = {
    "added": "Added. It announces what fits from now on.",
    "changed": "Saved. It holds from now on.",
    "removed": "Removed.",
}


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/announcements`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/announcements", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "announcements", may="projects.configure")

    async def views(t: Read, where: Where, present: str) -> Choices:
        """Saved views as options; one that says "me" means somebody else for everybody. The rule's own stays."""
        found = [o for o in await list_options(t, where.visit.viewer) if o.what == "view"]
        usable = {o.value: o.label for o in found if o.value and not personal(o.value)}
        if present:
            usable.setdefault(present, f"As saved: {present}"[:75])
        return {"query": [Option(value, label) for value, label in usable.items()]}

    async def form_of(where: Where, rule_id: int | None) -> SettingsForm:
        above = ("Announcements", where.path)
        async with db.read(where.visit.org.id) as t:
            if rule_id is None:
                defaults = {key: each.default for key, each in inputs(RuleForm).items()}
                return SettingsForm(
                    RuleForm, f"{where.path}/new", "New announcement rule", defaults, await views(t, where, ""),
                    save="Add rule", above=above, exists=False,
                )  # fmt: skip
            rule = await queries.rule(t, rule_id, project_id=where.project.id)
            choices = await views(t, where, rule.query)
        return SettingsForm(RuleForm, f"{where.path}/{rule.id}", rule.name, actions.stored(rule), choices, above=above)

    form_page = FormPage(db, pages, "announcements", "announcement.rule_changed")

    async def save(request: Request, where: Where, rule_id: int | None) -> Response:
        asked = await form_of(where, rule_id)

        async def write(t: Tx, form: RuleForm, seen: str) -> None:
            if form.restricted or asked.stored.get("restricted"):
                await where.need(t, "announcements.restricted", "restricted", RuleForm)
            await actions.save_rule(
                t, where.project, form, rule_id=rule_id, seen=seen, by=where.by, choices=asked.choices
            )

        done = f"{where.path}?saved={'added' if rule_id is None else 'changed'}"
        return await form_page.save(request, where, asked, write, then=lambda _: done, item=rule_id)

    @routes.get("")
    async def listed(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        async with db.read(where.visit.org.id) as t:
            found = await queries.rules(t, where.project.id)
            counts = await queries.announced_by(t, [each.id for each in found])
            names = {o.value: o.label for o in await list_options(t, where.visit.viewer) if o.what == "view"}
        return show(
            pages, "announcements.html", request, where, rules=found, counts=counts, views=names,
            saved=SAVED.get(request.query_params.get("saved", ""), ""),
        )  # fmt: skip

    row_routes(routes, form_page, at=at, form_of=form_of, save=save)

    @routes.post("/{rule_id:int}/delete")
    async def delete(request: Request, org: str, project: str, rule_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            await actions.remove_rule(t, where.project, rule_id, by=where.by)
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    return routes
