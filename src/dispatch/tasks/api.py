"""The JSON API of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Invalid, NotFound, Stale
from dispatch.kit.web.api import LARGEST_ID, Listed, api_router, etag, expected, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.models import Person
from dispatch.people.queries import by_email
from dispatch.people.web import Visits
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing
from dispatch.situations.actions import locked
from dispatch.situations.models import Situation
from dispatch.tasks import actions, queries
from dispatch.tasks.access import require_change


class NewTask(BaseModel):
    """What has to be done, by whom, until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"description": "Tell the customers", "assignees": ["bo@example.com"]}]},
    )

    description: str = Field(max_length=40_000)
    assignees: list[str] = Field([], max_length=50, description="E-mails of known people")
    due_at: AwareDatetime | None = None


class TaskChanges(BaseModel):
    """Exactly the fields that are sent are changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"assignees": ["cy@example.com"], "due_at": None}, {"state": "resolved"}]},
    )

    description: str | None = Field(None, max_length=40_000)
    assignees: list[str] | None = Field(None, max_length=50, description="E-mails; who is not among them is relieved")
    due_at: AwareDatetime | None = Field(None, description="null: no due date any more")
    state: Literal["open", "resolved"] | None = None


class TaskOut(BaseModel):
    """A task of an incident."""

    id: int
    incident: str
    number: int = Field(description="1, 2, 3 within the incident")
    description: str
    state: str
    creator: str
    assignees: list[str] = Field(description="E-mails")
    due_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None
    version: int


def shown(row: queries.TaskRow) -> TaskOut:
    """A row for a program."""
    return TaskOut(
        id=row.id, incident=row.incident, number=row.number, description=row.description, state=row.state,
        creator=row.creator, assignees=[a.email for a in row.assignees], due_at=row.due_at, created_at=row.created_at,
        resolved_at=row.resolved_at, version=row.version,
    )  # fmt: skip


async def _people(t: Read, emails: list[str]) -> list[Person]:
    found = []
    for email in emails:
        who = await by_email(t, email)
        if who is None:
            raise Invalid(f'"{email}" is not a person of this organization.', field="assignees")
        found.append(who)
    return found


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes `/api/v1/{org}/incidents/{name}/tasks`."""
    routes = api_router("tasks")

    @routes.get("/{org}/incidents/{name}/tasks")
    async def list_tasks(request: Request, org: str, name: str, page: int = 1, size: int = 25) -> Listed[TaskOut]:
        """Open ones first, the earliest due on top."""
        page, size = window(page, size)
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            found = await queries.tasks_of(t, viewer, situation.id, page=page, size=size)
        path = f"/api/v1/{org}/incidents/{situation.name}/tasks"
        return listed([shown(row) for row in found.items], page=page, size=size, total=found.total, path=path)

    @routes.post("/{org}/incidents/{name}/tasks", status_code=201)
    async def create_task(
        request: Request, org: str, name: str, new: NewTask, idempotency_key: str | None = Header(None, max_length=255)
    ) -> TaskOut:
        """A new task; its assignees are brought in and told. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        key = f"{viewer.machine_id}:{idempotency_key}" if idempotency_key else None
        async with db.tx(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "create_task")
            before: Any = await answered(t, key, ("POST tasks", name, new))
            if before is not None:
                return TaskOut.model_validate(before)
            task = await actions.create_task(
                t, situation, new.description, by=await person_of(t, viewer),
                assignees=await _people(t, new.assignees), due_at=new.due_at, source="api",
            )  # fmt: skip
            made = shown(await queries.task_row(t, task.id))
            await remember(t, key, made)
        return made

    @routes.get("/{org}/incidents/{name}/tasks/{number}")
    async def get_task(
        request: Request, org: str, name: str, response: Response, number: int = Path(ge=1, le=LARGEST_ID)
    ) -> TaskOut:
        """One task, by its number within the incident; its ETag serves `If-Match`."""
        organization, viewer = await visits.machine(request, org)
        async with db.read(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            found = shown(await queries.task_row(t, await _numbered(t, situation, number)))
        response.headers["etag"] = etag(found.version)
        return found

    @routes.patch("/{org}/incidents/{name}/tasks/{number}")
    async def change_task(
        request: Request, org: str, name: str, changes: TaskChanges, response: Response,
        number: int = Path(ge=1, le=LARGEST_ID), if_match: str | None = Header(None, max_length=100),
    ) -> TaskOut:  # fmt: skip
        """Text, people, due date; resolve it or open it again. Needs a token of an admin, or the token that made it.

        With `If-Match`, only if nobody changed it since (412 otherwise).
        """
        organization, viewer = await visits.machine(request, org)
        version, sent = expected(if_match), changes.model_dump(exclude_unset=True)
        async with db.tx(organization.id) as t:
            situation = await locked(t, (await situations.by_name(t, viewer, name)).id)
            task, _, assignees = await queries.task_for(t, viewer, await _numbered(t, situation, number))
            by = await person_of(t, viewer)
            if by.id != task.creator_id:
                require_change(await standing(t, viewer, situation), task, assignees)
            if version is not None and version != task.version:
                raise Stale(f"Task {number} is at version {task.version} now. Read it again.")
            await actions.edit_task(
                t, task, by=by, description=changes.description, due_at=changes.due_at,
                clear_due="due_at" in sent and changes.due_at is None,
            )  # fmt: skip
            if changes.assignees is not None:
                await actions.assign_task(t, task, await _people(t, changes.assignees), by=by)
            if changes.state is not None:
                turn = actions.resolve_task if changes.state == "resolved" else actions.reopen_task
                await turn(t, task.id, by=by)
            found = shown(await queries.task_row(t, task.id))
        response.headers["etag"] = etag(found.version)
        return found

    return routes


async def _numbered(t: Read, situation: Situation, number: int) -> int:
    """The id.

    Raises:
        NotFound: no task of that number.
    """
    found = await queries.task_numbered(t, situation.id, number)
    if found is None:
        raise NotFound(f"{situation.name} has no task {number}.")
    return found
