"""What messages and topics say about a situation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.kit.db import Read
from dispatch.kit.errors import NotFound
from dispatch.people.models import Organization
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.situations.models import Situation
from dispatch.situations.queries.participants import participants
from dispatch.situations.queries.resources import conversation, resources
from dispatch.situations.queries.rows import joined


#: Set once by the composition root: where this installation is reached.
class Links:
    """Builds addresses of pages."""

    base: str = ""

    @classmethod
    def incident(cls, org: str, name: str) -> str:
        return f"{cls.base}/{org}/incidents/{name}"


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
