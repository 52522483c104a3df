"""The JSON API of projects and their settings: what the names in other requests may be, and how that is changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.forms import fingerprint, read
from dispatch.kit.web.api import Listed, api_router, etag, listed, matched
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.projects import admins_api, choices_api, configure, queries, tags_api
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.projects.rows_api import Body, project_named
from dispatch.projects.settings_forms import NewProjectForm, ProjectForm, zones


class NewProject(Body):
    """A part of the organization; it starts with the usual types, severities and priorities."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Data platform", "slug": "data"}]})

    name: str = Field(max_length=60)
    slug: str = Field(max_length=40, description="Stands in addresses and commands, and stays")
    description: str = Field("", max_length=500)


class ProjectChanges(Body):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"announcement_channel": "#incidents", "tz": "Europe/Berlin"}]}
    )

    name: str | None = Field(None, max_length=60)
    description: str | None = Field(None, max_length=500)
    incident_prefix: str | None = Field(None, max_length=10, description="Letters and digits; earlier names stay")
    announcement_channel: str | None = Field(None, max_length=81, description="A channel's name or ID; empty: nowhere")
    tz: str | None = Field(None, max_length=64, description="IANA time zone")
    enabled: bool = True
    is_default: bool = False


class ChoiceOut(BaseModel):
    """A type, severity or priority."""

    name: str
    help: str
    is_default: bool


class ProjectOut(BaseModel):
    """A project and what can be chosen in it."""

    slug: str
    name: str
    description: str
    is_default: bool
    enabled: bool
    incident_prefix: str
    announcement_channel: str
    tz: str = Field(description="IANA time zone")
    types: list[ChoiceOut]
    severities: list[ChoiceOut]
    priorities: list[ChoiceOut]
    tags: list[str]


class PluginOut(BaseModel):
    """A configured plugin. Secrets are never told."""

    plugin: str
    enabled: bool
    settings: dict[str, object]


def router(db: Database, visits: Visits, rotations: choices_api.Rotations) -> APIRouter:
    """Routes `/api/v1/{org}/projects` and what is below."""
    routes = api_router("projects")

    @routes.get("/{org}/projects")
    async def list_projects(request: Request, org: str) -> Listed[ProjectOut]:
        """Enabled projects, the default one first, with what can be chosen in each."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            items = [await _shown(t, p) for p in await queries.projects(t)]
        return listed(items, page=1, size=len(items), total=len(items), path=f"/api/v1/{org}/projects")

    @routes.post("/{org}/projects", status_code=201)
    async def create_project(
        request: Request, org: str, new: NewProject, response: Response,
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> ProjectOut:  # fmt: skip
        """A new project. Needs a token of a manager."""
        organization, viewer = await visits.machine(request, org, may="projects.create")
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            before: Any = await answered(t, key, ("POST projects", new))
            if before is not None:
                return ProjectOut.model_validate(before)
            project = await configure.new_project(
                t, read(NewProjectForm, new.model_dump()), by=(await person_of(t, viewer)).id
            )
            response.headers["etag"] = _etag(project)
            made = await _shown(t, project)
            await remember(t, key, made)
        return made

    @routes.get("/{org}/projects/{project}")
    async def get_project(request: Request, org: str, project: str, response: Response) -> ProjectOut:
        """One project, a disabled one too; its ETag serves `If-Match`."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found = await project_named(t, project)
            response.headers["etag"] = _etag(found)
            return await _shown(t, found)

    @routes.patch("/{org}/projects/{project}")
    async def change_project(
        request: Request, org: str, project: str, changes: ProjectChanges, response: Response,
        if_match: str | None = Header(None, max_length=100),
    ) -> ProjectOut:  # fmt: skip
        """Change exactly what is sent. With `If-Match`, only if nobody changed it since (412 otherwise). Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.configure")
        async with db.tx(organization.id) as t:
            # Whoever changes one at the same time waits: what was not sent is then what they left.
            await configure.locked_projects(t)
            found = await project_named(t, project)
            stored = configure.stored(ProjectForm, found)
            form = read(ProjectForm, stored | changes.model_dump(exclude_unset=True), choices={"tz": zones()})
            seen = matched(if_match) or fingerprint(ProjectForm, stored)
            found = await configure.change_project(t, found.id, form, seen=seen, by=(await person_of(t, viewer)).id)
            response.headers["etag"] = _etag(found)
            return await _shown(t, found)

    @routes.get("/{org}/projects/{project}/plugins")
    async def list_plugins(request: Request, org: str, project: str) -> Listed[PluginOut]:
        """Enabled plugins of a project with their settings, secrets left out. Needs a token of an admin."""
        organization, _ = await visits.machine(request, org, may="settings.read")
        async with db.read(organization.id) as t:
            found = await queries.instances(t, (await project_named(t, project)).id)
        items = [PluginOut(plugin=i.slug, enabled=i.enabled, settings=dict(i.settings)) for i in found]
        return listed(items, page=1, size=len(items), total=len(items), path=request.url.path)

    both = APIRouter()
    for each in (
        routes,
        choices_api.router(db, visits, rotations),
        tags_api.router(db, visits),
        admins_api.router(db, visits),
    ):
        both.include_router(each)
    return both


async def _shown(t: Read, p: Project) -> ProjectOut:
    return ProjectOut(
        slug=p.slug, name=p.name, description=p.description, is_default=p.is_default, enabled=p.enabled,
        incident_prefix=p.incident_prefix, announcement_channel=p.announcement_channel, tz=p.tz,
        types=[_choice(c) for c in await queries.choices(t, SituationType, p.id)],
        severities=[_choice(c) for c in await queries.choices(t, Severity, p.id)],
        priorities=[_choice(c) for c in await queries.choices(t, Priority, p.id)],
        tags=[tag.name for tag in await queries.tags(t, p.id, limit=2000)],
    )  # fmt: skip


def _etag(project: Project) -> str:
    return etag(fingerprint(ProjectForm, configure.stored(ProjectForm, project)))


def _choice(c: SituationType | Severity | Priority) -> ChoiceOut:
    return ChoiceOut(name=c.name, help=c.help, is_default=c.is_default)
