"""The JSON API of a project's tags: many, so found by words and paged, and added by the dozen."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import NotFound
from dispatch.kit.forms import fingerprint, read
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, etag, listed, matched, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.projects import queries, tag_actions
from dispatch.projects.actions import take_turn
from dispatch.projects.configure import stored
from dispatch.projects.models import Project, Tag
from dispatch.projects.rows_api import Body, project_named
from dispatch.projects.tag_actions import LONGEST, NewTagsForm, TagForm


class NewTags(Body):
    """Tags by the dozen; those there already stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"names": ["database", "dns"]}]})

    names: list[str] = Field(max_length=1000, min_length=1)


class TagChanges(Body):
    """Exactly the fields that are sent are changed; incidents follow the new name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"description": "Whatever resolves names"}]})

    name: str | None = Field(None, max_length=LONGEST)
    description: str | None = Field(None, max_length=200)


class TagOut(BaseModel):
    """A word incidents are marked with."""

    id: int
    name: str
    description: str


class AddedTags(BaseModel):
    """Those that were new."""

    added: list[str]


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/tags`."""
    routes = api_router("settings")

    @routes.get("/{org}/projects/{project}/tags")
    async def list_tags(
        request: Request, org: str, project: str, page: int = 1, size: int = 100,
        q: str = Query("", max_length=100, description="Part of the name or the description"),
    ) -> Listed[TagOut]:  # fmt: skip
        """The tags of a project, by name."""
        page, size = window(page, size)
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            there = await project_named(t, project)
            found, total = await queries.tag_page(t, there.id, q.replace("\0", ""), page=page, size=size)
        items = [_out(tag) for tag in found]
        path = f"/api/v1/{org}/projects/{project}/tags"
        return listed(items, page=page, size=size, total=total, path=path, asked={"q": q})

    @routes.post("/{org}/projects/{project}/tags", status_code=201)
    async def add_tags(
        request: Request,
        org: str,
        project: str,
        new: NewTags,
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> AddedTags:
        """Add tags; answers those that were not there yet. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.configure")
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            before: Any = await answered(t, key, ("POST tags", there.id, new))
            if before is not None:
                return AddedTags.model_validate(before)
            form = read(NewTagsForm, {"names": "\n".join(new.names)})
            made = AddedTags(added=await tag_actions.add(t, there, form, by=(await person_of(t, viewer)).id))
            await remember(t, key, made)
        return made

    @routes.get("/{org}/projects/{project}/tags/{tag_id}")
    async def get_tag(
        request: Request, org: str, project: str, response: Response, tag_id: int = Path(ge=1, le=LARGEST_ID)
    ) -> TagOut:
        """One tag; its ETag serves `If-Match`."""
        organization, _ = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            tag = await _tag(t, await project_named(t, project), tag_id)
        response.headers["etag"] = etag(fingerprint(TagForm, stored(TagForm, tag)))
        return _out(tag)

    @routes.patch("/{org}/projects/{project}/tags/{tag_id}")
    async def change_tag(
        request: Request, org: str, project: str, changes: TagChanges, response: Response,
        tag_id: int = Path(ge=1, le=LARGEST_ID), if_match: str | None = Header(None, max_length=100),
    ) -> TagOut:  # fmt: skip
        """Rename or describe a tag. With `If-Match`, only if nobody changed it since. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.configure")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            await take_turn(t, there)
            before = stored(TagForm, await _tag(t, there, tag_id))
            form = read(TagForm, before | changes.model_dump(exclude_unset=True))
            seen = matched(if_match) or fingerprint(TagForm, before)
            tag = await tag_actions.change(t, there, tag_id, form, seen=seen, by=(await person_of(t, viewer)).id)
            response.headers["etag"] = etag(fingerprint(TagForm, stored(TagForm, tag)))
            return _out(tag)

    @routes.delete("/{org}/projects/{project}/tags/{tag_id}", status_code=204)
    async def remove_tag(request: Request, org: str, project: str, tag_id: int = Path(ge=1, le=LARGEST_ID)) -> None:
        """Remove a tag that no incident has (409 otherwise). Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org, may="projects.configure")
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            await tag_actions.remove(t, there, tag_id, by=(await person_of(t, viewer)).id)

    return routes


def _out(tag: Tag) -> TagOut:
    return TagOut.model_validate(tag, from_attributes=True)


async def _tag(t: Read, project: Project, tag_id: int) -> Tag:
    found = await queries.tag(t, project.id, tag_id)
    if found is None:
        raise NotFound("There is no such tag in this project.")
    return found
