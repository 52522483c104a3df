"""How far the set-up is: every step is looked up, none is ticked off by hand. One statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from dispatch.kit.db import Read
from dispatch.people.models import Organization

#: A full *Test connection* has this line; what saving asks Slack has not.
_FULL_TEST = "Scopes"

# Open incidents only: of restricted ones nobody learns here that they exist.
_LOOK = text("""
select (select count(*) from membership m where m.org_id = :org and m.role = 'owner') as owners,
       (select count(*) from membership m where m.org_id = :org and m.role = 'owner' and exists (
          select from password w where w.account_id = m.account_id and (w.org_id is null or w.org_id = :org)
        )) as with_password,
       exists (select from identity_provider where org_id = :org and enabled) as provider,
       p.id as project_id, p.slug as project, p.name as project_name,
       exists (select from situation_type c where c.org_id = :org and c.project_id = p.id and c.enabled)
         and exists (select from severity c where c.org_id = :org and c.project_id = p.id and c.enabled)
         and exists (select from priority c where c.org_id = :org and c.project_id = p.id and c.enabled) as choices,
       i.id as instance, coalesce(i.enabled, false) as enabled, i.checks, i.checked_at,
       exists (
         select from plugin_instance c
         where c.org_id = :org and c.project_id = p.id and c.slug = 'slack-contact' and c.enabled
       ) as contact,
       d.event_at, d.command_at, d.action_at,
       (select s.name from resource r join situation s on s.org_id = r.org_id and s.id = r.situation_id
        where r.org_id = :org and r.kind = 'conversation' and s.kind = 'incident' and s.visibility = 'open'
        order by r.id limit 1) as incident,
       (select s.name from situation s
        where s.org_id = :org and s.kind = 'incident' and s.visibility = 'open' order by s.id desc limit 1) as latest
from (select 1) as one
left join project p on p.org_id = :org and p.is_default and p.enabled
left join lateral (
  select * from plugin_instance i
  where i.org_id = :org and i.project_id = p.id and i.slug = 'slack-conversation' order by i.id limit 1
) i on true
left join slack_directory d on d.org_id = :org and d.instance_id = i.id
""")


@dataclass(frozen=True)
class Step:
    """A step as the system finds it. `says`: what is there, or what is missing."""

    key: str
    title: str
    done: bool
    says: str


@dataclass(frozen=True)
class SlackState:
    """What is known of the default project's Slack. Times: when the first such request came in with these secrets."""

    instance: int | None = None
    enabled: bool = False
    contact: bool = False
    checks: list[dict[str, Any]] = field(default_factory=list)
    checked_at: datetime | None = None
    event_at: datetime | None = None
    command_at: datetime | None = None
    action_at: datetime | None = None

    @property
    def tested(self) -> bool:
        """A full test of these very settings went well: a change of settings empties the checks."""
        return any(c["name"] == _FULL_TEST for c in self.checks) and all(c["ok"] for c in self.checks)

    @property
    def heard(self) -> bool:
        return bool(self.event_at or self.command_at or self.action_at)


@dataclass(frozen=True)
class Setup:
    """All steps in their order."""

    steps: list[Step]
    slack: SlackState
    project: str
    incident: str | None
    latest: str | None

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def complete(self) -> bool:
        return self.done == len(self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.done), None)

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)


async def setup(t: Read, org: Organization) -> Setup:
    """How far the organization is."""
    row = (await t.execute(_LOOK, {"org": t.org})).one()
    slack = SlackState(
        row.instance, row.enabled, row.contact, list(row.checks or []), row.checked_at,
        row.event_at, row.command_at, row.action_at,
    )  # fmt: skip
    steps = [
        Step("owner", "Owner", *_owner(row)),
        Step("organization", "Organization", True, f"{org.name}, {org.slug} in addresses."),
        Step("project", "Project", *_project(row)),
        Step("slack", "Slack", *_slack(slack)),
        Step("incident", "First incident", *_incident(row)),
    ]
    return Setup(steps, slack, row.project or "", row.incident, row.latest)


def _owner(row: Any) -> tuple[bool, str]:
    if not row.owners:
        return False, "Nobody is an owner yet."
    if row.provider or row.with_password:
        how = "your organization's login" if row.provider else "a password"
        return True, f"{row.owners} owner{'s' if row.owners > 1 else ''}, with {how} to come back."
    return False, "The owner came by a one-time link and has no password yet to come back."


def _project(row: Any) -> tuple[bool, str]:
    if row.project is None:
        return False, "There is no default project that is enabled."
    if not row.choices:
        return False, f"{row.project_name} needs a type, a severity and a priority that are enabled."
    return True, f"{row.project_name}: reporters have types, severities and priorities to choose from."


def _slack(slack: SlackState) -> tuple[bool, str]:
    if slack.instance is None:
        return False, "Not connected yet."
    if not slack.enabled:
        return False, "The plugin for conversations is disabled."
    if not slack.tested:
        broken = next((c for c in slack.checks if not c["ok"]), None)
        return False, f"{broken['name']}: {broken['message']}" if broken else "The connection was not tested yet."
    if not slack.contact:
        return False, "The plugin for contact data is missing or disabled."
    if not slack.heard:
        return False, "Dispatch reaches Slack. No request from Slack has come in yet."
    return True, "Dispatch reaches Slack, and Slack reaches Dispatch."


def _incident(row: Any) -> tuple[bool, str]:
    if row.incident is not None:
        return True, f"{row.incident} has its channel."
    if row.latest is not None:
        return False, f"{row.latest} has no channel yet."
    return False, "Nothing was reported yet."
