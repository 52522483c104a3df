"""Settings → Project → Plugins: what is configured, adding, editing, testing, switching, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment
from starlette.datastructures import FormData

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Conflict, Invalid
from dispatch.kit.events import Event, sentence
from dispatch.kit.forms import FormErrors, enum_choices, html_values, inputs, to_html
from dispatch.kit.forms.html import REMOVE
from dispatch.kit.web.settings_area import settings_page
from dispatch.people.access import allows, require
from dispatch.people.queries import people
from dispatch.people.web import Visits
from dispatch.ports.answers import Check
from dispatch.projects import queries
from dispatch.projects.models import PluginInstance
from dispatch.projects.plugin_actions import Stale, open_secrets
from dispatch.projects.plugin_setup import Change, PluginSetup
from dispatch.projects.providers import PluginLike, Providers
from dispatch.projects.settings_pages import Where, enter
from dispatch.projects.settings_pages import show as show_settings

settings_page(
    "Project",
    "plugins",
    "Plugins",
    icon="plug",
    about="Slack, e-mail, paging and video: the systems a project's incidents work with.",
    position=10,
)

#: What a kind of plugin does, in the words of the page.
KINDS: Mapping[str, str] = {
    "conversation": "Conversations",
    "contact": "Contact data",
    "ticket": "Tickets",
    "document": "Documents",
    "conference": "Conferences",
    "paging": "Paging",
    "email": "E-mail",
}
ICONS: Mapping[str, str] = {
    "conversation": "brand-slack",
    "contact": "users",
    "ticket": "ticket",
    "document": "file-text",
    "conference": "video",
    "paging": "bell-ringing",
    "email": "mail",
}


@dataclass(frozen=True)
class Done:
    """A row of the history."""

    at: Any
    by: str
    says: str
    icon: str
    changes: list[dict[str, Any]]


def router(db: Database, visits: Visits, pages: Environment, providers: Providers) -> APIRouter:
    """Routes under `/{org}/settings/projects/{project}/plugins`."""
    routes = APIRouter(prefix="/{org}/settings/projects/{project}/plugins", include_in_schema=False)
    setup = PluginSetup(db, providers)

    async def at(request: Request, org: str, project: str) -> Where:
        return await enter(db, visits, request, org, project, "plugins", may="plugins.configure")

    async def connecting(request: Request, org: str, project: str) -> Where:
        """For what makes or ends a connection."""
        where = await at(request, org, project)
        async with db.read(where.visit.org.id) as t:
            await require(t, where.visit.viewer, "plugins.connect")
        return where

    async def typed_by(where: Where, plugin: PluginLike, sent: FormData) -> dict[str, Any]:
        """What was typed into the form; of a project admin only what is theirs to change.

        Raises:
            NotAllowed: the browser sent what the page does not let them change.
        """
        values = html_values(plugin.settings, sent)
        if allows(where.visit.viewer, "plugins.connect"):
            return values
        if any(
            f"{key}{end}" in sent
            for key in inputs(plugin.settings)
            if key not in plugin.behaviour
            for end in ("", REMOVE)
        ):
            async with db.read(where.visit.org.id) as t:
                await require(t, where.visit.viewer, "plugins.connect")
        return {key: value for key, value in values.items() if key in plugin.behaviour}

    def show(name: str, request: Request, where: Where, status: int = 200, **context: Any) -> Response:
        return show_settings(pages, name, request, where, status=status, kinds=KINDS, icons=ICONS, **context)

    def form_page(
        request: Request, where: Where, plugin: PluginLike, instance: PluginInstance | None, *, status: int = 200,
        values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None, **context: Any,
    ) -> Response:  # fmt: skip
        """The form with what is stored, or with what was typed and is wrong."""
        stored: dict[str, Any] = {}
        unreadable = ""
        if instance is not None:
            opened, unreadable = open_secrets(instance, providers.vault)
            stored = dict(instance.settings) | opened
        typed = dict(values or {})
        secret = {key for key, each in inputs(plugin.settings).items() if each.kind == "secret"}
        wrong = dict(errors or {})
        for key in secret & {key for key, value in typed.items() if value}:
            # A secret never goes back to the browser: say that it has to be typed again.
            wrong.setdefault(key, "Not saved yet. Please enter it again: secrets are not sent back to the page.")
            typed.pop(key)
        form = to_html(plugin.settings, choices=enum_choices(plugin.settings), values={**stored, **typed}, errors=wrong)
        label = context.pop("label", instance.label if instance is not None else "")
        found = {
            "checks": _checks(instance),
            "problem": unreadable or None,
            "changed": [],
            "saved": "",
            "checked_at": None,
        } | context
        return show(
            "plugin_form.html", request, where, status, form=form, plugin=plugin, instance=instance, label=label,
            label_error=wrong.get("label"), wrong={**wrong}, **found,
        )  # fmt: skip

    async def instance_of(where: Where, instance_id: int) -> tuple[PluginInstance, PluginLike]:
        async with db.read(where.visit.org.id) as t:
            instance = await queries.plugin_instance(t, where.project.id, instance_id)
        return instance, setup.plugin(instance.slug)

    async def save(
        request: Request, where: Where, plugin: PluginLike, instance: PluginInstance | None
    ) -> tuple[PluginInstance | None, Response | None]:
        sent = await request.form()
        values, label = await typed_by(where, plugin, sent), str(sent.get("label") or "")
        version = str(sent.get("version") or "")
        change = Change(
            values=values, instance_id=instance.id if instance else None, new=instance is None,
            label=label if plugin.many else None, by=where.visit.viewer.person_id,
            enabled=True if sent.get("then") == "enable" else None,
            expected_version=int(version) if instance is not None and version.isdigit() else None,
        )  # fmt: skip
        typed: dict[str, Any] = {"values": values, "label": label}
        try:
            return await setup.save(where.project, plugin, change), None
        except FormErrors as wrong:
            return None, form_page(request, where, plugin, instance, status=422, errors=wrong.by_field, **typed)
        except Stale as why:
            # The form now carries the version that is there: saving again is a decision, not an accident.
            assert instance is not None
            fresh, _ = await instance_of(where, instance.id)
            changed = await since(where, fresh, int(version))
            return None, form_page(
                request, where, plugin, fresh, status=409, problem=str(why), changed=changed, **typed
            )
        except (Invalid, Conflict) as why:
            return None, form_page(request, where, plugin, instance, status=why.status, problem=str(why), **typed)

    async def since(where: Where, instance: PluginInstance, version: int) -> list[Done]:
        """What others did since that version: one step per version."""
        async with db.read(where.visit.org.id) as t:
            events = await queries.plugin_history(t, instance, limit=max(1, instance.version - version))
            return await _told(t, events)

    @routes.get("")
    async def plugins(request: Request, org: str, project: str) -> Response:
        where = await at(request, org, project)
        async with db.read(where.visit.org.id) as t:
            found = await queries.configured_plugins(t, where.project.id)
        known = providers.plugins
        rows = [(each, known[each.slug], _checks(each)) for each in found if each.slug in known]
        gone = [each for each in found if each.slug not in known]
        deleted = request.query_params.get("deleted", "")
        return show("plugins.html", request, where, rows=rows, gone=gone, deleted=known.get(deleted))

    @routes.get("/new")
    async def choose(request: Request, org: str, project: str) -> Response:
        where = await connecting(request, org, project)
        async with db.read(where.visit.org.id) as t:
            there = {each.slug: each for each in await queries.configured_plugins(t, where.project.id)}
        offered = [(plugin, None if plugin.many else there.get(slug)) for slug, plugin in providers.plugins.items()]
        offered.sort(key=lambda each: (each[1] is not None, each[0].title))
        return show("plugin_choice.html", request, where, offered=offered)

    @routes.get("/new/{slug}")
    async def new(request: Request, org: str, project: str, slug: str) -> Response:
        where = await connecting(request, org, project)
        return form_page(request, where, setup.plugin(slug), None)

    @routes.post("/new/{slug}")
    async def add(request: Request, org: str, project: str, slug: str) -> Response:
        where = await connecting(request, org, project)
        made, refused = await save(request, where, setup.plugin(slug), None)
        return refused or RedirectResponse(f"{where.path}/{made.id if made else ''}?saved=added", 303)

    @routes.post("/new/{slug}/test")
    async def test_new(request: Request, org: str, project: str, slug: str) -> Response:
        where = await connecting(request, org, project)
        return await try_out(request, where, setup.plugin(slug), None)

    @routes.get("/{instance_id:int}")
    async def edit(request: Request, org: str, project: str, instance_id: int) -> Response:
        where = await at(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        saved = request.query_params.get("saved", "")
        return form_page(
            request, where, plugin, instance, saved=saved if saved in SAVED else "", checked_at=instance.checked_at
        )

    @routes.post("/{instance_id:int}")
    async def change(request: Request, org: str, project: str, instance_id: int) -> Response:
        where = await at(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        _, refused = await save(request, where, plugin, instance)
        return refused or RedirectResponse(f"{where.path}/{instance_id}?saved=changed", 303)

    @routes.post("/{instance_id:int}/test")
    async def test(request: Request, org: str, project: str, instance_id: int) -> Response:
        where = await at(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        return await try_out(request, where, plugin, instance)

    async def try_out(request: Request, where: Where, plugin: PluginLike, instance: PluginInstance | None) -> Response:
        """With the values in the form; from the menu, which sends none, with those stored."""
        sent = await request.form()
        values = await typed_by(where, plugin, sent) if "in-form" in sent else {}
        change = Change(
            values=values, instance_id=instance.id if instance else None, new=instance is None,
            by=where.visit.viewer.person_id,
        )  # fmt: skip
        wrong: dict[str, str] = {}
        found: list[Check] = []
        try:
            found = await setup.test(where.project, plugin, change)
        except FormErrors as why:
            wrong = why.by_field
        labels = {key: each.label for key, each in inputs(plugin.settings).items()}
        if "hx-request" in request.headers:
            return show("_checks.html", request, where, checks=found, wrong=wrong, labels=labels, checked_at=None)
        if instance is not None and "in-form" not in sent:
            return RedirectResponse(f"{where.path}/{instance.id}?saved=tested#test", 303)
        return form_page(request, where, plugin, instance, values=values, errors=wrong, checks=found)

    @routes.post("/{instance_id:int}/enable")
    async def enable(request: Request, org: str, project: str, instance_id: int) -> Response:
        return await switch(request, org, project, instance_id, enabled=True)

    @routes.post("/{instance_id:int}/disable")
    async def disable(request: Request, org: str, project: str, instance_id: int) -> Response:
        return await switch(request, org, project, instance_id, enabled=False)

    async def switch(request: Request, org: str, project: str, instance_id: int, *, enabled: bool) -> Response:
        where = await at(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        change = Change(instance_id=instance.id, enabled=enabled, by=where.visit.viewer.person_id)
        try:
            await setup.save(where.project, plugin, change)
        except FormErrors as wrong:
            return form_page(request, where, plugin, instance, status=422, errors=wrong.by_field)
        except Conflict as why:
            return form_page(request, where, plugin, instance, status=why.status, problem=str(why))
        return RedirectResponse(f"{where.path}/{instance_id}?saved={'enabled' if enabled else 'disabled'}", 303)

    @routes.post("/{instance_id:int}/delete")
    async def delete(request: Request, org: str, project: str, instance_id: int) -> Response:
        where = await connecting(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        await setup.delete(where.project, plugin, instance.id, by=where.visit.viewer.person_id)
        return RedirectResponse(f"{where.path}?deleted={instance.slug}", 303)

    @routes.get("/{instance_id:int}/history")
    async def history(request: Request, org: str, project: str, instance_id: int) -> Response:
        where = await at(request, org, project)
        instance, plugin = await instance_of(where, instance_id)
        async with db.read(where.visit.org.id) as t:
            done = await _told(t, await queries.plugin_history(t, instance))
        return show("plugin_history.html", request, where, plugin=plugin, instance=instance, done=done)

    return routes


SAVED = frozenset({"added", "changed", "enabled", "disabled", "tested"})


def _checks(instance: PluginInstance | None) -> list[Check]:
    return [Check(**each) for each in instance.checks] if instance is not None else []


async def _told(t: Read, events: list[Event]) -> list[Done]:
    """The events as people read them."""
    who = await people(t, [event.actor for event in events if event.actor is not None])
    rows = []
    for event in events:
        by = who[event.actor].name if event.actor in who else "Dispatch or its command line"
        rows.append(
            Done(
                event.at,
                by,
                sentence(event.fact, event.data, by),
                _icon(event.fact),
                list(event.data.get("changes", ())),
            )
        )
    return rows


def _icon(name: str) -> str:
    return {"plugin.enabled": "plug-connected", "plugin.disabled": "plug-off", "plugin.added": "plus"}.get(name, "edit")
