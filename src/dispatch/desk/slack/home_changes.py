"""What changes what App Homes show: everybody's, or those of the people who have to do something.

Of a restricted incident only the homes of those who may see it: that of anybody else is not even drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from dispatch.kit.db import Tx
from dispatch.kit.events import Fact, Recorded, on
from dispatch.kit.slack.homes import changed
from dispatch.oncall.rotation_events import (
    OverrideAdded,
    OverrideRemoved,
    RotationAdded,
    RotationChanged,
    RotationRemoved,
)
from dispatch.situations.access import only_seen_by
from dispatch.situations.events import (
    CommandAcknowledged,
    CommanderChanged,
    CommanderNamed,
    DetailsChanged,
    Opened,
    ParticipantAdded,
    StatusChanged,
    VisibilityChanged,
)
from dispatch.situations.kinds import KINDS
from dispatch.tasks.events import TaskAssigned, TaskCreated, TaskEdited, TaskReopened, TaskResolved
from dispatch.tasks.models import Task, TaskAssignee


@dataclass(frozen=True)
class Everybody:
    """The homes of all who may see it show it: what is going on, or who is on call."""

    name: str = "app_home.changed"

    async def start(self, t: Tx, recorded: Recorded) -> int:
        """Starts no flow."""
        about = recorded.subject
        # Restricted a moment ago, it leaves everybody's home.
        hides = isinstance(recorded.fact, VisibilityChanged)
        await changed(t, await only_seen_by(t, about.id) if about.kind in KINDS and not hides else None)
        return 0


@dataclass(frozen=True)
class Whoever:
    """The homes of those whom the fact names."""

    name: str = "app_home.changed_for_one"

    async def start(self, t: Tx, recorded: Recorded) -> int:
        """Starts no flow."""
        person = getattr(recorded.fact, "person_id", None)
        await changed(t, [int(person)] if person is not None else [])
        return 0


@dataclass(frozen=True)
class WhoHasTheTask:
    """The homes of its assignees and of who created it."""

    name: str = "app_home.task_changed"

    async def start(self, t: Tx, recorded: Recorded) -> int:
        """Starts no flow."""
        task_id = int(getattr(recorded.fact, "task_id", 0))
        people = set(
            await t.scalars(
                select(TaskAssignee.person_id).where(TaskAssignee.org_id == t.org, TaskAssignee.task_id == task_id)
            )
        )
        creator = await t.scalar(select(Task.creator_id).where(Task.org_id == t.org, Task.id == task_id))
        await changed(t, people | ({creator} if creator is not None else set()))
        return 0


_EVERYBODY: tuple[type[Fact], ...] = (
    Opened, StatusChanged, DetailsChanged, VisibilityChanged, CommanderNamed, CommanderChanged, CommandAcknowledged,
    RotationAdded, RotationChanged, RotationRemoved, OverrideAdded, OverrideRemoved,
    # Who had it before is not known any more.
    TaskAssigned,
)  # fmt: skip

for fact in _EVERYBODY:
    on(fact, Everybody())
on(ParticipantAdded, Whoever())
for task_fact in (TaskCreated, TaskEdited, TaskResolved, TaskReopened):
    on(task_fact, WhoHasTheTask())
