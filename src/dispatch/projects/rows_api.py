"""The JSON API of a list in a project's settings: its rows are read, added, changed and removed by the form of its page.

So programs and people are held to the same rules, and the audit log reads the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict

from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import NotFound
from dispatch.kit.forms import Form, fingerprint, read
from dispatch.kit.forms.read import plain
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, etag, listed, matched, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.web import Visits
from dispatch.projects.actions import take_turn
from dispatch.projects.models import Project
from dispatch.projects.queries import all_projects
from dispatch.projects.settings_pages import Choices

R = TypeVar("R")


class Body(BaseModel):
    """What a program sends; an unknown field is a mistake, not something to pass over."""

    model_config = ConfigDict(extra="forbid")


class Rows(ABC, Generic[R]):
    """A list in the settings: its words, its bodies, and how it is read and written."""

    #: Of the address; `one` and `title` are its words.
    key: ClassVar[str]
    one: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    #: What reading and changing need, keys of `people.access.ACTIONS`; reading may need nothing.
    see: ClassVar[str] = ""
    may: ClassVar[str] = "projects.configure"
    form: ClassVar[type[Form]]
    new: ClassVar[type[Body]]
    changes: ClassVar[type[Body]]
    out: ClassVar[type[BaseModel]]

    @abstractmethod
    async def all(self, t: Read, project: Project) -> list[R]:
        """In the order of the page."""

    @abstractmethod
    async def shown(self, t: Read, rows: list[R]) -> list[BaseModel]:
        """As programs read them."""

    @abstractmethod
    async def stored(self, t: Read, row: R) -> Mapping[str, Any]:
        """What the form asks for, as the row has it."""

    async def choices(self, t: Read, project: Project, raw: Mapping[str, Any]) -> Choices:
        """The options of the form, given the raw values."""
        return {}

    def typed(self, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, as a person would have typed it into the form."""
        return dict(sent)

    @abstractmethod
    async def save(
        self, t: Tx, project: Project, form: Any, *, row_id: int | None, seen: str, by: int, choices: Choices
    ) -> R:
        """Add (without an id) or change."""

    @abstractmethod
    async def remove(self, t: Tx, project: Project, row_id: int, *, by: int) -> object:
        """Take a row away."""

    async def one_of(self, t: Read, project: Project, row_id: int) -> Any:
        """By id.

        Raises:
            NotFound: not one of this project.
        """
        for row in await self.all(t, project):
            if getattr(row, "id", None) == row_id:
                return row
        raise NotFound(f"There is no such {self.one} in this project.")


async def project_named(t: Read, slug: str) -> Project:
    """By slug, disabled ones too.

    Raises:
        NotFound: no such project.
    """
    for each in await all_projects(t):
        if each.slug == slug:
            return each
    raise NotFound("There is no such project.")


def row_api(rows: Rows[Any], db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/projects/{project}/{key}` and, below it, `/{item_id}`."""
    routes = api_router("settings")
    base = f"/{{org}}/projects/{{project}}/{rows.key}"
    listed_of: Any = Listed

    async def list_rows(request: Request, org: str, project: str, page: int = 1, size: int = 100) -> Any:
        page, size = window(page, size)
        organization, _ = await visits.machine(request, org, may=rows.see)
        async with db.read(organization.id) as t:
            found = await rows.all(t, await project_named(t, project))
            items = await rows.shown(t, found[(page - 1) * size : page * size])
        path = f"/api/v1/{org}/projects/{project}/{rows.key}"
        return listed(items, page=page, size=size, total=len(found), path=path)

    async def get_row(
        request: Request, org: str, project: str, response: Response, item_id: int = Path(ge=1, le=LARGEST_ID)
    ) -> Any:
        organization, _ = await visits.machine(request, org, may=rows.see)
        async with db.read(organization.id) as t:
            row = await rows.one_of(t, await project_named(t, project), item_id)
            response.headers["etag"] = etag(fingerprint(rows.form, await rows.stored(t, row)))
            return (await rows.shown(t, [row]))[0]

    async def add_row(
        request: Request, org: str, project: str, new: Body, response: Response,
        idempotency_key: str | None = Header(None, max_length=255),
    ) -> Any:  # fmt: skip
        organization, viewer = await visits.machine(request, org, may=rows.may)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            before: Any = await answered(t, key, ("POST", rows.key, there.id, new))
            if before is not None:
                return before
            row = await _save(t, there, new, None, viewer_id=(await person_of(t, viewer)).id)
            [made] = await rows.shown(t, [row])
            response.headers["etag"] = etag(fingerprint(rows.form, await rows.stored(t, row)))
            await remember(t, key, made)
        return made

    async def change_row(
        request: Request, org: str, project: str, changes: Body, response: Response,
        item_id: int = Path(ge=1, le=LARGEST_ID), if_match: str | None = Header(None, max_length=100),
    ) -> Any:  # fmt: skip
        organization, viewer = await visits.machine(request, org, may=rows.may)
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            # Whoever changes a row at the same time waits: what was not sent is then what they left.
            await take_turn(t, there)
            row = await rows.one_of(t, there, item_id)
            by = (await person_of(t, viewer)).id
            row = await _save(t, there, changes, row, viewer_id=by, seen=matched(if_match))
            response.headers["etag"] = etag(fingerprint(rows.form, await rows.stored(t, row)))
            return (await rows.shown(t, [row]))[0]

    async def _save(t: Tx, project: Project, sent: Body, row: Any, *, viewer_id: int, seen: str | None = None) -> Any:
        stored = {} if row is None else await rows.stored(t, row)
        typed = rows.typed(sent.model_dump(exclude_unset=True), stored)
        raw = {key: plain(value) for key, value in {**stored, **typed}.items()}
        choices = await rows.choices(t, project, raw)
        form = read(rows.form, raw, choices=choices)
        version = "" if row is None else fingerprint(rows.form, stored)
        return await rows.save(
            t,
            project,
            form,
            row_id=None if row is None else row.id,
            seen=seen or version,
            by=viewer_id,
            choices=choices,
        )

    async def remove_row(request: Request, org: str, project: str, item_id: int = Path(ge=1, le=LARGEST_ID)) -> None:
        organization, viewer = await visits.machine(request, org, may=rows.may)
        async with db.tx(organization.id) as t:
            there = await project_named(t, project)
            await rows.remove(t, there, item_id, by=(await person_of(t, viewer)).id)

    # The framework reads the bodies off the functions; these differ from list to list.
    add_row.__annotations__["new"] = rows.new
    change_row.__annotations__["changes"] = rows.changes
    needs = "Needs a token of an admin."
    told = f"{rows.about} {needs}" if rows.see else rows.about
    routes.add_api_route(
        base,
        list_rows,
        methods=["GET"],
        response_model=listed_of[rows.out],
        summary=f"List {rows.title}",
        description=told,
    )
    routes.add_api_route(
        base, add_row, methods=["POST"], status_code=201, response_model=rows.out, summary=f"Add a {rows.one}",
        description=f"What is left out takes its default. {needs}",
    )  # fmt: skip
    at = f"{base}/{{item_id}}"
    routes.add_api_route(
        at, get_row, methods=["GET"], response_model=rows.out, summary=f"Get a {rows.one}",
        description="Its ETag serves `If-Match`.",
    )  # fmt: skip
    routes.add_api_route(
        at, change_row, methods=["PATCH"], response_model=rows.out, summary=f"Change a {rows.one}",
        description=f"Exactly what is sent. With `If-Match`, only if nobody changed it since (412 otherwise). {needs}",
    )  # fmt: skip
    routes.add_api_route(
        at, remove_row, methods=["DELETE"], status_code=204, response_model=None, summary=f"Remove a {rows.one}",
        description=f"Refused (409) while something names it. {needs}",
    )  # fmt: skip
    return routes
