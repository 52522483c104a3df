"""The JSON API of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Header, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.kit.db import Database, Read
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.web.api import Listed, api_router, listed, window
from dispatch.kit.web.idempotency import answered, remember
from dispatch.people.machines import person_of
from dispatch.people.models import Person
from dispatch.people.queries import by_email
from dispatch.people.web import Visits
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing
from dispatch.tasks import actions, queries

LARGEST_ID = 2**63 - 1


class NewTask(BaseModel):
    """What has to be done, by whom, until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"description": "Tell the customers", "assignees": ["bo@example.com"]}]},
    )

    description: str = Field(max_length=40_000)
    assignees: list[str] = Field([], max_length=50, description="E-mails of known people")
    due_at: AwareDatetime | None = None


class TaskState(BaseModel):
    """Done, or not any more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "resolved"}]})

    state: Literal["open", "resolved"]


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

    @routes.patch("/{org}/incidents/{name}/tasks/{number}")
    async def change_task(
        request: Request, org: str, name: str, wanted: TaskState, number: int = Path(ge=1, le=LARGEST_ID)
    ) -> TaskOut:
        """Resolve or reopen a task, by its number within the incident. Needs a token of an admin."""
        organization, viewer = await visits.machine(request, org)
        async with db.tx(organization.id) as t:
            situation = await situations.by_name(t, viewer, name)
            require(await standing(t, viewer, situation), "create_task")
            task_id = await queries.task_numbered(t, situation.id, number)
            if task_id is None:
                raise NotFound(f"{situation.name} has no task {number}.")
            by = await person_of(t, viewer)
            turn = actions.resolve_task if wanted.state == "resolved" else actions.reopen_task
            await turn(t, task_id, by=by)
            return shown(await queries.task_row(t, task_id))

    return routes
