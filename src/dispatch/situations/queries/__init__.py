"""Reads about situations; each list is a fixed number of statements whatever its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.kit.events import Subject
from dispatch.kit.flows import flow_named, steps_of
from dispatch.oncall.queries import pages_about
from dispatch.people.models import Organization, Person
from dispatch.people.queries import Viewer, people
from dispatch.projects.models import Priority, Project, Severity, SituationType, Tag
from dispatch.situations.access import visible_to
from dispatch.situations.models import (
    Duplicate,
    Engagement,
    HandOff,
    Participant,
    ParticipantRole,
    Resource,
    Situation,
    SituationTag,
)
from dispatch.situations.policies.queries import deciding, policies
from dispatch.situations.queries.listing import COUNTED, Filter, Listing, found_ids, listing, titles_like
from dispatch.situations.queries.options import Option, list_options
from dispatch.situations.queries.relations import (
    Relative,
    lookalikes,
    lookalikes_for_reporter,
    named_in,
    original_of,
    relatives,
)
from dispatch.situations.queries.roles import HeldRole, roles_over_time
from dispatch.situations.queries.rows import Level, Row, joined, rows_of
from dispatch.situations.queries.timeline import (
    TIMELINE_KINDS,
    TimelineFilter,
    TimelineRow,
    WrittenNote,
    entry,
    moment_of,
    note_written,
    timeline,
    timeline_after,
    timeline_entry,
    timeline_length,
)


@dataclass(frozen=True)
class Brief:
    """What messages and topics say about a situation."""

    id: int
    org_slug: str
    kind: str
    name: str
    title: str
    description: str
    status: str
    visibility: str
    drill: bool
    type: str
    severity: str
    priority: str
    project: str
    project_id: int
    announcement_channel: str
    commander_id: int
    commander: str
    acting: bool
    reporter_id: int
    reporter: str
    reporter_email: str
    reported_at: datetime
    channel_id: str | None
    links: tuple[tuple[str, str, str], ...]
    url: str
    next_update_at: datetime | None = None
    #: Minutes without an answer until somebody is called again.
    escalate_minutes: int = 2

    @property
    def next_call(self) -> str:
        """After how long somebody is called again, such as "2 minutes"."""
        return f"{self.escalate_minutes} minute{'' if self.escalate_minutes == 1 else 's'}"


@dataclass(frozen=True)
class ParticipantRow:
    """A person in a situation with the roles held now."""

    person: Person
    roles: tuple[str, ...]
    assumed_at: datetime
    acting: bool
    acknowledged_at: datetime | None
    in_channel: bool | None
    note: str
    added_by: str
    added_reason: str
    #: Each of `roles`, and since when it is held.
    held: tuple[tuple[str, datetime], ...] = ()


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


@dataclass(frozen=True)
class PageRow:
    """A call as shown."""

    person: Person
    through: str
    state: str
    sent_at: datetime
    acknowledged_at: datetime | None
    attempt: int
    note: str


@dataclass(frozen=True)
class Detail(Row):
    """A situation with what its page shows on top."""

    project_slug: str = ""
    description: str = ""
    resolution: str = ""
    reporter: Person | None = None
    tags: tuple[str, ...] = ()
    stable_at: datetime | None = None
    closed_at: datetime | None = None
    channel_url: str = ""
    version: int = 1
    next_update_at: datetime | None = None


#: Set once by the composition root: where this installation is reached.
class Links:
    """Builds addresses of pages."""

    base: str = ""

    @classmethod
    def incident(cls, org: str, name: str) -> str:
        return f"{cls.base}/{org}/incidents/{name}"


async def project_of(t: Read, situation_id: int) -> int | None:
    """The project a situation belongs to; None when there is no such situation."""
    return await t.scalar(select(Situation.project_id).where(Situation.org_id == t.org, Situation.id == situation_id))


async def brief(t: Read, situation_id: int) -> Brief:
    """What messages need.

    Raises:
        NotFound: no such situation in this organization.
    """
    row = (
        await t.execute(
            joined(Situation, Project, SituationType.name, Severity, Priority.name, Organization.slug)
            .join(Organization, Organization.id == Situation.org_id)
            .where(Situation.org_id == t.org, Situation.id == situation_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such incident.")
    s, project, type_, severity, priority, slug = row
    everybody = await participants(t, situation_id)
    lead = next((p for p in everybody if "Commander" in p.roles), None)
    reporter = next((p for p in everybody if p.person.id == s.reporter_id), None)
    found = await resources(t, situation_id)
    return Brief(
        id=s.id,
        org_slug=slug,
        kind=s.kind,
        name=s.name,
        title=s.title,
        description=s.description,
        status=s.status,
        visibility=s.visibility,
        drill=s.drill,
        type=type_,
        severity=severity.name,
        priority=priority,
        project=project.name,
        project_id=project.id,
        announcement_channel=project.announcement_channel,
        commander_id=lead.person.id if lead else s.reporter_id,
        commander=lead.person.name if lead else "nobody",
        acting=bool(lead and lead.acting),
        reporter_id=s.reporter_id,
        reporter=reporter.person.name if reporter else "",
        reporter_email=reporter.person.email if reporter else "",
        reported_at=s.reported_at,
        channel_id=talk.external_id if (talk := conversation(found)) else None,
        links=tuple((r.kind, r.title, r.url) for r in found if r.url and r.kind != "conversation"),
        url=Links.incident(slug, s.name),
        next_update_at=s.next_update_at,
        escalate_minutes=severity.escalate_minutes,
    )


async def open_original(t: Read, situation_id: int) -> tuple[str, str] | None:
    """Name and address of what it is a duplicate of, for everybody's eyes: None where that is restricted."""
    row = (
        await t.execute(
            select(Situation.name, Organization.slug)
            .join(Duplicate, and_(Duplicate.org_id == Situation.org_id, Duplicate.original_id == Situation.id))
            .join(Organization, Organization.id == Situation.org_id)
            .where(Situation.org_id == t.org, Duplicate.situation_id == situation_id, Situation.visibility == "open")
        )
    ).one_or_none()
    return (row.name, Links.incident(row.slug, row.name)) if row is not None else None


@dataclass(frozen=True)
class Paging:
    """Whether the commander is called; `why` completes "... pages nobody." """

    wanted: bool
    why: str


async def paging(t: Read, situation_id: int) -> Paging:
    """What the severity says, and where it leaves it to the priority, what that says."""
    severity, says, priority, page = (
        await t.execute(
            joined(Severity.name, Severity.paging, Priority.name, Priority.page_commander).where(
                Situation.org_id == t.org, Situation.id == situation_id
            )
        )
    ).one()
    if says in ("always", "never"):
        return Paging(says == "always", f"Severity {severity}")
    return Paging(page, f"Priority {priority}")


async def rotation_of(t: Read, situation_id: int) -> int | None:
    """Whose members are called one after the other: the rotation of the rule for the commander, else of the type."""
    row = (
        await t.execute(
            joined(Situation, SituationType.rotation_id).where(Situation.org_id == t.org, Situation.id == situation_id)
        )
    ).one_or_none()
    if row is None:
        return None
    rule = deciding(await policies(t, row.Situation.project_id), row.Situation).get("Commander")
    found: int | None = rule.rotation_id if rule is not None else row.rotation_id
    return found


async def by_name(t: Read, viewer: Viewer, name: str) -> Situation:
    """The situation the viewer may see.

    Raises:
        NotFound: none, or not for these eyes; the two are not told apart.
    """
    found = await t.scalar(
        select(Situation).where(Situation.org_id == t.org, Situation.name == name.upper(), visible_to(viewer))
    )
    if found is None:
        raise NotFound(f"There is no incident {name} that you may see.")
    return found


async def participants(t: Read, situation_id: int) -> list[ParticipantRow]:
    """Everybody with an active role, the commander first."""
    rows = (
        await t.execute(
            select(Participant, ParticipantRole)
            .join(
                ParticipantRole,
                and_(
                    ParticipantRole.org_id == Participant.org_id,
                    ParticipantRole.participant_id == Participant.id,
                    ParticipantRole.renounced_at.is_(None),
                ),
            )
            .where(Participant.org_id == t.org, Participant.situation_id == situation_id)
            .order_by(Participant.id, ParticipantRole.id)
        )
    ).all()
    known = await people(t, {i for p, _ in rows for i in (p.person_id, p.added_by) if i is not None})
    grouped: dict[int, list[tuple[Participant, ParticipantRole]]] = {}
    for participant, role in rows:
        grouped.setdefault(participant.id, []).append((participant, role))
    made = []
    for held in grouped.values():
        participant = held[0][0]
        lead = next((r for _, r in held if r.role == "Commander"), None)
        made.append(
            ParticipantRow(
                person=known[participant.person_id],
                roles=tuple(r.role for _, r in held),
                assumed_at=held[0][1].assumed_at,
                acting=lead is not None and lead.acknowledged_at is None,
                acknowledged_at=lead.acknowledged_at if lead else None,
                in_channel=participant.in_channel,
                note=participant.note,
                added_by=known[participant.added_by].name if participant.added_by in known else "",
                added_reason=participant.added_reason,
                held=tuple((r.role, r.assumed_at) for _, r in held),
            )
        )
    return sorted(made, key=lambda p: ("Commander" not in p.roles, "Reporter" not in p.roles, p.person.name.lower()))


async def resources(t: Read, situation_id: int) -> list[Resource]:
    """What other systems hold, in the order it was made."""
    return list(
        await t.scalars(
            select(Resource)
            .where(Resource.org_id == t.org, Resource.situation_id == situation_id)
            .order_by(Resource.id)
        )
    )


async def detail(t: Read, situation: Situation) -> Detail:
    """Everything on top of the page."""
    [row] = await rows_of(t, [situation.id])
    talk = conversation(await resources(t, situation.id))
    reporter = (await people(t, [situation.reporter_id])).get(situation.reporter_id)
    tags = await t.scalars(
        select(Tag.name)
        .join(SituationTag, and_(SituationTag.org_id == Tag.org_id, SituationTag.tag_id == Tag.id))
        .where(SituationTag.org_id == t.org, SituationTag.situation_id == situation.id)
        .order_by(Tag.name)
    )
    slug = await t.scalar(select(Project.slug).where(Project.org_id == t.org, Project.id == situation.project_id))
    return Detail(
        **row.__dict__,
        project_slug=slug or "",
        description=situation.description,
        resolution=situation.resolution,
        reporter=reporter,
        tags=tuple(tags),
        stable_at=situation.stable_at,
        closed_at=situation.closed_at,
        channel_url=talk.url if talk else "",
        version=situation.version,
        next_update_at=situation.next_update_at,
    )


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


async def pages(t: Read, about: Subject) -> list[PageRow]:
    """Who was called, latest first."""
    engaged = await t.scalars(
        select(Engagement.id).where(Engagement.org_id == t.org, Engagement.situation_id == about.id)
    )
    found = await pages_about(t, about, *(Subject("engagement", each) for each in engaged))
    known = await people(t, (p.person_id for p in found))
    return [
        PageRow(known[p.person_id], p.through, p.state, p.sent_at, p.acknowledged_at, p.round, p.note) for p in found
    ]


async def roles_of(t: Read, situation_id: int, person_id: int | None) -> set[str]:
    """The roles a person holds now."""
    if person_id is None:
        return set()
    return set(
        await t.scalars(
            select(ParticipantRole.role)
            .join(
                Participant,
                and_(Participant.org_id == ParticipantRole.org_id, Participant.id == ParticipantRole.participant_id),
            )
            .where(
                Participant.org_id == t.org,
                Participant.situation_id == situation_id,
                Participant.person_id == person_id,
                ParticipantRole.renounced_at.is_(None),
            )
        )
    )


async def hand_off_is_open(t: Read, hand_off_id: int) -> bool:
    """Whether the offered command waits for an answer."""
    state = await t.scalar(select(HandOff.state).where(HandOff.org_id == t.org, HandOff.id == hand_off_id))
    return state == "offered"


@dataclass(frozen=True)
class Offer:
    """The command offered to somebody, waiting for an answer."""

    id: int
    to: Person
    by: Person
    offered_at: datetime


async def open_hand_off(t: Read, situation_id: int) -> Offer | None:
    """The open offer of the command."""
    found = await t.scalar(
        select(HandOff).where(HandOff.org_id == t.org, HandOff.situation_id == situation_id, HandOff.state == "offered")
    )
    if found is None:
        return None
    known = await people(t, (found.to_id, found.offered_by))
    return Offer(found.id, known[found.to_id], known[found.offered_by], found.offered_at)


def conversation(found: Sequence[Resource]) -> Resource | None:
    """The channel people talk in now: the latest that is not archived, else the latest. A deleted one is none."""
    channels = [r for r in found if r.kind == "conversation" and r.state != "deleted"]
    return next((r for r in reversed(channels) if r.state == ""), channels[-1] if channels else None)


__all__ = [
    "COUNTED",
    "TIMELINE_KINDS",
    "Brief",
    "Detail",
    "Filter",
    "HeldRole",
    "Level",
    "Links",
    "Listing",
    "Offer",
    "Option",
    "PageRow",
    "Paging",
    "ParticipantRow",
    "Relative",
    "Row",
    "StepRow",
    "TimelineFilter",
    "TimelineRow",
    "WrittenNote",
    "brief",
    "by_name",
    "conversation",
    "detail",
    "entry",
    "found_ids",
    "hand_off_is_open",
    "list_options",
    "listing",
    "lookalikes",
    "lookalikes_for_reporter",
    "moment_of",
    "named_in",
    "note_written",
    "open_hand_off",
    "open_original",
    "original_of",
    "pages",
    "paging",
    "participants",
    "project_of",
    "relatives",
    "resources",
    "roles_of",
    "roles_over_time",
    "rows_of",
    "steps",
    "timeline",
    "timeline_after",
    "timeline_entry",
    "timeline_length",
    "titles_like",
]
