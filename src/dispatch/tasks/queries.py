"""Reads about tasks. Every list leaves out tasks of situations that the viewer may not see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.people.models import Person
from dispatch.people.queries import Viewer, people
from dispatch.situations.access import visible_to
from dispatch.situations.models import Situation
from dispatch.tasks.models import OPEN, RESOLVED, Task, TaskAssignee


@dataclass(frozen=True)
class TaskRow:
    """A task as shown."""

    id: int
    situation_id: int
    incident: str
    number: int
    description: str
    state: str
    creator: str
    creator_id: int
    assignees: tuple[Person, ...]
    due_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None
    url: str
    version: int


@dataclass(frozen=True)
class TaskList:
    """One page: open ones first, the earliest due on top; then the resolved ones, the latest on top."""

    items: list[TaskRow]
    page: int
    size: int
    open: int
    resolved: int

    @property
    def total(self) -> int:
        return self.open + self.resolved


async def tasks_of(t: Read, viewer: Viewer, situation_id: int, *, page: int = 1, size: int = 20) -> TaskList:
    """The tasks of one situation; an empty list for eyes that may not see it."""
    return await _listing(t, viewer, Task.situation_id == situation_id, page=page, size=size)


async def tasks_for(t: Read, viewer: Viewer, person_id: int, *, page: int = 1, size: int = 20) -> TaskList:
    """What a person created or has to do, in all situations the viewer may see."""
    return await _listing(t, viewer, or_(Task.creator_id == person_id, _has(person_id)), page=page, size=size)


async def open_tasks_of(t: Read, situation_id: int, person_id: int) -> list[TaskRow]:
    """What a person still has to do in a situation: asked before they leave it."""
    rows = await t.execute(
        _joined()
        .where(Task.org_id == t.org, Task.situation_id == situation_id, Task.state == OPEN, _has(person_id))
        .order_by(Task.number)
    )
    return await _shown(t, [(task, name) for task, name in rows])


async def open_tasks_for(t: Read, viewer: Viewer, person_id: int, *, limit: int) -> list[TaskRow]:
    """What a person has to do in all situations the viewer may see, the earliest due first."""
    rows = await t.execute(
        _joined()
        .where(Task.org_id == t.org, Task.state == OPEN, _has(person_id), visible_to(viewer))
        .order_by(Task.due_at.asc().nulls_last(), Task.id)
        .limit(limit)
    )
    return await _shown(t, [(task, name) for task, name in rows])


async def task_for(t: Read, viewer: Viewer, task_id: int) -> tuple[Task, Situation, tuple[int, ...]]:
    """(task, its situation, its assignees' ids).

    Raises:
        NotFound: none, or not for these eyes; the two are not told apart.
    """
    found = (
        await t.execute(
            select(Task, Situation)
            .join(Situation, (Situation.org_id == Task.org_id) & (Situation.id == Task.situation_id))
            .where(Task.org_id == t.org, Task.id == task_id, visible_to(viewer))
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such task that you may see.")
    assignees = await t.scalars(
        select(TaskAssignee.person_id).where(TaskAssignee.org_id == t.org, TaskAssignee.task_id == task_id)
    )
    return found.Task, found.Situation, tuple(assignees)


async def task_numbered(t: Read, situation_id: int, number: int) -> int | None:
    """The id of a task by its number within the situation."""
    return await t.scalar(
        select(Task.id).where(Task.org_id == t.org, Task.situation_id == situation_id, Task.number == number)
    )


async def task_row(t: Read, task_id: int) -> TaskRow:
    """A task as messages show it, for whoever its situation's conversation is open to.

    Raises:
        NotFound: no such task.
    """
    rows = await t.execute(_joined().where(Task.org_id == t.org, Task.id == task_id))
    shown = await _shown(t, [(task, name) for task, name in rows])
    if not shown:
        raise NotFound("There is no such task.")
    return shown[0]


async def _listing(t: Read, viewer: Viewer, where: ColumnElement[bool], *, page: int, size: int) -> TaskList:
    mine = [Task.org_id == t.org, where, visible_to(viewer)]
    counts = {
        state: n
        for state, n in await t.execute(
            select(Task.state, func.count())
            .join(Situation, (Situation.org_id == Task.org_id) & (Situation.id == Task.situation_id))
            .where(*mine)
            .group_by(Task.state)
        )
    }
    rows = await t.execute(
        _joined()
        .where(*mine)
        .order_by(
            (Task.state != OPEN), Task.due_at.asc().nulls_last(), Task.resolved_at.desc().nulls_last(), Task.id.desc()
        )
        .offset((page - 1) * size)
        .limit(size)
    )
    return TaskList(
        await _shown(t, [(task, name) for task, name in rows]), page, size, counts.get(OPEN, 0), counts.get(RESOLVED, 0)
    )


def _joined() -> Select[Task, str]:
    return select(Task, Situation.name).join(
        Situation, (Situation.org_id == Task.org_id) & (Situation.id == Task.situation_id)
    )


def _has(person_id: int) -> ColumnElement[bool]:
    return exists().where(
        TaskAssignee.org_id == Task.org_id, TaskAssignee.task_id == Task.id, TaskAssignee.person_id == person_id
    )


async def _shown(t: Read, found: list[tuple[Task, str]]) -> list[TaskRow]:
    ids = [task.id for task, _ in found]
    having: dict[int, list[int]] = {}
    for task_id, person_id in await t.execute(
        select(TaskAssignee.task_id, TaskAssignee.person_id)
        .where(TaskAssignee.org_id == t.org, TaskAssignee.task_id.in_(ids))
        .order_by(TaskAssignee.person_id)
    ):
        having.setdefault(task_id, []).append(person_id)
    known = await people(t, {task.creator_id for task, _ in found} | {p for ps in having.values() for p in ps})
    return [
        TaskRow(
            id=task.id,
            situation_id=task.situation_id,
            incident=name,
            number=task.number,
            description=task.description,
            state=task.state,
            creator=known[task.creator_id].name,
            creator_id=task.creator_id,
            assignees=tuple(known[p] for p in having.get(task.id, ())),
            due_at=task.due_at,
            created_at=task.created_at,
            resolved_at=task.resolved_at,
            url=task.url,
            version=task.version,
        )
        for task, name in found
    ]
