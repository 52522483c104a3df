"""Who may change a task: those it is about, and whoever steers the situation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from dispatch.kit.errors import NotAllowed
from dispatch.situations.access import AN_ADMIN, Standing


class Created(Protocol):
    """What of a task decides: a row of the table, or of a list."""

    @property
    def number(self) -> int: ...

    @property
    def creator_id(self) -> int: ...


def may_change(standing: Standing, task: Created, assignees: Collection[int]) -> bool:
    """Resolve, reopen, edit, assign: assignees, the creator, and who steers."""
    me = standing.viewer.person_id
    return standing.steers or (me is not None and (me == task.creator_id or me in assignees))


def require_change(standing: Standing, task: Created, assignees: Collection[int]) -> None:
    """Stop unless the viewer may change this task.

    Raises:
        NotAllowed: says what is missing and who can help.
    """
    if not may_change(standing, task, assignees):
        raise NotAllowed(
            f"To change task {task.number} you need to be one of its assignees, its creator, Commander, Scribe or "
            f"{AN_ADMIN}. {standing.who_helps()}"
        )
