"""The JSON API of people and projects: what the names in other requests may be."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from dispatch.kit.db import Database
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.people import queries as people
from dispatch.people.web import Visits
from dispatch.projects import queries
from dispatch.projects.models import Priority, Severity, SituationType


class PersonOut(BaseModel):
    """A person of the organization."""

    email: str
    name: str
    title: str
    team: str
    department: str
    location: str
    tz: str = Field(description="IANA time zone")


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
    incident_prefix: str
    types: list[ChoiceOut]
    severities: list[ChoiceOut]
    priorities: list[ChoiceOut]
    tags: list[str]


class PluginOut(BaseModel):
    """A configured plugin. Secrets are never told."""

    plugin: str
    enabled: bool
    settings: dict[str, object]


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/persons` and `/projects`."""
    routes = api_router("organization")

    @routes.get("/{org}/persons")
    async def list_persons(request: Request, org: str, q: str = "", page: int = 1, size: int = 25) -> Listed[PersonOut]:
        """People whose name or e-mail contains `q`, by name."""
        page, size = window(page, size)
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            found, total = await people.page_of_people(t, q[:100], page=page, size=size)
        items = [PersonOut.model_validate(p, from_attributes=True) for p in found]
        return listed(items, page=page, size=size, total=total, path=f"/api/v1/{org}/persons")

    @routes.get("/{org}/projects")
    async def list_projects(request: Request, org: str) -> Listed[ProjectOut]:
        """Enabled projects, the default one first, with what can be chosen in each."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            items = [
                ProjectOut(
                    slug=p.slug, name=p.name, description=p.description, is_default=p.is_default,
                    incident_prefix=p.incident_prefix,
                    types=[_choice(c) for c in await queries.choices(t, SituationType, p.id)],
                    severities=[_choice(c) for c in await queries.choices(t, Severity, p.id)],
                    priorities=[_choice(c) for c in await queries.choices(t, Priority, p.id)],
                    tags=[tag.name for tag in await queries.tags(t, p.id, limit=2000)],
                )
                for p in await queries.projects(t)
            ]  # fmt: skip
        return listed(items, page=1, size=len(items), total=len(items), path=f"/api/v1/{org}/projects")

    @routes.get("/{org}/projects/{project}/plugins")
    async def list_plugins(request: Request, org: str, project: str) -> Listed[PluginOut]:
        """Enabled plugins of a project with their settings, secrets left out. Needs a token of an admin."""
        organization, _ = await visits.machine(request, org, may="settings.read")
        async with db.read(organization.id) as t:
            chosen = await queries.project(t, project)
            found = await queries.instances(t, chosen.id)
        items = [PluginOut(plugin=i.slug, enabled=i.enabled, settings=dict(i.settings)) for i in found]
        return listed(items, page=1, size=len(items), total=len(items), path=request.url.path)

    return routes


def _choice(c: SituationType | Severity | Priority) -> ChoiceOut:
    return ChoiceOut(name=c.name, help=c.help, is_default=c.is_default)
