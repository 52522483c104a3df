"""Tasks on the page of an incident: listed, created, changed, resolved and opened again, with the rights of Slack."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from dispatch.kit.db import Database, Read, Tx
from dispatch.kit.errors import Invalid, NotFound
from dispatch.kit.web.answers import done
from dispatch.kit.web.pages import typed
from dispatch.people.models import Person
from dispatch.people.queries import by_email
from dispatch.people.web import Visit, Visits
from dispatch.situations import queries as situations
from dispatch.situations.access import require, standing
from dispatch.situations.web.dialogs import page_dialog
from dispatch.situations.web.parts import Look, page_part
from dispatch.situations.web.writing import moment
from dispatch.tasks import actions, queries
from dispatch.tasks.access import may_change, require_change
from dispatch.tasks.models import Task

#: Tasks on the page at once; the open ones come first.
SIZE = 50
#: People to tick; others are found by typing.
OFFERED = 30


async def read_tasks(t: Read, look: Look) -> dict[str, Any]:
    """The list, and whether the viewer may add to it or change a task of it."""
    found = await queries.tasks_of(t, look.viewer, look.situation.id, size=SIZE)
    person = look.viewer.person_id is not None
    mine = {
        task.number: person and may_change(look.here, task, [each.id for each in task.assignees])
        for task in found.items
    }
    return {
        "tasks": found,
        "may_change_task": mine,
        "may_create_task": person and look.here.steers and look.situation.status != "Closed",
    }


async def read_dialog(t: Read, look: Look) -> dict[str, Any]:
    """A new task, or the one whose `number` is asked for, with those it may be given to: who has it, then who takes part."""
    task: queries.TaskRow | None = None
    if number := look.query.get("number", ""):
        task_id = await queries.task_numbered(t, look.situation.id, int(number)) if _is_number(number) else None
        if task_id is None:
            raise NotFound(f"{look.situation.name} has no task {number[:20]}.")
        task = await queries.task_row(t, task_id)
        require_change(look.here, task, [each.id for each in task.assignees])
    else:
        require(look.here, "create_task")
    there = [each.person for each in await situations.participants(t, look.situation.id)]
    offered = {who.id: who for who in [*(task.assignees if task else ()), *there[:OFFERED]]}
    return {"task": task, "candidates": list(offered.values())}


page_part("tasks", column="main", position=20, read=read_tasks, follows=("summary", "participants"))
page_dialog("task", "ask_task.html", read=read_dialog)


def router(db: Database, visits: Visits) -> APIRouter:
    """Routes under `/{org}/incidents/{name}/tasks`."""
    routes = APIRouter(include_in_schema=False)

    async def changeable(t: Tx, visit: Visit, name: str, number: int) -> Task:
        """The task, which the visitor may change."""
        situation = await situations.by_name(t, visit.viewer, name)
        task_id = await queries.task_numbered(t, situation.id, number)
        if task_id is None:
            raise NotFound(f"{situation.name} has no task {number}.")
        task, _, assignees = await queries.task_for(t, visit.viewer, task_id)
        require_change(await standing(t, visit.viewer, situation), task, assignees)
        return task

    @routes.post("/{org}/incidents/{name}/tasks")
    async def create(request: Request, org: str, name: str) -> Response:
        visit = await visits.of(request, org)
        sent = await request.form()
        async with db.tx(visit.org.id) as t:
            situation = await situations.by_name(t, visit.viewer, name)
            require(await standing(t, visit.viewer, situation), "create_task")
            await actions.create_task(
                t, situation, str(sent.get("description", "")), by=await visit.person(t),
                assignees=await _chosen(t, sent),
                due_at=moment(str(sent.get("due_at", "")), visit.viewer.zone, field="due_at"), source="web",
            )  # fmt: skip
        return done(request, f"/{org}/incidents/{name}#tasks")

    @routes.post("/{org}/incidents/{name}/tasks/{number}")
    async def change(request: Request, org: str, name: str, number: int) -> Response:
        """Text, people and due date; another version than the one that was shown is refused."""
        visit = await visits.of(request, org)
        sent = await request.form()
        version, due = str(sent.get("version", "")), str(sent.get("due_at", "")).strip()
        async with db.tx(visit.org.id) as t:
            task = await changeable(t, visit, name, number)
            by = await visit.person(t)
            # A browser knows minutes: what was not touched must not move by seconds, and may be overdue.
            untouched = task.due_at is not None and due == typed(task.due_at, visit.viewer.zone)
            await actions.edit_task(
                t, task, by=by, description=str(sent.get("description", "")),
                due_at=None if untouched else moment(due, visit.viewer.zone, field="due_at"), clear_due=not due,
                expected_version=int(version) if version.isdigit() else None,
            )  # fmt: skip
            await actions.assign_task(t, task, await _chosen(t, sent), by=by)
        return done(request, f"/{org}/incidents/{name}#tasks")

    @routes.post("/{org}/incidents/{name}/tasks/{number}/state")
    async def turn(request: Request, org: str, name: str, number: int) -> Response:
        visit = await visits.of(request, org)
        wanted = str((await request.form()).get("state", ""))
        turns = {"resolved": actions.resolve_task, "open": actions.reopen_task}
        if wanted not in turns:
            raise Invalid("A task is open or resolved.", field="state")
        async with db.tx(visit.org.id) as t:
            task = await changeable(t, visit, name, number)
            await turns[wanted](t, task.id, by=await visit.person(t))
        return done(request, f"/{org}/incidents/{name}#tasks")

    return routes


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


async def _chosen(t: Read, sent: FormData) -> list[Person]:
    """Those who are ticked, and who was typed besides.

    Raises:
        Invalid: an address of nobody here.
    """
    found = []
    for email in [*sent.getlist("assignees"), sent.get("somebody", "")]:
        if not isinstance(email, str) or not email.strip():
            continue
        who = await by_email(t, email)
        if who is None:
            raise Invalid(
                f'"{email.strip()[:100]}" is nobody of this organization. Choose a person from the list.',
                field="somebody",
            )
        found.append(who)
    return found
