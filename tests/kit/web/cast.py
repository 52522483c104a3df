"""People and incidents for the preview of the pages, the extreme ones included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from dispatch.desk.queries import Duty, Happened, Home, Need
from dispatch.kit.backup import State
from dispatch.kit.forms.declare import Kind
from dispatch.kit.forms.html import HtmlField, HtmlForm, HtmlOption
from dispatch.people.models import Person
from dispatch.people.queries import Viewer
from dispatch.reports.queries import ReportRow
from dispatch.situations.models import Resource
from dispatch.situations.queries import Detail, Level, PageRow, ParticipantRow, Relative, StepRow, TimelineRow
from dispatch.tasks.queries import TaskList, TaskRow

NOW = datetime.now(UTC).replace(microsecond=0)
EMOJI = (
    "🔥🧯 Checkout 💳 answers 500 for 👩‍👩‍👧‍👦 family accounts in 🇪🇺 since the 🚀 deploy of payment-gateway "
    + "🫠" * 45
)
HEBREW = "שירות התשלומים אינו זמין עבור לקוחות באירופה (gateway-7)"
LONG_WORD = (
    "java.lang.IllegalStateException:com.example.payments.gateway.internal.RetryingIdempotentChargeExecutorFactoryBean"
)


def ago(*, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
    return NOW - timedelta(minutes=minutes, hours=hours, days=days)


def person(number: int, name: str, title: str = "", team: str = "") -> Person:
    email = name.lower().replace(" ", ".") + "@example.com"
    return Person(id=number, name=name, email=email, title=title, team=team, tz="Europe/Berlin")


ADA = person(1, "Ada Lovelace", "Staff engineer", "Payments")
BO = person(2, "Bo Nguyễn", "Site reliability", "Platform")
CY = person(3, "Cy Twombly", "Support lead")
NOAM = person(4, "נועם לוי", "מהנדסת")
LONGEST = person(
    5, "Wolfeschlegelsteinhausenbergerdorff-Hieronymus von und zu Hohenzollern", "Principal engineer for reliability"
)
CROWD = [person(10 + n, f"Responder {n:02}", "Engineer", "Team " + "ABCD"[n % 4]) for n in range(36)]

VIEWER = Viewer(
    org=1,
    org_slug="default",
    org_name="Example",
    role="admin",
    person_id=1,
    name=ADA.name,
    email=ADA.email,
    tz="Europe/Berlin",
)
ORGS = [
    SimpleNamespace(slug="default", name="Example"),
    SimpleNamespace(slug="second", name="Second Example & Daughters"),
]
PROVIDER = SimpleNamespace(title="Example Login", enabled=True)
VIEWS = [
    {"id": 1, "name": "Mine", "query": "commander=me", "shared": False, "current": False, "removable": True},
    {
        "id": 2,
        "name": "Bad ones in payments of the last quarter",
        "query": "severity=High",
        "shared": True,
        "current": True,
        "removable": False,
    },
]
SHOWN = [
    {"key": "q", "label": "Words", "words": "chekcout"},
    {"key": "tag", "label": "Tag", "words": "payments or search"},
    {"key": "from", "label": "From", "words": "2026-03-01"},
]
RESULTS = [
    SimpleNamespace(name="INC-42", what="changed", reason=""),
    SimpleNamespace(name="INC-41", what="same", reason=""),
    SimpleNamespace(
        name="INC-40",
        what="refused",
        reason="To change this you need to be Commander, Scribe or an admin of the project or the organization. Ask Ada Lovelace, who leads, or an admin (Dee Alvarez).",
    ),
]
FILTERS = [
    SimpleNamespace(
        key="severity",
        label="Severity",
        options=[SimpleNamespace(value=v, label=v) for v in ("Critical", "High", "Medium", "Low")],
    ),
    SimpleNamespace(
        key="priority", label="Priority", options=[SimpleNamespace(value=v, label=v) for v in ("High", "Medium", "Low")]
    ),
    SimpleNamespace(key="type", label="Type", options=[SimpleNamespace(value="Availability", label="Availability")]),
    SimpleNamespace(
        key="project",
        label="Project",
        options=[
            SimpleNamespace(value="default", label="Default"),
            SimpleNamespace(value="payments", label="Payments"),
        ],
    ),
]

CRITICAL, HIGH, MEDIUM, LOW = (
    Level("Critical", "red", 1),
    Level("High", "orange", 2),
    Level("Medium", "yellow", 3),
    Level("Low", "azure", 4),
)
NONE = Level("Undefined", "secondary", 9)
P1, P2, P3 = Level("Urgent", "red", 1), Level("Normal", "azure", 2), Level("Whenever", "secondary", 3)

DESCRIPTION = """Since **14:02** about one checkout in three ends in an error page.

- only card payments, wallets work
- started within a minute of the gateway deploy, see [the graph](https://example.com/graph)

`POST /v2/charge` answers 500."""


def incident(number: int, title: str, **changes: object) -> Detail:
    given: dict[str, object] = {
        "id": number, "kind": "incident", "name": f"INC-{number}", "title": title, "status": "Active",
        "severity": HIGH, "priority": P2, "type": "Outage", "project": "Payments", "project_slug": "payments", "visibility": "open",
        "commander": ADA, "acting": False, "reported_at": ago(minutes=42), "participants": 5, "problems": 0,
        "drill": False, "description": DESCRIPTION, "reporter": CY, "tags": ("payments", "eu-west-1"), "version": 3,
        "channel_url": "https://example.slack.com/archives/C1",
    }  # fmt: skip
    return Detail(**(given | changes))  # type: ignore[arg-type]


PLAIN = incident(
    42, "Checkout answers with errors for one customer in three", severity=CRITICAL, priority=P1, problems=1
)
EXTREME = incident(
    43, EMOJI, severity=CRITICAL, priority=P1, acting=True, commander=LONGEST, participants=40, problems=3, visibility="restricted",
    drill=True, tags=tuple(f"tag-{n}" for n in range(14)), description=DESCRIPTION + f"\n\n```\n{LONG_WORD * 2}\n```\n\n|a|b|\n|-|-|\n|{LONG_WORD}|2|",
)  # fmt: skip
FRESH = incident(
    44, HEBREW, severity=MEDIUM, priority=P3, acting=True, commander=NOAM, reported_at=ago(minutes=0.2), participants=1, tags=(),
    description="", channel_url="", reporter=NOAM,
)  # fmt: skip
CLOSED = incident(
    12, "Certificate of the status page ran out", status="Closed", severity=LOW, commander=BO, reported_at=ago(days=3, hours=2),
    stable_at=ago(days=2, hours=20), closed_at=ago(days=2), priority=P3, project="Default",
)  # fmt: skip
ITEMS = [
    FRESH, EXTREME, PLAIN,
    incident(41, "Search results are up to ten minutes old", status="Stable", severity=MEDIUM, commander=BO, reported_at=ago(hours=5)),
    incident(40, "Laptop with customer data stolen from a train", visibility="restricted", severity=HIGH, type="Security", commander=None, reported_at=ago(hours=19)),
    incident(39, "Game day: we lose the second data centre", drill=True, severity=NONE, commander=BO, reported_at=ago(hours=29)),
    CLOSED,
    incident(11, "Webhooks were delivered twice", status="Closed", severity=MEDIUM, priority=P3, commander=CY, reported_at=ago(days=9)),
]  # fmt: skip


def participant(who: Person, *roles: str, acknowledged: bool = True, **changes: object) -> ParticipantRow:
    given: dict[str, object] = {"person": who, "roles": roles, "held": tuple((role, ago(minutes=40)) for role in roles), "assumed_at": ago(minutes=40), "acting": False, "acknowledged_at": ago(minutes=39) if acknowledged else None, "in_channel": True, "added_by": "", "added_reason": "", "note": ""}  # fmt: skip
    return ParticipantRow(**(given | changes))  # type: ignore[arg-type]


PARTICIPANTS = [
    participant(ADA, "Commander"),
    participant(CY, "Reporter", "Liaison"),
    participant(BO, "Scribe"),
    participant(
        CROWD[0],
        "Participant",
        in_channel=False,
        note="Not in the workspace: invite responder.00@example.com to Slack.",
    ),
]
MANY = [
    participant(LONGEST, "Commander", "Reporter", "Database whisperer", acknowledged=False, acting=True),
    participant(NOAM, "Liaison", in_channel=None),
    *PARTICIPANTS[1:3],
    *(participant(who, "Participant") for who in CROWD),
]


def step(number: int, title: str, state: str, **changes: object) -> StepRow:
    given: dict[str, object] = {
        "id": number, "name": f"step{number}", "title": title, "state": state, "attempts": 1 if state == "done" else 0, "reason": "", "hint": "",
        "next_at": None, "deadline": NOW + timedelta(minutes=15), "done_at": ago(minutes=41) if state == "done" else None, "delivery": "once", "can_retry": False,
    }  # fmt: skip
    return StepRow(**(given | changes))  # type: ignore[arg-type]


TITLES = (
    "Page the commander",
    "Create the channel",
    "Bring people into the channel",
    "Post the welcome",
    "Create the ticket",
    "Create the document",
    "Open the bridge",
    "Pin the summary",
    "Announce it",
)
DONE = [step(n, title, "done", delivery="at most once" if n == 3 else "once") for n, title in enumerate(TITLES)]
TICKET = step(
    4,
    "Create the ticket",
    "failed",
    attempts=5,
    can_retry=True,
    reason="Jira said: the field “component” is required.",
    hint="Set a default component under Settings → Plugins → Jira, then retry.",
)
STEPS = [*DONE[:4], TICKET, *DONE[5:]]
TROUBLED = [
    *DONE[:1], TICKET,
    step(1, "Create the channel", "pending", attempts=7, reason="Slack does not answer (503).", next_at=NOW + timedelta(minutes=2, seconds=20), can_retry=True),
    step(2, "Bring people into the channel", "waiting", reason="Waits for: channel."),
    step(5, "Create the document", "running", attempts=1),
    step(6, "Open the bridge", "skipped", reason="No conference plugin is enabled."),
    step(7, "Pin the summary", "pending"),
    step(8, "Page again", "expired", attempts=3, reason=f"{LONG_WORD}: nobody is paged for what ended two hours ago.", can_retry=True),
]  # fmt: skip


def resource(kind: str, title: str, url: str = "https://example.com/x", state: str = "", note: str = "") -> Resource:
    return Resource(kind=kind, title=title, url=url, state=state, note=note, provider="x", external_id=title, data={})


RESOURCES = [
    resource("conversation", "#inc-42-checkout-answers-with-errors"),
    resource("conference", "meet.example.com/inc-42"),
    resource("document", "INC-42 notes"),
    resource("ticket", "Ticket", url="", state="failed", note="See the failed step."),
]
PAGES = [
    PageRow(ADA, "Slack DM", "acknowledged", ago(minutes=41), ago(minutes=39), 2, ""),
    PageRow(LONGEST, "E-mail", "escalated", ago(minutes=45), None, 1, ""),
    PageRow(BO, "Webhook", "failed", ago(minutes=46), None, 1, "The webhook answered 404."),
    PageRow(CY, "Slack DM", "delivered", ago(minutes=47), None, 1, ""),
]


def event(number: int, at: datetime, actor: str, says: str, icon: str, **changes: object) -> TimelineRow:
    given: dict[str, object] = {"id": number, "at": at, "actor": actor, "says": says, "icon": icon, "pinned": False, "detail": None, "link": None}  # fmt: skip
    return TimelineRow(**(given | changes))  # type: ignore[arg-type]


TIMELINE = [
    event(9, ago(minutes=5), "Bo Nguyễn", "Rolled the gateway back to 7.2; errors are falling", "message", pinned=True, link="https://example.slack.com/archives/C1/p1"),
    event(8, ago(minutes=31), "Ada Lovelace", "Ada Lovelace moved it from High to Critical", "progress-check"),
    event(7, ago(minutes=38), "Dispatch", "Creating the ticket failed", "alert-triangle", detail="Jira said: the field **component** is required."),
    event(6, ago(minutes=39), "Ada Lovelace", "Ada Lovelace acknowledged the command", "shield-check"),
    event(5, ago(minutes=40), "Dispatch", "People brought into the channel: 4", "users"),
    event(4, ago(minutes=41), "Dispatch", "Channel #inc-42-checkout-answers-with-errors was created", "message"),
    event(3, ago(minutes=41), "Dispatch", "Ada Lovelace was named acting commander: first on the rotation", "shield-star"),
    event(2, ago(minutes=42), "Cy Twombly", "Cy Twombly reported INC-42: Checkout answers with errors", "flame"),
]  # fmt: skip
LONG_TIMELINE = [
    event(99, ago(minutes=1), "נועם לוי", HEBREW, "message", link="https://example.com"),
    event(98, ago(minutes=2), "Dispatch", LONG_WORD, "alert-triangle", detail=f"```\n{LONG_WORD}\n```"),
    *(event(n, ago(hours=n), "Dispatch", f"{EMOJI[:90]} {n}", "point") for n in range(12)),
]


def field(key: str, label: str, kind: Kind, options: Sequence[HtmlOption] = (), **changes: object) -> HtmlField:
    given: dict[str, object] = {
        "key": key, "label": label, "kind": kind, "required": False, "help": "", "placeholder": "", "max_length": None, "value": "", "options": list(options),
        "error": None, "reload": False, "source": None, "many": False, "whole": False, "least": None, "most": None, "is_set": False, "remove": None,
    }  # fmt: skip
    return HtmlField(**(given | changes))  # type: ignore[arg-type]


def options(chosen: str, **labels: str) -> list[HtmlOption]:
    return [HtmlOption(key, key.capitalize(), text or None, key == chosen) for key, text in labels.items()]


FORM = HtmlForm([
    field("title", "Title", "text", required=True, max_length=200, placeholder="Checkout answers with errors", help="One line others understand."),
    field("description", "Description", "long_text", placeholder="What do you see? Since when? Who is affected?"),
    field("severity", "Severity", "choice", options("high", critical="Customers cannot work, or data is at risk", high="A main function is broken for many", medium="A function is broken for some, or slow", low="Annoying, with a way around it"), required=True),
    field("project", "Project", "choice", options("payments", default="", payments=""), required=True, reload=True),
    field("priority", "Priority", "choice", options("normal", urgent="Pages at any hour", normal="Pages in working hours"), required=True),
    field("visibility", "Visibility", "choice", options("open", open="Every member of the organization can see it", restricted="Only participants can see it"), required=True),
    field("tags", "Tags", "search", options("payments", payments=""), source="tags", many=True, placeholder="Type to search", value=["payments"]),
    field("commander", "Commander", "person", source="people", help="Empty: whoever is on call."),
])  # fmt: skip
WRONG = HtmlForm([
    field("title", "Title", "text", required=True, max_length=200, value=EMOJI, error="At most 200 characters, please."),
    field("severity", "Severity", "choice", options("", critical="All is lost", low="Hardly anybody notices"), required=True, error="Please choose one."),
    field("type", "Type", "choice", options("", outage="", security=""), required=True, error="Please choose one."),
    field("when", "Noticed on", "date"),
    field("count", "Customers affected", "number", whole=True, least=0, most=1000000),
    field("token", "Access token", "secret", is_set=True, remove="token.remove", help="Used to read the status page."),
    field("drill", "This is a drill", "switch", value=True, help="Outside of all metrics; pages nobody."),
])  # fmt: skip

DOCUMENT = SimpleNamespace(
    title="INC-42 notes",
    incident="INC-42",
    revision=7,
    revised_at=ago(minutes=3),
    revised_by="Bo Nguyễn",
    body="# Impact\n\n"
    + DESCRIPTION
    + "\n\n## What we tried\n\n1. Restarted the gateway\n2. Rolled back\n\n> It was the deploy.\n\n| time | errors |\n|---|---|\n| 14:02 | 31 % |\n\n<script>alert(1)</script>",
)

HOME = Home(
    needs=[
        Need("command", "INC-43", EMOJI, ago(minutes=3)),
        Need("hand_off", "INC-42", "Checkout is slow", ago(minutes=9), "Bo Nguyễn", 7),
        Need("page", "INC-40", HEBREW, ago(minutes=14)),
    ],
    tasks=[
        SimpleNamespace(description=LONG_WORD, incident="INC-42", number=2, due_at=ago(hours=1)),  # type: ignore[list-item]
        SimpleNamespace(description="Write to support", incident="INC-42", number=3, due_at=None),  # type: ignore[list-item]
    ],
    duty=[
        Duty("Primary", "Payments", ADA, ago(days=-3), BO),
        Duty("Secondary", "Payments", LONGEST, ago(days=-3), None),
        Duty("Nights", "Search", None, None, None),
    ],
    by_severity=[
        (Level("Critical", "red", 4), 1),
        (Level("High", "orange", 3), 12),
        (Level("Undetermined", "secondary", 0), 2),
    ],
    open=ITEMS[:4],
    open_total=15,
    any_incident=True,
    recent=[
        Happened("INC-43", f"Ada Lovelace reported INC-43: {EMOJI}", "flame", ago(minutes=3)),
        Happened("INC-42", "Bo Nguyễn moved it from Active to Stable", "progress-check", ago(minutes=12)),
    ],
)
NO_HOME = Home([], [], [], [], [], 0, False, [])
PLACES = [
    {"kind": "Action", "label": "Report an incident", "note": "new", "href": "/default/report"},
    {"kind": "Page", "label": "Incidents", "note": "list", "href": "/default/incidents"},
    {"kind": "Incident", "label": EMOJI, "note": "INC-43 · Active", "href": "/default/incidents/INC-43"},
]
RELATIVES = [
    Relative("duplicate", 45, "INC-45", EMOJI, "Closed", ago(minutes=2)),
    Relative("related", 7, "INC-7", "Card payments answer with errors", "Stable", ago(days=2)),
]
ALIKE = [Relative("alike", 41, "INC-41", "Checkout answers with errors", "Active", ago(hours=1))]

#: A night whose backup failed.
BACKUP = State(NOW - timedelta(days=2), NOW - timedelta(hours=3), "No space left on device")


def task(number: int, text: str, *who: Person, state: str = "open", due: datetime | None = None) -> TaskRow:
    return TaskRow(
        id=number, situation_id=42, incident="INC-42", number=number, description=text, state=state, creator=ADA.name, creator_id=1,
        assignees=who, due_at=due, created_at=ago(minutes=30), resolved_at=ago(minutes=3) if state == "resolved" else None, url="", version=1,
    )  # fmt: skip


TASKS = TaskList(
    [
        task(1, "Roll back the checkout release", BO, due=ago(minutes=-20)), task(2, LONG_WORD, ADA, BO, CY, NOAM, due=ago(minutes=9)),
        task(3, HEBREW), task(4, "Tell support", CY, state="resolved"),
    ],
    1, 50, 3, 1,
)  # fmt: skip
NO_TASKS = TaskList([], 1, 50, 0, 0)

TACTICAL = {
    "conditions": "One checkout in **three** fails.",
    "actions": "- Bo rolls back\n- Cy tells support",
    "needs": LONG_WORD,
}
REPORTS = [
    ReportRow(3, "tactical", 2, ADA.name, ADA.id, TACTICAL, ago(minutes=2), ago(minutes=-28), ""),
    ReportRow(
        2,
        "executive",
        1,
        LONGEST.name,
        LONGEST.id,
        {"current_status": "Bad", "overview": EMOJI, "next_steps": "Wait"},
        ago(minutes=20),
        ago(minutes=4),
        "late",
    ),
    ReportRow(1, "tactical", 1, BO.name, BO.id, TACTICAL, ago(minutes=30), ago(minutes=1), "kept"),
]
