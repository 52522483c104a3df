"""What a person's home shows: what needs them, who is on call, what is open, what happened. A fixed number of statements."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select

from dispatch.kit import clock
from dispatch.kit import events as kit_events
from dispatch.kit.db import Read
from dispatch.kit.events import CONFIGURATION, Event
from dispatch.kit.web.live import Changes
from dispatch.oncall.models import Page, Rotation, RotationOverride
from dispatch.oncall.queries import turn
from dispatch.people.models import Person
from dispatch.people.queries import Viewer, people, people_and_whether_gone
from dispatch.projects.models import Project, Severity
from dispatch.situations.access import told_of, visible_to
from dispatch.situations.kinds import KINDS
from dispatch.situations.models import HandOff, Participant, ParticipantRole, Situation
from dispatch.situations.queries import COUNTED, Filter, Level, Row, listing
from dispatch.tasks.queries import TaskRow, open_tasks_for

#: Lines per part; the list behind it has the rest.
MOST = 8
RECENT = 12


@dataclass(frozen=True)
class Need:
    """Something that waits for the viewer: a command to acknowledge, an update that is late, a hand-off to answer, a page."""

    what: str
    incident: str
    title: str
    since: datetime
    by: str = ""
    hand_off_id: int | None = None


@dataclass(frozen=True)
class Duty:
    """A rotation with whose turn it is, and whose next; nobody for an empty one."""

    rotation: str
    project: str
    now: Person | None
    until: datetime | None
    then: Person | None
    #: Names of those on it who cannot be called any more and are passed over, and the settings page where that is mended.
    passed_over: list[str] = field(default_factory=list)
    page: str = ""
    project_id: int = 0


@dataclass(frozen=True)
class Happened:
    """An event of an incident the viewer may see."""

    incident: str
    says: str
    icon: str
    at: datetime


@dataclass(frozen=True)
class Home:
    """All of it. `by_severity`: open incidents, the worst first."""

    needs: list[Need]
    tasks: list[TaskRow]
    duty: list[Duty]
    by_severity: list[tuple[Level, int]]
    open: list[Row]
    open_total: int
    any_incident: bool
    recent: list[Happened]

    @property
    def turns_in(self) -> int | None:
        """Seconds until somebody else may be on call, one more so that it is so then; at most a day. None: no turn ends."""
        ends = min((each.until for each in self.duty if each.until is not None), default=None)
        return None if ends is None else min(math.ceil((ends - clock.now()).total_seconds()) + 1, 86_400)


async def home(t: Read, viewer: Viewer) -> Home:
    """Everything the viewer's home shows; nothing of what they may not see."""
    found = await listing(t, viewer, Filter(status=("Active", "Stable")), size=MOST, sort="-severity", count_to=COUNTED)
    return Home(
        needs=await needs(t, viewer),
        tasks=await open_tasks_for(t, viewer, viewer.person_id, limit=MOST) if viewer.person_id else [],
        duty=[] if viewer.role == "guest" else await duty(t),
        by_severity=await _by_severity(t, viewer),
        open=found.items,
        open_total=found.total,
        any_incident=bool(found.counts),
        recent=await recent(t, viewer),
    )


async def needs(t: Read, viewer: Viewer) -> list[Need]:
    """Commands to acknowledge, promised updates that are late, hand-offs to answer, pages without an answer; those waiting longest first."""
    if viewer.person_id is None:
        return []
    now = clock.now()
    commands = await t.execute(
        select(Situation, ParticipantRole.assumed_at, ParticipantRole.acknowledged_at)
        .join(
            Participant,
            (Participant.org_id == Situation.org_id) & (Participant.situation_id == Situation.id),
        )
        .join(
            ParticipantRole,
            (ParticipantRole.org_id == Participant.org_id) & (ParticipantRole.participant_id == Participant.id),
        )
        .where(
            Situation.org_id == t.org,
            Situation.status.in_(("Active", "Stable")),
            Participant.person_id == viewer.person_id,
            ParticipantRole.role == "Commander",
            ParticipantRole.renounced_at.is_(None),
            or_(ParticipantRole.acknowledged_at.is_(None), Situation.next_update_at < now),
            visible_to(viewer),
        )
        .order_by(ParticipantRole.assumed_at)
        .limit(MOST)
    )
    waiting: list[Need] = []
    for s, at, acknowledged in commands:
        if acknowledged is None:
            waiting.append(Need("command", s.name, s.title, at))
        if s.next_update_at is not None and s.next_update_at < now:
            waiting.append(Need("update", s.name, s.title, s.next_update_at))
    offers = await t.execute(
        select(Situation, HandOff, Person.name)
        .join(HandOff, (HandOff.org_id == Situation.org_id) & (HandOff.situation_id == Situation.id))
        .join(Person, (Person.org_id == HandOff.org_id) & (Person.id == HandOff.offered_by))
        .where(
            Situation.org_id == t.org, HandOff.state == "offered", HandOff.to_id == viewer.person_id, visible_to(viewer)
        )
        .order_by(HandOff.offered_at)
        .limit(MOST)
    )
    waiting += [Need("hand_off", s.name, s.title, h.offered_at, by, h.id) for s, h, by in offers]
    pages = await t.execute(
        select(Situation.name, Situation.title, func.min(Page.sent_at))
        .join(Page, (Page.org_id == Situation.org_id) & (Page.subject_id == Situation.id))
        .where(
            Situation.org_id == t.org,
            Page.subject_kind == Situation.kind,
            Page.person_id == viewer.person_id,
            Page.state.in_(("sent", "delivered")),
            Page.acknowledged_at.is_(None),
            Situation.status != "Closed",
            Situation.name.not_in([need.incident for need in waiting]),
            visible_to(viewer),
        )
        .group_by(Situation.name, Situation.title)
        .order_by(func.min(Page.sent_at))
        .limit(MOST)
    )
    waiting += [Need("page", name, title, at) for name, title, at in pages]
    return sorted(waiting, key=lambda need: need.since)


async def duty(t: Read) -> list[Duty]:
    """Every rotation of the enabled projects, with now and next."""
    now = clock.now()
    rows = await t.execute(
        select(Rotation, Project, RotationOverride)
        .join(Project, (Project.org_id == Rotation.org_id) & (Project.id == Rotation.project_id))
        .outerjoin(
            RotationOverride,
            (RotationOverride.org_id == Rotation.org_id)
            & (RotationOverride.rotation_id == Rotation.id)
            & (RotationOverride.ends_at > now),
        )
        .where(Rotation.org_id == t.org, Project.enabled)
        .order_by(Project.is_default.desc(), Project.name, Rotation.name, Rotation.id)
    )
    standing_in: dict[int, list[RotationOverride]] = {}
    rotations: dict[int, tuple[Rotation, Project]] = {}
    for rotation, project, override in rows:
        rotations[rotation.id] = rotation, project
        standing_in.setdefault(rotation.id, []).extend([override] if override is not None else [])
    found = []
    named = {int(member) for each, _ in rotations.values() for member in each.members}
    who = await people_and_whether_gone(t, named | {o.person_id for each in standing_in.values() for o in each})
    known = {id: person for id, (person, _) in who.items()}
    gone = {id for id, (_, is_gone) in who.items() if is_gone}
    for rotation, project in rotations.values():
        present = turn(rotation, now, overrides=standing_in[rotation.id], gone=gone)
        later = turn(rotation, present.until, overrides=standing_in[rotation.id], gone=gone) if present else None
        found.append((rotation, project, present, later))
    return [
        Duty(
            rotation.name,
            project.name,
            known.get(present.person_id) if present else None,
            present.until if present else None,
            known.get(later.person_id) if later and present and later.person_id != present.person_id else None,
            [known[int(member)].name for member in rotation.members if int(member) in gone],
            f"{project.slug}/oncall/{rotation.id}",
            project.id,
        )
        for rotation, project, present, later in found
    ]


async def recent(t: Read, viewer: Viewer) -> list[Happened]:
    """What was recorded last about incidents, newest first."""
    rows = (
        await t.execute(
            select(Event, Situation.name)
            .join(Situation, (Situation.org_id == Event.org_id) & (Situation.id == Event.subject_id))
            .where(Event.org_id == t.org, Event.subject_kind == Situation.kind, visible_to(viewer))
            .order_by(Event.id.desc())
            .limit(RECENT)
        )
    ).all()
    known = await people(t, (event.actor for event, _ in rows if event.actor is not None))
    made = []
    for event, name in rows:
        cls = kit_events.fact_named(event.fact)
        actor = known[event.actor].name if event.actor in known else "Dispatch"
        made.append(
            Happened(name, kit_events.sentence(event.fact, event.data, actor), cls.icon if cls else "point", event.at)
        )
    return made


async def concerns(t: Read, viewer: Viewer, changed: Changes, *besides: str) -> bool:
    """Whether any of the changes is one of an incident that the viewer may see, or, for admins, of the configuration.

    Not even that something happened is told about anything else.

    Args:
        besides: kinds of subject that concern whoever looks, too.
    """
    kinds = {*KINDS, *(CONFIGURATION if viewer.is_admin else ()), *besides}
    return bool(await told_of(t, viewer, {each for each in changed if each is None or each.subject.kind in kinds}))


async def _by_severity(t: Read, viewer: Viewer) -> list[tuple[Level, int]]:
    rows = await t.execute(
        select(Severity.name, func.min(Severity.color), func.max(Severity.rank).label("rank"), func.count())
        .join(Situation, (Situation.org_id == Severity.org_id) & (Situation.severity_id == Severity.id))
        .where(
            Situation.org_id == t.org,
            Situation.kind == "incident",
            or_(Situation.status == "Active", Situation.status == "Stable"),
            visible_to(viewer),
        )
        .group_by(Severity.name)
        .order_by(func.max(Severity.rank).desc(), Severity.name)
    )
    return [(Level(name, color, rank), n) for name, color, rank, n in rows]
