"""What a list shows of each situation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from dispatch.kit.db import Read
from dispatch.kit.flows import FlowRun, FlowStep
from dispatch.people.models import Person
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.situations.models import Participant, ParticipantRole, Situation


@dataclass(frozen=True)
class Level:
    """A severity or priority as shown."""

    name: str
    color: str
    rank: int


@dataclass(frozen=True)
class Row:
    """A situation in a list."""

    id: int
    kind: str
    name: str
    title: str
    status: str
    severity: Level
    priority: Level
    type: str
    project: str
    visibility: str
    commander: Person | None
    acting: bool
    reported_at: datetime
    participants: int
    problems: int
    drill: bool


def joined(*columns: Any) -> Any:
    """A selection from situations with what they refer to."""
    return (
        select(*columns)
        .select_from(Situation)
        .join(Project, and_(Project.org_id == Situation.org_id, Project.id == Situation.project_id))
        .join(SituationType, and_(SituationType.org_id == Situation.org_id, SituationType.id == Situation.type_id))
        .join(Severity, and_(Severity.org_id == Situation.org_id, Severity.id == Situation.severity_id))
        .join(Priority, and_(Priority.org_id == Situation.org_id, Priority.id == Situation.priority_id))
    )


async def rows_of(t: Read, ids: Sequence[int]) -> list[Row]:
    """Those situations in this order, in one statement. The caller found the ids through `visible_to`."""
    if not ids:
        return []
    lead = (
        select(Participant.situation_id, Participant.person_id, ParticipantRole.acknowledged_at)
        .join(
            ParticipantRole,
            and_(
                ParticipantRole.org_id == Participant.org_id,
                ParticipantRole.participant_id == Participant.id,
                ParticipantRole.role == "Commander",
                ParticipantRole.renounced_at.is_(None),
            ),
        )
        .where(Participant.org_id == t.org, Participant.situation_id.in_(ids))
        .subquery()
    )
    count = (
        select(Participant.situation_id, func.count().label("n"))
        .where(Participant.org_id == t.org, Participant.situation_id.in_(ids))
        .group_by(Participant.situation_id)
        .subquery()
    )
    problems = (
        select(FlowRun.subject_id, func.count().label("n"))
        .join(FlowStep, and_(FlowStep.org_id == FlowRun.org_id, FlowStep.run_id == FlowRun.id))
        .where(
            FlowRun.org_id == t.org,
            FlowRun.subject_id.in_(ids),
            FlowRun.subject_kind == "incident",
            FlowStep.state.in_(("failed", "expired")),
        )
        .group_by(FlowRun.subject_id)
        .subquery()
    )
    rows = (
        await t.execute(
            joined(
                Situation,
                Project.name,
                SituationType.name,
                Severity,
                Priority,
                Person,
                lead.c.acknowledged_at,
                func.coalesce(count.c.n, 0),
                func.coalesce(problems.c.n, 0),
            )
            .outerjoin(lead, lead.c.situation_id == Situation.id)
            .outerjoin(Person, and_(Person.org_id == Situation.org_id, Person.id == lead.c.person_id))
            .outerjoin(count, count.c.situation_id == Situation.id)
            .outerjoin(problems, problems.c.subject_id == Situation.id)
            .where(Situation.org_id == t.org, Situation.id.in_(ids))
        )
    ).all()
    made = {
        s.id: Row(
            id=s.id,
            kind=s.kind,
            name=s.name,
            title=s.title,
            status=s.status,
            severity=Level(severity.name, severity.color, severity.rank),
            priority=Level(priority.name, priority.color, priority.rank),
            type=type_,
            project=project,
            visibility=s.visibility,
            commander=commander,
            acting=commander is not None and acknowledged is None,
            reported_at=s.reported_at,
            participants=n,
            problems=bad,
            drill=s.drill,
        )
        for s, project, type_, severity, priority, commander, acknowledged, n, bad in rows
    }
    return [made[i] for i in ids if i in made]
