"""Writes about tasks: each one transaction's worth, no network, ending in a recorded fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, insert, select

from dispatch.kit import clock
from dispatch.kit.db import OrgId, Tx
from dispatch.kit.errors import Conflict, Invalid, NotFound
from dispatch.kit.events import Subject, record
from dispatch.people.models import Person
from dispatch.situations.actions import add_participant, locked
from dispatch.situations.models import Situation
from dispatch.tasks.events import TaskAssigned, TaskCreated, TaskDue, TaskEdited, TaskReopened, TaskResolved
from dispatch.tasks.models import OPEN, RESOLVED, Task, TaskAssignee

LONGEST = 40_000
MOST_ASSIGNEES = 50
#: Minutes before the due date of the first reminder; the second comes when it is due.
AHEAD_MINUTES = 15
#: How much of a description the timeline shows.
SHOWN = 300


async def create_task(
    t: Tx,
    situation: Situation,
    description: str,
    *,
    by: Person,
    assignees: Sequence[Person] = (),
    due_at: datetime | None = None,
    source: str,
    source_key: str | None = None,
    url: str = "",
) -> Task:
    """A new task. Assignees become participants. The caller asked `access.require(..., "create_task")`.

    Args:
        assignees: who has to do it; nobody means that it is for whoever takes it.
        source: command, shortcut, web or api.
        source_key: what it came from; the same twice gives the task made before.
        url: of the message it was taken from.

    Raises:
        Invalid: no description, too long, a due date in the past, too many assignees.
        Conflict: the situation is closed.
    """
    description = _checked(description)
    _check_due(due_at)
    situation = await locked(t, situation.id)
    if source_key is not None:
        made = await t.scalar(select(Task).where(Task.org_id == t.org, Task.source_key == source_key))
        if made is not None:
            return made
    if situation.status == "Closed":
        raise Conflict(f"{situation.name} is closed; reopen it first.")
    now = clock.now()
    last = await t.scalar(select(func.max(Task.number)).where(Task.org_id == t.org, Task.situation_id == situation.id))
    task = Task(
        org_id=t.org, situation_id=situation.id, number=(last or 0) + 1, description=description, state=OPEN,
        creator_id=by.id, due_at=due_at, remind_at=_first_reminder(due_at, now), source=source, source_key=source_key,
        url=url, created_at=now, changed_at=now, history=[{"state": OPEN, "at": now.isoformat(), "by": by.id}], post={},
    )  # fmt: skip
    t.add(task)
    await t.flush()
    await _assign(t, situation, task, _distinct(assignees), by=by)
    names = _names(assignees)
    await record(
        t,
        TaskCreated(
            task_id=task.id, number=task.number, what=_what(task), to=f" for {names}" if names else "",
            people=[each.id for each in assignees],
        ),
        about=_about(situation),
        by=by.id,
    )  # fmt: skip
    return task


async def assign_task(t: Tx, task: Task, assignees: Sequence[Person], *, by: Person) -> bool:
    """Exactly these people have to do it from now on. Returns False when they had to before.

    Raises:
        Invalid: too many.
    """
    task, situation = await _locked_task(t, task.id)
    had = set(await assignee_ids(t, task.id))
    wanted = {each.id: each for each in _distinct(assignees)}
    if had == set(wanted):
        return False
    await t.execute(delete(TaskAssignee).where(TaskAssignee.org_id == t.org, TaskAssignee.task_id == task.id))
    await _assign(t, situation, task, list(wanted.values()), by=by)
    fresh = [each for key, each in wanted.items() if key not in had]
    await _changed(t, task)
    await record(
        t,
        TaskAssigned(
            task_id=task.id, number=task.number, what=_what(task), to=_names(list(wanted.values())) or "nobody",
            people=[each.id for each in fresh],
        ),
        about=_about(situation),
        by=by.id,
    )  # fmt: skip
    return True


async def edit_task(
    t: Tx,
    task: Task,
    *,
    by: Person,
    description: str | None = None,
    due_at: datetime | None = None,
    clear_due: bool = False,
    expected_version: int | None = None,
) -> bool:
    """Change the text or the due date; what is not given stays. Returns False when nothing changed.

    Raises:
        Invalid: an empty or too long text, a due date in the past.
        Conflict: somebody changed it after `expected_version`.
    """
    task, situation = await _locked_task(t, task.id)
    if expected_version is not None and expected_version != task.version:
        raise Conflict(f"Task {task.number} was changed meanwhile: {_what(task)}")
    before, changed = _what(task), []
    if description is not None and _checked(description) != task.description:
        task.description = _checked(description)
        changed.append("the text")
    due = None if clear_due else due_at or task.due_at
    if due != task.due_at:
        _check_due(due)
        task.due_at, task.remind_at = due, _first_reminder(due, clock.now()) if task.state == OPEN else None
        changed.append("the due date")
    if not changed:
        return False
    await _changed(t, task)
    await record(
        t,
        TaskEdited(task_id=task.id, number=task.number, what=_what(task), fields=" and ".join(changed), before=before),
        about=_about(situation),
        by=by.id,
    )
    return True


async def resolve_task(t: Tx, task_id: int, *, by: Person) -> bool:
    """It is done. Returns False when it was before."""
    task, situation = await _locked_task(t, task_id)
    if task.state == RESOLVED:
        return False
    now = clock.now()
    task.state, task.resolved_at, task.resolved_by, task.remind_at = RESOLVED, now, by.id, None
    await _turned(t, task, by)
    await record(
        t, TaskResolved(task_id=task.id, number=task.number, what=_what(task)), about=_about(situation), by=by.id
    )
    return True


async def reopen_task(t: Tx, task_id: int, *, by: Person) -> bool:
    """It is not done after all. Returns False when it is open."""
    task, situation = await _locked_task(t, task_id)
    if task.state == OPEN:
        return False
    task.state, task.resolved_at, task.resolved_by = OPEN, None, None
    task.remind_at = _first_reminder(task.due_at, clock.now())
    await _turned(t, task, by)
    await record(
        t, TaskReopened(task_id=task.id, number=task.number, what=_what(task)), about=_about(situation), by=by.id
    )
    return True


async def remind_again(t: Tx, task_id: int, *, minutes: int) -> bool:
    """Remind those who have to do it once more, in so many minutes. Returns False when it is resolved."""
    task, _ = await _locked_task(t, task_id)
    if task.state != OPEN:
        return False
    task.remind_at = clock.now() + timedelta(minutes=minutes)
    await t.flush()
    return True


def due_tasks(org: OrgId) -> Select[Task, Situation]:
    """Tasks of which somebody has to be reminded now."""
    return (
        select(Task, Situation)
        .join(Situation, (Situation.org_id == Task.org_id) & (Situation.id == Task.situation_id))
        .where(Task.org_id == org, Task.remind_at <= clock.now())
    )


async def remind_tasks(t: Tx) -> int:
    """Claim tasks whose reminder is due. Each is reminded once ahead and once when due, late or not. Returns how many."""
    now = clock.now()
    due = (
        await t.execute(due_tasks(t.org).order_by(Task.remind_at).limit(50).with_for_update(of=Task, skip_locked=True))
    ).all()
    reminded = 0
    for task, situation in due:
        ahead = task.due_at is not None and now < task.due_at
        task.remind_at = task.due_at if ahead else None
        await t.flush()
        if task.state != OPEN or situation.status == "Closed":
            task.remind_at = None
            continue
        await record(
            t,
            TaskDue(task_id=task.id, number=task.number, what=_what(task), when=_when(task.due_at, now)),
            about=_about(situation),
        )
        reminded += 1
    return reminded


async def remember_post(t: Tx, task_id: int, *, channel: str, ts: str, key: str) -> None:
    """Where the channel reads about the task, so that its message follows the task."""
    task = (await t.scalars(select(Task).where(Task.org_id == t.org, Task.id == task_id).with_for_update())).one()
    task.post = {"channel": channel, "ts": ts, "key": key}
    await t.flush()


async def assignee_ids(t: Tx, task_id: int) -> list[int]:
    """Who has to do it."""
    return list(
        await t.scalars(
            select(TaskAssignee.person_id)
            .where(TaskAssignee.org_id == t.org, TaskAssignee.task_id == task_id)
            .order_by(TaskAssignee.person_id)
        )
    )


async def _locked_task(t: Tx, task_id: int) -> tuple[Task, Situation]:
    """The task's row, locked after its situation's, as everywhere.

    Raises:
        NotFound: no such task.
    """
    situation_id = await t.scalar(select(Task.situation_id).where(Task.org_id == t.org, Task.id == task_id))
    if situation_id is None:
        raise NotFound("There is no such task.")
    situation = await locked(t, situation_id)
    task = (
        await t.scalars(
            select(Task)
            .where(Task.org_id == t.org, Task.id == task_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    return task, situation


async def _assign(t: Tx, situation: Situation, task: Task, assignees: Sequence[Person], *, by: Person) -> None:
    if not assignees:
        return
    await t.execute(
        insert(TaskAssignee), [{"org_id": t.org, "task_id": task.id, "person_id": each.id} for each in assignees]
    )
    for each in assignees:
        await add_participant(
            t, situation, each, role="Participant", reason=f"has task {task.number}", by=by.id, bring_in=True,
            bring_back=True,
        )  # fmt: skip


async def _turned(t: Tx, task: Task, by: Person) -> None:
    task.history = [*task.history, {"state": task.state, "at": clock.now().isoformat(), "by": by.id}]
    await _changed(t, task)


async def _changed(t: Tx, task: Task) -> None:
    task.version += 1
    task.changed_at = clock.now()
    await t.flush()


def _distinct(assignees: Sequence[Person]) -> list[Person]:
    found = list({each.id: each for each in assignees}.values())
    if len(found) > MOST_ASSIGNEES:
        raise Invalid(f"A task has at most {MOST_ASSIGNEES} assignees.", field="assignees")
    return found


def _checked(description: str) -> str:
    text = description.strip()
    if not text:
        raise Invalid("Please describe what has to be done.", field="description")
    if len(text) > LONGEST:
        raise Invalid(f"At most {LONGEST:,} characters; this has {len(text):,}.", field="description")
    return text


def _check_due(due_at: datetime | None) -> None:
    if due_at is not None and due_at < clock.now() - timedelta(minutes=1):
        raise Invalid("This moment is in the past.", field="due_at")


def _first_reminder(due_at: datetime | None, now: datetime) -> datetime | None:
    if due_at is None:
        return None
    ahead = due_at - timedelta(minutes=AHEAD_MINUTES)
    return ahead if ahead > now else due_at


def _when(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "is waiting"
    minutes = round((due_at - now).total_seconds() / 60)
    if minutes > 0:
        return f"is due in {minutes} minute{'' if minutes == 1 else 's'}"
    return "is due now" if minutes > -5 else f"has been due for {-minutes} minutes"


def _what(task: Task) -> str:
    line = " ".join(task.description.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _names(who: Sequence[Person]) -> str:
    names = [each.name for each in who]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _about(situation: Situation) -> Subject:
    return Subject(situation.kind, situation.id)
