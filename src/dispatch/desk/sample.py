"""The sample organization of the demo: projects, people, a rotation, configured Slack, incidents of the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from dispatch.kit import clock
from dispatch.kit.crypto import Vault
from dispatch.kit.db import Database, Tx
from dispatch.kit.events import Event
from dispatch.oncall.models import Rotation
from dispatch.people import queries as people
from dispatch.people.actions import account_for, add_member, create_organization, link_chat, person_for
from dispatch.people.models import Person
from dispatch.projects import queries as projects
from dispatch.projects.actions import add_tags, add_type, create_project
from dispatch.projects.models import Priority, Project, Severity, SituationType
from dispatch.projects.plugin_actions import configure_plugin
from dispatch.projects.providers import PluginLike
from dispatch.situations.actions.search_words import remember_words
from dispatch.situations.models import Participant, ParticipantRole, Situation, SituationNumber

TEAM = "T0DEMO"
SLUG = "default"


@dataclass(frozen=True)
class Someone:
    """A person of the sample."""

    key: str
    name: str
    title: str
    team: str
    tz: str
    role: str = "member"

    @property
    def email(self) -> str:
        return f"{self.key}@example.com"

    @property
    def user_id(self) -> str:
        return f"U0{self.key.upper()}"


CAST = (
    Someone("ada", "Ada Lovelace", "Site reliability lead", "Platform", "Europe/Berlin", "owner"),
    Someone("bo", "Bo Nilsson", "Backend engineer", "Payments", "Europe/Stockholm"),
    Someone("cy", "Cy Okafor", "Sales engineer", "Sales", "Africa/Lagos"),
    Someone("dee", "Dee Alvarez", "Database engineer", "Platform", "America/New_York", "admin"),
    Someone("eli", "Eli Tanaka", "Security engineer", "Security", "Asia/Tokyo"),
    Someone("fay", "Fay Moreau", "Front-end engineer", "Web", "Europe/Paris"),
    Someone("gus", "Gus Petrov", "Network engineer", "Platform", "Europe/Sofia"),
    Someone("hana", "Hana Sato", "Support lead", "Support", "Asia/Tokyo"),
    Someone("ivo", "Ivo Rossi", "Data engineer", "Data", "Europe/Rome"),
    Someone("joy", "Joy Mensah", "Engineering manager", "Payments", "America/Los_Angeles", "manager"),
)

PAST = (
    ("Checkout answers with errors for one in five orders", "High", "High", "payments", 95, 70),
    ("Search index eleven hours behind", "Medium", "Medium", "default", 260, 300),
    ("Expired certificate on the partner gateway", "High", "High", "default", 420, 35),
    ("Duplicate card charges after a retry storm", "Critical", "High", "payments", 610, 190),
    ("Login slow from Asia", "Medium", "Medium", "default", 790, 150),
    ("Nightly export missing two tables", "Low", "Low", "default", 1020, 480),
    ("Webhook deliveries stuck in the queue", "Medium", "High", "payments", 1290, 85),
    ("Primary database out of connections", "Critical", "High", "default", 1530, 55),
    ("Mail to one provider bounces", "Low", "Medium", "default", 1800, 240),
    ("Wrong currency on invoices", "High", "Medium", "payments", 2150, 130),
    ("CDN serves yesterday's scripts", "Medium", "High", "default", 2480, 60),
    ("Backup alarm: last restore test failed", "Medium", "Medium", "default", 2900, 600),
)


def workspace() -> dict[str, Any]:
    """The Slack workspace of the sample, as the sandbox takes it."""
    return {
        "team": {"id": TEAM, "name": "Example Company", "domain": "example"},
        "users": [
            {
                "id": someone.user_id,
                "name": someone.key,
                "real_name": someone.name,
                "email": someone.email,
                "tz": someone.tz,
                "profile": {"title": someone.title},
            }
            for someone in CAST
        ],
        "channels": [
            {"name": "general", "members": [s.user_id for s in CAST]},
            {"name": "incidents", "members": [s.user_id for s in CAST]},
            {"name": "payments", "members": [s.user_id for s in CAST if s.team == "Payments"]},
        ],
    }


async def fill(db: Database) -> None:
    """Make the sample organization unless it exists."""
    async with db.system() as t:
        if await people.organization(t, SLUG) is not None:
            return
        org = await create_organization(t, SLUG, name="Example Company")
        # It is set up already.
        org.setup_dismissed_at = clock.now()
        accounts = {s.key: await account_for(t, s.email) for s in CAST}
    async with db.tx(org.id) as t:
        cast: dict[str, Person] = {}
        for someone in CAST:
            person = await person_for(
                t, someone.email, name=someone.name, title=someone.title, team=someone.team, tz=someone.tz
            )
            await add_member(t, account_id=accounts[someone.key], person_id=person.id, role=someone.role)
            await link_chat(t, person.id, team=TEAM, user=someone.user_id)
            cast[someone.key] = person
        main = await create_project(
            t, "default", name="Infrastructure", is_default=True, announcement_channel="#incidents",
            description="Everything all products stand on",
        )  # fmt: skip
        payments = await create_project(
            t, "payments", name="Payments", announcement_channel="#incidents", description="Checkout, cards, invoices"
        )
        rotation = Rotation(
            org_id=org.id, project_id=main.id, name="Platform", starts_at=clock.now() - timedelta(days=1),
            shift_hours=168, members=[cast["ada"].id, cast["dee"].id, cast["gus"].id],
        )  # fmt: skip
        t.add(rotation)
        await t.flush()
        for project in (main, payments):
            for usual in await projects.choices(t, SituationType, project.id):
                usual.rotation_id = rotation.id
            await add_type(
                t, project, "Outage", help="Something is down or degraded.", position=1, rotation_id=rotation.id
            )
            await add_type(
                t, project, "Security", help="Somebody may have got in.", position=2, visibility="restricted",
                rotation_id=rotation.id,
            )  # fmt: skip
            await add_type(t, project, "Data quality", help="Wrong, late or missing data.", position=3)
        await add_tags(t, main, ["database", "dns", "network", "certificates", "deployment", "search", "vendor"])
        await add_tags(t, payments, ["cards", "checkout", "invoices", "webhooks", "fraud", "vendor"])
        # Oldest first, as numbers are given.
        for title, severity, priority, where, hours_ago, minutes in reversed(PAST):
            await _past(
                t, title, severity, priority, main if where == "default" else payments, hours_ago, minutes, cast
            )


async def connect_slack(
    db: Database, vault: Vault, plugins: dict[str, PluginLike], app: dict[str, Any], *, socket: bool = False
) -> None:
    """Configure both projects with the installed app, as an operator would in the settings, for HTTP or Socket Mode."""
    async with db.system() as t:
        org = await people.organization(t, SLUG)
    assert org is not None
    base = {
        "api_bot_token": app["bot_token"],
        "socket_mode_app_token": app["app_token"] if socket else "",
        "signing_secret": app["signing_secret"],
    }
    conversation = base | {
        "app_user_slug": app["bot_user_id"],
        "private_channels": True,
        "app_id": app["app_id"],
        "team_id": app["team_id"],
    }
    async with db.tx(org.id) as t:
        for project in await projects.projects(t):
            for slug, values in (("slack-conversation", conversation), ("slack-contact", base), ("jitsi", {})):
                if slug in plugins:
                    await configure_plugin(t, project, plugins[slug], values, vault=vault, enabled=True)


async def _past(
    t: Tx,
    title: str,
    severity: str,
    priority: str,
    project: Project,
    hours_ago: int,
    minutes: int,
    cast: dict[str, Person],
) -> None:
    """A closed incident with its rows, written directly: nothing may be set up or announced for it."""
    number = await t.scalar(select(SituationNumber).where(SituationNumber.org_id == t.org))
    if number is None:
        number = SituationNumber(org_id=t.org, prefix="INC", last=0)
        t.add(number)
    number.last += 1
    at = clock.now() - timedelta(hours=hours_ago)
    closed = at + timedelta(minutes=minutes)
    severities = await projects.choices(t, Severity, project.id)
    priorities = await projects.choices(t, Priority, project.id)
    types = await projects.choices(t, SituationType, project.id)
    names = list(cast)
    reporter, lead = cast[names[(number.last * 3 + 1) % 10]], cast[names[(number.last * 7) % 10]]
    if lead.id == reporter.id:
        lead = cast["ada"]
    situation = Situation(
        org_id=t.org, kind="incident", name=f"INC-{number.last}", project_id=project.id, title=title,
        description=f"{title}. See the timeline for what was done.", resolution="Fixed and reviewed.", status="Closed",
        visibility="open", type_id=projects.chosen(types, "Outage", field="type").id,
        severity_id=projects.chosen(severities, severity, field="severity").id,
        priority_id=projects.chosen(priorities, priority, field="priority").id, reporter_id=reporter.id,
        reported_at=at, stable_at=at + timedelta(minutes=minutes * 2 // 3), closed_at=closed, changed_at=closed,
    )  # fmt: skip
    t.add(situation)
    await t.flush()
    await remember_words(t, situation.id)
    for person, role in ((reporter, "Reporter"), (lead, "Commander")):
        participant = Participant(
            org_id=t.org, situation_id=situation.id, person_id=person.id, added_at=at, added_reason="", note=""
        )
        t.add(participant)
        await t.flush()
        t.add(
            ParticipantRole(
                org_id=t.org, situation_id=situation.id, participant_id=participant.id, role=role, assumed_at=at,
                acknowledged_at=at + timedelta(minutes=2),
            )
        )  # fmt: skip
    opened = {
        "situation": situation.name, "title": title, "kind": "incident", "project": project.name, "type": "Outage",
        "severity": severity, "priority": priority, "visibility": "open",
    }  # fmt: skip
    history = [
        ("situation.opened", reporter.id, at, opened, True),
        ("command.acknowledged", lead.id, at + timedelta(minutes=2), {"person_id": lead.id}, False),
        ("situation.status_changed", lead.id, at + timedelta(minutes=minutes * 2 // 3), {"before": "Active", "after": "Stable"}, False),
        ("situation.status_changed", lead.id, closed, {"before": "Stable", "after": "Closed"}, False),
    ]  # fmt: skip
    await t.execute(
        insert(Event),
        [
            {
                "org_id": t.org, "subject_kind": "incident", "subject_id": situation.id, "at": moment, "actor": actor,
                "fact": name, "data": data, "pinned": pinned,
            }
            for name, actor, moment, data, pinned in history
        ],
    )  # fmt: skip
