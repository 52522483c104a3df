"""Settings → Project → Announcements: which incidents are announced where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.announcements import actions, queries
from dispatch.announcements.forms import RuleForm
from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Stale
from dispatch.kit.forms import FormErrors, Option, from_html, html_values, inputs
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.web import Visits
from dispatch.projects.settings_pages import Choices, SettingsForm, Where, drawn, enter, latest_changes, refused, show
from dispatch.situations.queries import list_options

settings_page(
    "Project", "announcements", "Announcements", icon="speakerphone", position=45,
    about="Which incidents are announced to which channel or mail addresses.",
)  # fmt: skip

SAVED = {"added": "Added. It announces what fits from now on.", "changed": "Saved. It holds from now on.", "removed": "Removed."}


def router(db: Database, visits: Visits, pages: Environment) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/announcements`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/announcements", include_in_schema=False)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "announcements", may="projects.configure")

    async def views(t: Read, where: Where, present: str) -> Choices:
        """Saved views as options; one that says "me" means somebody else for everybody. The rule's own stays."""
        found = [o for o in await list_options(t, where.visit.viewer) if o.what == "view"]
        usable = {o.value: o.label for o in found if o.value and not _personal(o.value)}
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

    def page(request: Request, where: Where, form: Mapping[str, Any], *, status: int = 200, **context: Any) -> Response:
        return show(pages, "settings_form.html", request, where, status=status, page_key="announcements", **form, **context)

    async def save(request: Request, where: Where, rule_id: int | None) -> Response:
        sent, asked = await request.form(), await form_of(where, rule_id)
        seen = str(sent.get("seen", ""))
        try:
            form = from_html(RuleForm, sent, choices=asked.choices)
            async with db.tx(where.visit.org.id) as t:
                await actions.save_rule(
                    t, where.project, form, rule_id=rule_id, seen=seen, by=where.by, choices=asked.choices
                )
        except FormErrors as why:
            return page(request, where, refused(asked, sent, why) | {"seen": seen}, status=422)
        except Stale as why:
            told = await latest_changes(db, where, like="announcement.rule_changed", item=rule_id)
            typed = drawn(asked, typed=html_values(RuleForm, sent))
            return page(request, where, typed, status=why.status, stale=str(why), told=told)
        return RedirectResponse(f"{where.path}?saved={'added' if rule_id is None else 'changed'}", 303)

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

    @routes.get("/new")
    async def new(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        return page(request, where, drawn(await form_of(where, None)))

    @routes.post("/new")
    async def add(request: Request, org: str, project: str) -> Response:
        return await save(request, await at(request, org, project), None)

    @routes.get("/{rule_id:int}")
    async def edit(request: Request, org: str, project: str, rule_id: int) -> Response:
        where = await at(request, org, project)
        return page(request, where, drawn(await form_of(where, rule_id)))

    @routes.post("/{rule_id:int}")
    async def change(request: Request, org: str, project: str, rule_id: int) -> Response:
        return await save(request, await at(request, org, project), rule_id)

    @routes.post("/{rule_id:int}/delete")
    async def delete(request: Request, org: str, project: str, rule_id: int) -> Response:
        where = await at(request, org, project)
        async with db.tx(where.visit.org.id) as t:
            await actions.remove_rule(t, where.project, rule_id, by=where.by)
        return RedirectResponse(f"{where.path}?saved=removed", 303)

    return routes


def _personal(query: str) -> bool:
    """Whether a view means whoever looks at it."""
    return any(part in ("commander=me", "participant=me") for part in query.split("&"))
