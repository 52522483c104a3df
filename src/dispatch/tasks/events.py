"""What happens with tasks, as facts of the situation they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.kit.events import Fact, fact


@dataclass(frozen=True, kw_only=True)
class TaskFact(Fact):
    """Every fact names its task; `what` is the beginning of its description."""

    part = "tasks"

    task_id: int
    number: int
    what: str


@fact
@dataclass(frozen=True, kw_only=True)
class TaskCreated(TaskFact):
    """Somebody wrote down what has to be done."""

    name = "task.created"
    says = "{by} created task {number}{to}: {what}"
    icon = "checkbox"

    #: " for Bo and Cy", or nothing.
    to: str
    people: list[int]


@fact
@dataclass(frozen=True, kw_only=True)
class TaskAssigned(TaskFact):
    """The people who have to do it changed; `people` are those who are new."""

    name = "task.assigned"
    says = "{by} gave task {number} to {to}: {what}"
    icon = "user-check"

    to: str
    people: list[int]


@fact
@dataclass(frozen=True, kw_only=True)
class TaskEdited(TaskFact):
    """Its text or its due date changed."""

    name = "task.edited"
    says = "{by} changed {fields} of task {number}: {what}"
    icon = "pencil"

    fields: str
    before: str


@fact
@dataclass(frozen=True, kw_only=True)
class TaskResolved(TaskFact):
    """It is done."""

    name = "task.resolved"
    says = "{by} resolved task {number}: {what}"
    icon = "circle-check"


@fact
@dataclass(frozen=True, kw_only=True)
class TaskReopened(TaskFact):
    """It is not done after all."""

    name = "task.reopened"
    says = "{by} reopened task {number}: {what}"
    icon = "rotate"


@fact
@dataclass(frozen=True, kw_only=True)
class TaskDue(TaskFact):
    """It is due, or soon; those who have to do it are reminded."""

    name = "task.due"
    says = "Task {number} {when}: {what}"
    icon = "clock-exclamation"

    #: "is due in 15 minutes", "is due now", "is overdue"
    when: str
