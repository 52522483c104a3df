"""The set-up guide `/{org}/setup`: a page per step, each verified by looking, never by a tick."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment

from dispatch.desk import queries
from dispatch.desk.setup import Setup, setup
from dispatch.desk.setup_actions import put_away, resume
from dispatch.kit.db import Database
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.forms import FormErrors, enum_choices, to_html
from dispatch.kit.slack import registry
from dispatch.kit.slack.manifest import manifest
from dispatch.kit.web.live import Changes, Live
from dispatch.people.web import Visit, Visits
from dispatch.people.web.following import follow
from dispatch.projects import queries as projects
from dispatch.projects.heard import FIRST_REQUEST
from dispatch.projects.plugin_actions import open_secrets
from dispatch.projects.plugin_setup import Change, PluginSetup
from dispatch.projects.providers import Providers
from dispatch.projects.slack_instances import SLUG
from dispatch.projects.slack_manifest import command_names, create_link, is_local, reachable_by_slack

CONTACT = "slack-contact"
#: Slack's mode -> the settings it needs, in the order in which Slack shows them.
NEEDS = {
    "events": ("signing_secret", "api_bot_token"),
    "socket": ("socket_mode_app_token", "api_bot_token"),
}
#: Where Slack shows each value.
FOUND = {
    "signing_secret": "In Slack: Basic Information → App Credentials → Signing Secret → Show.",
    "socket_mode_app_token": "In Slack: Basic Information → App-Level Tokens → Generate Token and Scopes → "
    "add the scope connections:write → Generate. It begins with xapp-.",
    "api_bot_token": "In Slack: OAuth & Permissions → Install to Workspace, then Bot User OAuth Token. It begins with xoxb-.",
}


def router(
    db: Database,
    visits: Visits,
    pages: Environment,
    live: Live,
    providers: Providers,
    *,
    base_url: str,
    slack_api_url: str,
) -> APIRouter:
    """Routes under `/{org}/setup`."""
    routes = APIRouter(prefix="/{org}/setup", include_in_schema=False)
    plugins = PluginSetup(db, providers)

    async def look(visit: Visit) -> Setup:
        async with db.read(visit.org.id) as t:
            return await setup(t, visit.org)

    async def show(request: Request, visit: Visit, key: str, *, status: int = 200, **context: Any) -> Response:
        found = await look(visit)
        step = found.step(key)
        if step is None:
            raise NotFound("There is no such page.")
        more = await slack_page(request, visit, **context) if key == "slack" else {}
        return visit.page(
            pages, "setup.html", request, "setup", status=status, setup=found, step=step, base_url=base_url,
            came_by=f"{request.url.scheme}://{request.url.netloc}", commands=await commands(visit), **more,
        )  # fmt: skip

    async def commands(visit: Visit) -> Mapping[str, str]:
        async with db.read(visit.org.id) as t:
            instance = await projects.configured(t, (await projects.project(t, None)).id, SLUG)
        names = {key: each.default_name for key, each in registry.commands.items()}
        return names | command_names(instance)

    async def slack_page(
        request: Request, visit: Visit, *, errors: Mapping[str, str] | None = None, problem: str = "", mode: str = ""
    ) -> dict[str, Any]:
        """The manifest, the addresses, and the fields of the mode."""
        plugin = plugins.plugin(SLUG)
        async with db.read(visit.org.id) as t:
            instance = await projects.configured(t, (await projects.project(t, None)).id, SLUG)
        stored = open_secrets(instance, providers.vault)[0] if instance is not None else {}
        public = reachable_by_slack(base_url, slack_api_url)
        asked = mode or request.query_params.get("mode", "")
        if asked not in NEEDS:
            socket = bool(stored.get("socket_mode_app_token")) and not stored.get("signing_secret")
            asked = "socket" if socket or (not public and not stored.get("signing_secret")) else "events"
        wrong = dict(errors or {})
        form = to_html(plugin.settings, choices=enum_choices(plugin.settings), values=stored, errors=wrong)
        fields = {field.key: field for field in form.fields}
        made = manifest(base_url, visit.org.slug, names=command_names(instance), socket=asked == "socket")
        root = f"{base_url}/api/v1/{visit.org.slug}/events/slack"
        return {
            "mode": asked, "public": public, "problem": problem, "real_slack": not is_local(slack_api_url),
            "slack_api_url": slack_api_url, "instance": instance,
            "fields_shown": [
                dataclasses.replace(fields[key], help=FOUND[key], required=not fields[key].is_set, remove=None) for key in NEEDS[asked]
            ],
            "elsewhere": {key: message for key, message in wrong.items() if key not in NEEDS[asked]},
            "manifest": json.dumps(made, indent=2, ensure_ascii=False), "create_link": create_link(made),
            "addresses": [
                ("Event Subscriptions → Request URL", f"{root}/event"),
                ("Interactivity & Shortcuts → Request URL", f"{root}/action"),
                ("Interactivity & Shortcuts → Select Menus → Options Load URL", f"{root}/menu"),
                ("Slash Commands → each command → Request URL", f"{root}/command"),
            ],
        }  # fmt: skip

    @routes.get("")
    async def begin(request: Request, org: str) -> Response:
        """Where one left off."""
        visit = await visits.admin(request, org)
        following = (await look(visit)).next
        return RedirectResponse(f"/{org}/setup/{following.key if following else 'incident'}", 303)

    @routes.get("/live")
    async def live_events(request: Request, org: str) -> Response:
        async def told(now: Visit, changed: Changes) -> list[str]:
            async with db.read(now.org.id) as t:
                return ["steps", "state"] if await queries.concerns(t, now.viewer, changed, FIRST_REQUEST) else []

        return follow(live, visits, request, await visits.admin(request, org), told, may="settings.read")

    @routes.get("/{key}")
    async def step_page(request: Request, org: str, key: str) -> Response:
        return await show(request, await visits.admin(request, org), key)

    @routes.get("/{key}/fragments/{part}")
    async def fragment(request: Request, org: str, key: str, part: str) -> Response:
        visit = await visits.admin(request, org)
        found = await look(visit)
        step = found.step(key)
        if step is None or part not in ("steps", "state"):
            raise NotFound("There is no such page.")
        return visit.page(
            pages, f"_setup_{part}.html", request, "setup", setup=found, step=step, commands=await commands(visit)
        )

    @routes.post("/slack")
    async def save(request: Request, org: str) -> Response:
        """Both Slack plugins of the default project, enabled, and tested at once."""
        visit = await visits.of(request, org, may="plugins.connect")
        sent = await request.form()
        mode = str(sent.get("mode", ""))
        if mode not in NEEDS:
            raise Invalid("mode is events or socket.", field="mode")
        values = {key: typed for key in NEEDS[mode] if (typed := str(sent.get(key, "")).strip()[:4000])}
        async with db.read(visit.org.id) as t:
            project = await projects.project(t, None)
            there = {slug: await projects.configured(t, project.id, slug) for slug in (SLUG, CONTACT)}
        try:
            for slug, instance in there.items():
                change = Change(
                    values=values, enabled=True, by=visit.viewer.person_id, new=instance is None,
                    instance_id=instance.id if instance is not None else None,
                )  # fmt: skip
                plugin = plugins.plugin(slug)
                saved = await plugins.save(project, plugin, change)
                await plugins.test(project, plugin, Change(instance_id=saved.id))
        except FormErrors as why:
            return await show(request, visit, "slack", status=422, errors=why.by_field, mode=mode)
        except (Invalid, Conflict) as why:
            return await show(request, visit, "slack", status=why.status, problem=str(why), mode=mode)
        return RedirectResponse(f"/{org}/setup/slack?mode={mode}#connection", 303)

    @routes.post("/slack/test")
    async def test(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="plugins.configure")
        async with db.read(visit.org.id) as t:
            project = await projects.project(t, None)
            instance = await projects.configured(t, project.id, SLUG)
        if instance is not None:
            await plugins.test(project, plugins.plugin(SLUG), Change(instance_id=instance.id))
        return RedirectResponse(f"/{org}/setup/slack#connection", 303)

    @routes.post("/dismiss")
    async def dismiss(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="plugins.configure")
        async with db.tx(visit.org.id) as t:
            await put_away(t, by=visit.viewer.person_id)
        return RedirectResponse(f"/{org}", 303)

    @routes.post("/resume")
    async def again(request: Request, org: str) -> Response:
        visit = await visits.of(request, org, may="plugins.configure")
        async with db.tx(visit.org.id) as t:
            await resume(t, by=visit.viewer.person_id)
        return RedirectResponse(f"/{org}/setup", 303)

    return routes
