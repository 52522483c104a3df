"""Opening a situation: its row, name, tags, reporter and acting commander."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.errors import Invalid
from dispatch.kit.events import Subject, record
from dispatch.oncall import queries as oncall
from dispatch.people.models import Person
from dispatch.people.queries import person, unreachable
from dispatch.projects import queries as projects
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag
from dispatch.situations.actions.participants import add_participant
from dispatch.situations.actions.search_words import remember_words
from dispatch.situations.events import CommanderNamed, Opened
from dispatch.situations.kinds import INCIDENT, Kind
from dispatch.situations.models import Situation, SituationNumber, SituationTag
from dispatch.situations.policies.models import RolePolicy
from dispatch.situations.policies.queries import deciding, policies


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a person reports. Names are matched within the project; None takes the project's default."""

    title: str
    description: str
    project: str | None = None
    type: str | None = None
    severity: str | None = None
    priority: str | None = None
    visibility: str | None = None
    tags: tuple[str, ...] = field(default=())
    commander: str | None = None
    drill: bool = False


async def open_situation(
    t: Tx, report: Report, *, by: Person, kind: Kind = INCIDENT, source_key: str | None = None
) -> Situation:
    """Make a situation with its name, reporter and acting commander; what follows hangs on `Opened`.

    Args:
        source_key: what the report came from; the same key twice answers the same situation.

    Raises:
        Invalid: a required text is empty, or a named project, type, severity or priority does not exist.
    """
    if source_key is not None:
        # Sent again while the first is being written: it waits until that is there, and finds it.
        await t.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"report:{t.org}:{source_key}", 0))))
        known = await t.scalar(select(Situation).where(Situation.org_id == t.org, Situation.source_key == source_key))
        if known is not None:
            return known
    title, description = report.title.strip(), report.description.strip()
    if not title:
        raise Invalid("Please give a title.", field="title")
    if len(title) > 200:
        raise Invalid(f"A title has at most 200 characters; this one has {len(title)}.", field="title")
    if not description:
        raise Invalid("Please describe what is happening.", field="description")
    project = await projects.project(t, report.project)
    type_ = projects.chosen(
        await projects.choices(t, SituationType, project.id, kind=kind.key), report.type, field="type"
    )
    severity = projects.chosen(
        await projects.choices(t, Severity, project.id, kind=kind.key), report.severity, field="severity"
    )
    priority = projects.chosen(
        await projects.choices(t, Priority, project.id, kind=kind.key), report.priority, field="priority"
    )
    visibility = report.visibility or type_.visibility
    if visibility not in ("open", "restricted"):
        raise Invalid("Visibility is open or restricted.", field="visibility")

    now = clock.now()
    situation = Situation(
        org_id=t.org,
        kind=kind.key,
        name=await _next_name(t, project.incident_prefix),
        project_id=project.id,
        title=title,
        description=description,
        resolution="",
        status=kind.states[0],
        visibility=visibility,
        type_id=type_.id,
        severity_id=severity.id,
        priority_id=priority.id,
        reporter_id=by.id,
        drill=report.drill,
        reported_at=now,
        changed_at=now,
        version=1,
        source_key=source_key,
    )
    t.add(situation)
    await t.flush()
    await remember_words(t, situation.id)
    await set_tags(t, situation, project, report.tags)
    about = Subject(kind.key, situation.id)
    await record(
        t,
        Opened(
            situation=situation.name,
            title=title,
            kind=kind.key,
            project=project.name,
            type=type_.name,
            severity=severity.name,
            priority=priority.name,
            visibility=visibility,
        ),
        about=about,
        by=by.id,
        pinned=True,
    )
    await add_participant(t, situation, by, role="Reporter", reason="reported it", by=by.id)
    decided = deciding(await policies(t, project.id), situation)
    commander, why = await _commander(t, report, type_, decided.get(kind.lead_role), by)
    await add_participant(t, situation, commander, role=kind.lead_role, reason=why, by=by.id)
    await record(t, CommanderNamed(person=commander.name, person_id=commander.id, why=why), about=about)
    for role, policy in decided.items():
        turn = (
            await oncall.on_call(t, policy.rotation_id)
            if role != kind.lead_role and policy.rotation_id is not None
            else None
        )
        if turn is not None:
            who = await person(t, turn.person_id)
            await add_participant(t, situation, who, role=role, reason=f"on call for {turn.rotation}")
    return situation


async def _next_name(t: Tx, prefix: str) -> str:
    number = (
        await t.execute(
            upsert(SituationNumber)
            .values(org_id=t.org, prefix=prefix, last=1)
            .on_conflict_do_update(index_elements=["org_id", "prefix"], set_={"last": SituationNumber.last + 1})
            .returning(SituationNumber.last)
        )
    ).scalar_one()
    return f"{prefix}-{number}"


async def set_tags(t: Tx, situation: Situation, project: Project, names: tuple[str, ...]) -> None:
    """Add tags of the project by name.

    Raises:
        Invalid: one is unknown.
    """
    if not names:
        return
    known = {
        tag.name: tag.id
        for tag in await t.scalars(
            select(Tag).where(Tag.org_id == t.org, Tag.project_id == project.id, Tag.name.in_(names))
        )
    }
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid(f"Unknown tags in {project.name}: {', '.join(unknown)}.", field="tags")
    await t.execute(
        insert(SituationTag),
        [{"org_id": t.org, "situation_id": situation.id, "tag_id": known[n]} for n in dict.fromkeys(names)],
    )


async def _commander(
    t: Tx, report: Report, type_: SituationType, policy: RolePolicy | None, reporter: Person
) -> tuple[Person, str]:
    """Named from the database alone: chosen, on the rotation of the rule or else of the type, else the reporter."""
    instead = ""
    if report.commander:
        chosen = await t.scalar(
            select(Person).where(Person.org_id == t.org, Person.email == report.commander.strip().lower())
        )
        if chosen is None:
            raise Invalid(f'"{report.commander}" is not a person of this organization.', field="commander")
        if not await unreachable(t, [chosen.id]):
            return chosen, "chosen by the reporter"
        # A program may name somebody who has left; the report must not fail for it, nor call nobody.
        instead = f"{chosen.name} was chosen and is deactivated; "
    rotation_id = policy.rotation_id if policy is not None else type_.rotation_id
    if rotation_id is not None:
        on_call = await oncall.on_call(t, rotation_id)
        if on_call is not None:
            return await person(t, on_call.person_id), f"{instead}on call for {on_call.rotation}"
    if policy is not None:
        return reporter, f"{instead}the rules name nobody for it, so the reporter leads until somebody takes over"
    return reporter, f"{instead}nobody is on call for this type, so the reporter leads until somebody takes over"
