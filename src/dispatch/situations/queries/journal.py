"""The steps of a situation's flows, as shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.kit.db import Read
from dispatch.kit.events import Subject
from dispatch.kit.flows import flow_named, steps_of


@dataclass(frozen=True)
class StepRow:
    """A step of the journal as shown."""

    id: int
    name: str
    title: str
    state: str
    attempts: int
    reason: str
    hint: str
    next_at: datetime | None
    deadline: datetime
    done_at: datetime | None
    delivery: str
    can_retry: bool


async def steps(t: Read, about: Subject) -> list[StepRow]:
    """The journal of a subject as shown."""
    rows = []
    for run, row in await steps_of(t, about):
        flow = flow_named(run.flow, run.version)
        declared = flow.by_name.get(row.name) if flow else None
        waits = row.state == "pending" and not row.ready
        needs = f"Waits for: {', '.join(declared.after)}." if waits and declared else ""
        rows.append(
            StepRow(
                id=row.id,
                name=row.name,
                title=declared.title if declared else row.name,
                state="waiting" if waits else row.state,
                attempts=row.attempts,
                reason=row.reason or needs,
                hint=row.hint,
                next_at=row.next_at,
                deadline=row.deadline_at,
                done_at=row.done_at,
                delivery=declared.delivery if declared else "",
                can_retry=row.state in ("failed", "expired", "skipped") or row.next_at is not None,
            )
        )
    return rows
